import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { Settings } from '../../../model/settings.ts'
import type { ObjectLookup } from '../../dialect.ts'
import { rawValue } from '../../reading/report.ts'
import { gatewayApiGroup } from '../constraint.ts'

/** The controller's name in conditions if no GatewayClass has another: for routes of Services. */
export const ownController = 'shadowplane.io/gateway-controller'

/**
 * The controller of an object: `name` is the name in its conditions; `unknown`: it does not exist, so no
 * controller reports about it.
 */
export type Controller =
  | { readonly kind: 'ours'; readonly name: string }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unknown' }

/** The controller of the Gateways of a GatewayClass, by its name. */
export function controllerOfClass(manifest: Manifest, { gatewayControllers }: Settings): Controller {
  const name = text(manifest, 'controllerName')
  if (gatewayControllers.length === 0) return { kind: 'ours', name: name ?? ownController }
  return name !== undefined && gatewayControllers.includes(name)
    ? { kind: 'ours', name }
    : { kind: 'foreign' }
}

/** The controller of a Gateway. One whose class does not exist is ours if every class is. */
export function controllerOfGateway(manifest: Manifest, lookup: ObjectLookup): Controller {
  const name = text(manifest, 'gatewayClassName')
  const found = name === undefined ? undefined : lookup.manifest(classNamed(name))
  if (found !== undefined) return controllerOfClass(found, lookup.settings)
  return lookup.settings.gatewayControllers.length === 0
    ? { kind: 'ours', name: ownController }
    : { kind: 'foreign' }
}

/** The controller of a parent that does not exist: ours if every class is. */
export function controllerOfUnknown(settings: Settings): Controller {
  return settings.gatewayControllers.length === 0
    ? { kind: 'ours', name: meshController(settings) }
    : { kind: 'unknown' }
}

/** The controller's name for routes whose parent is not a Gateway. */
export function meshController({ gatewayControllers }: Settings): string {
  return gatewayControllers[0] ?? ownController
}

export function classNamed(name: string): ObjectId {
  return { group: gatewayApiGroup, kind: 'GatewayClass', namespace: '', name }
}

/** Works for an object that cannot be read as a whole, too. */
function text(manifest: Manifest, field: string): string | undefined {
  const value = rawValue(manifest, ['spec', field])?.value
  return typeof value === 'string' ? value : undefined
}
