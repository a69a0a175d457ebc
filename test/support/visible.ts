import { defaultSettings } from '../../src/control-plane/config.ts'
import type { BackendPolicy, Service } from '../../src/model/backend.ts'
import type { Settings } from '../../src/model/settings.ts'
import type { BackendTls } from '../../src/model/tls.ts'
import { isVisible } from '../../src/model/visibility.ts'
import type { VisibleModel } from '../../src/resolve/visible-model.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'

interface VisibleObjects {
  readonly scope: Scope
  readonly services?: readonly Service[]
  readonly policies?: readonly BackendPolicy[]
  readonly backendTls?: readonly BackendTls[]
  /** Hosts that some route names as a destination. */
  readonly destinations?: readonly string[]
  readonly settings?: Settings
}

/** The part of a few objects that the proxies of a scope see, without a graph. */
export function visibleWith({
  scope,
  services = [],
  policies = [],
  backendTls = [],
  destinations = [],
  settings = defaultSettings,
}: VisibleObjects): VisibleModel {
  const isSeen = ({ visibility }: Service): boolean => isVisible(visibility, scope.namespace)
  const ofHost = (host: string): readonly Service[] => services.filter((service) => service.host === host)
  return {
    key: scopeKey(scope),
    scope,
    settings,
    services: (host) => ofHost(host).filter(isSeen),
    hidden: (host) =>
      ofHost(host)
        .filter((service) => !isSeen(service))
        .map((service) => ({ service, by: { kind: 'visibility' } })),
    policies: (namespace, host) =>
      policies.filter((policy) => policy.namespace === namespace && policy.host === host),
    wildcardPolicies: (namespace) =>
      policies.filter((policy) => policy.namespace === namespace && policy.host.startsWith('*')),
    policiesOf: (host) => policies.filter((policy) => policy.host === host),
    backendTls: (host) => backendTls.filter((each) => each.host === host),
    isDestination: (host) => destinations.includes(host),
    hosts: () => [...new Set(services.map(({ host }) => host))],
  }
}
