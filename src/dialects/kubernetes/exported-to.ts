import type { Manifest } from '../../manifest/manifest.ts'
import { visibleIn } from '../../model/visibility.ts'
import type { Visibility } from '../../model/visibility.ts'

/**
 * What service meshes call the namespaces that may see a Service, separated by commas; Kubernetes itself has
 * no field for it.
 */
const annotation = 'networking.istio.io/exportTo'

/**
 * Who may see a Service: `*` everyone, `.` its own namespace, `~` nobody, or namespaces by name; without the
 * annotation the default.
 */
export function exportedTo({ id, annotations }: Manifest, defaults: readonly string[]): Visibility {
  const declared = (annotations[annotation] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return visibleIn(declared.length === 0 ? defaults : declared, id.namespace)
}
