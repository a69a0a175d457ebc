import type { BootstrapOptions } from './bootstrap.ts'

/** A plain Envoy beside a control plane on this machine. */
export const defaultBootstrap: BootstrapOptions = {
  mode: 'delta',
  xds: { host: '127.0.0.1', port: 18_000 },
  admin: { host: '127.0.0.1', port: 9901 },
}
