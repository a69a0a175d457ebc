import { stringify } from 'yaml'
import { controlPlaneNamespace, controlPlaneObjects } from './control-plane-objects.ts'
import { gatewayObjects } from './gateway-objects.ts'
import type { InstallSettings, KubernetesObject } from './settings.ts'

/** All objects of an installation, in the order in which they can be applied. */
export function installation(settings: InstallSettings): readonly KubernetesObject[] {
  return [controlPlaneNamespace(settings), ...controlPlaneObjects(settings), ...gatewayObjects(settings)]
}

/** Documents of YAML. */
export function renderObjects(objects: readonly KubernetesObject[]): string {
  return objects
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n')
}
