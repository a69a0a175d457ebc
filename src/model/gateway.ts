import type { Origin } from '../diagnostics/diagnostic.ts'

/** One server of a Gateway: a port to listen on, for some hosts, on the proxies that the selector names. */
export interface GatewayListener {
  /** What route tables attach to, `<namespace>/<name>`. */
  readonly gateway: string
  readonly namespace: string
  /** Proxies with all of these labels. */
  readonly selector: Readonly<Record<string, string>>
  readonly port: number
  /** Address to bind to; '' means the proxy's default. */
  readonly bind: string
  /** `namespace` '*': route tables of any namespace may use the host. */
  readonly hosts: readonly { readonly namespace: string; readonly host: string }[]
  /** Position among the servers of its Gateway. */
  readonly index: number
  readonly created: string
  readonly origin: Origin
}
