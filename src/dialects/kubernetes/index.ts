import { translated } from '../dialect.ts'
import type { Dialect } from '../dialect.ts'
import { translateEndpointSlice } from './endpoint-slice.ts'
import { translateSecret } from './secret.ts'
import { translateService } from './service.ts'

/** Kubernetes' own objects about services; the other dialects build on them. */
export const kubernetes: Dialect = {
  name: 'kubernetes',
  kinds: [
    { group: '', versions: ['v1'], kind: 'Service' },
    { group: 'discovery.k8s.io', versions: ['v1'], kind: 'EndpointSlice' },
    { group: '', versions: ['v1'], kind: 'Secret' },
    { group: '', versions: ['v1'], kind: 'Pod' },
    { group: '', versions: ['v1'], kind: 'Namespace' },
    { group: '', versions: ['v1'], kind: 'Node' },
  ],
  translate(manifest, lookup) {
    switch (manifest.id.kind) {
      case 'Service':
        return translateService(manifest, lookup)
      case 'Secret':
        return translateSecret(manifest)
      case 'EndpointSlice':
        return translateEndpointSlice(manifest, lookup)
      // Read by others, for their labels.
      default:
        return translated({})
    }
  },
}
