import { objectKey, objectName } from '../../diagnostics/diagnostic.ts'
import type { BackendSettings, Service } from '../../model/backend.ts'
import { compareText } from '../../model/names.ts'
import type { BackendTls } from '../../model/tls.ts'
import { resolveUpstreamTls } from '../secrets/secret-use.ts'
import type { VisibleModel } from '../visible-model.ts'

/**
 * The policy that demands TLS to a port of a service: one for that port before one for all, then the oldest.
 */
export function demandedTls(
  { host, ports, origin }: Pick<Service, 'host' | 'ports' | 'origin'>,
  port: number,
  visible: VisibleModel,
): BackendTls | undefined {
  const name = ports.find((each) => each.number === port)?.name
  return visible
    .backendTls(host)
    .filter(({ portName }) => portName === undefined || portName === name)
    .filter(({ target }) => target === undefined || objectKey(target) === objectKey(origin.object))
    .toSorted(
      (a, b) =>
        Number(a.portName === undefined) - Number(b.portName === undefined) ||
        compareText(a.created, b.created) ||
        compareText(objectName(a.origin.object), objectName(b.origin.object)),
    )[0]
}

/**
 * Whether proxies of the scope can meet a demand for TLS with the backend's settings. gRPC clients without a
 * proxy cannot: they receive no certificates by name.
 */
export function canFollow(
  { tls, satisfiedBy }: BackendTls,
  own: BackendSettings,
  { scope }: VisibleModel,
): boolean {
  if (scope.role === 'grpc') return false
  return tls !== undefined || (satisfiedBy === 'own-tls' && resolveUpstreamTls(own.tls, scope) !== undefined)
}

/** The settings with the TLS that is demanded, which wins over that of the backend's other policy. */
export function withDemandedTls(
  settings: BackendSettings,
  demanded: BackendTls | undefined,
): BackendSettings {
  return demanded?.tls === undefined ? settings : { ...settings, tls: demanded.tls }
}
