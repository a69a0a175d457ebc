import { translated } from '../dialect.ts'
import type { Dialect, Reader } from '../dialect.ts'
import { endpointSliceReader } from './endpoint-slice.ts'
import { secretReader } from './secret.ts'
import { serviceReader } from './service.ts'

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
  reader({ id }) {
    switch (id.kind) {
      case 'Service':
        return serviceReader
      case 'Secret':
        return secretReader
      case 'EndpointSlice':
        return endpointSliceReader
      default:
        return labelsReader
    }
  },
}

/** The reader of objects that other objects look up for their labels. */
const labelsReader: Reader<object> = {
  read: () => ({ value: {}, diagnostics: [], rejected: false }),
  translate: () => translated({}),
}
