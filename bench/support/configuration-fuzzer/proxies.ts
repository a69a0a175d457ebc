import { node } from '../../../src/envoy/node.ts'
import type { Identity } from '../../../src/envoy/node.ts'
import { scopeOf } from '../../../src/xds/scope.ts'
import type { Scope } from '../../../src/xds/scope.ts'
import { home } from './case.ts'

/**
 * The proxies that check: a gateway, and a sidecar in the namespace `home`. Ports below 1024 are bound
 * elsewhere, so that it needs no privileges.
 */
export const proxies: Readonly<Record<'gateway' | 'sidecar', Identity>> = {
  gateway: {
    role: 'gateway',
    namespace: 'default',
    labels: { istio: 'ingressgateway' },
    portMap: { 80: 20_080, 443: 20_443, 53: 20_053 },
  },
  sidecar: {
    role: 'sidecar',
    namespace: home,
    labels: { app: 'v1' },
    portMap: { 80: 20_080, 443: 20_443, 53: 20_053 },
  },
}

/** Their scopes, with virtual hosts apart, as delta proxies have them. */
export function scopesAt([gateway, sidecar]: readonly [gateway: string, sidecar: string]): readonly Scope[] {
  return [scopeAt(proxies.gateway, gateway), scopeAt(proxies.sidecar, sidecar)]
}

function scopeAt(identity: Identity, bindAddress: string): Scope {
  const found = scopeOf(node({ ...identity, bindAddress }))
  if ('error' in found) throw new Error(found.error)
  return { ...found.scope, virtualHosts: 'separate' }
}
