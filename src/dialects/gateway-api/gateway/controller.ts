import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Settings } from '../../../model/settings.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { rawValue } from '../../reading/report.ts'
import { gatewayApiGroup } from '../constraint.ts'

/** In whose name conditions are written where no GatewayClass says another: for routes of Services. */
export const ownController = 'shadowplane.io/gateway-controller'

/**
 * Whose an object is: `name` is in whose name its conditions are written; `unknown`: it is not there, and so
 * nobody's to speak of.
 */
export type Controller =
  | { readonly kind: 'ours'; readonly name: string }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unknown' }

/** Whose the Gateways of a GatewayClass are, by the name of its controller. */
export function controllerOfClass(manifest: Manifest, { gatewayControllers }: Settings): Controller {
  const name = text(manifest, 'controllerName')
  if (gatewayControllers.length === 0) return { kind: 'ours', name: name ?? ownController }
  return name !== undefined && gatewayControllers.includes(name)
    ? { kind: 'ours', name }
    : { kind: 'foreign' }
}

/** Whose a Gateway is. One whose class is not there is ours where those of all classes are. */
export function controllerOfGateway(manifest: Manifest, lookup: ObjectLookup): Controller {
  const name = text(manifest, 'gatewayClassName')
  const found = name === undefined ? undefined : lookup.manifest(classNamed(name))
  if (found !== undefined) return controllerOfClass(found, lookup.settings)
  return lookup.settings.gatewayControllers.length === 0
    ? { kind: 'ours', name: ownController }
    : { kind: 'foreign' }
}

/** Of a parent that is not there: where all are served, it is ours, too. */
export function controllerOfUnknown(settings: Settings): Controller {
  return settings.gatewayControllers.length === 0
    ? { kind: 'ours', name: meshController(settings) }
    : { kind: 'unknown' }
}

/** In whose name something is said of routes whose parent is no Gateway. */
export function meshController({ gatewayControllers }: Settings): string {
  return gatewayControllers[0] ?? ownController
}

export function classNamed(name: string): ObjectId {
  return { group: gatewayApiGroup, kind: 'GatewayClass', namespace: '', name }
}

/** Also of an object that cannot be read as a whole. */
function text(manifest: Manifest, field: string): string | undefined {
  const value = rawValue(manifest, ['spec', field])?.value
  return typeof value === 'string' ? value : undefined
}
