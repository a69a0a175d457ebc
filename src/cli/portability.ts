import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { objectKey } from '../diagnostics/diagnostic.ts'
import { dialectFor } from '../dialects/index.ts'
import { divergencesIn } from '../dialects/portability.ts'
import type { Offline } from './offline.ts'

/** Known differences of the vendors' own controllers for these files. */
export function portabilityOf({
  pipeline: { read, manifests, model },
  settings,
}: Offline): readonly Diagnostic[] {
  const around = {
    settings: read.get(model.settings, 'mesh') ?? settings,
    manifest: (id: Parameters<typeof objectKey>[0]) => read.get(manifests, objectKey(id)),
  }
  return read
    .entries(manifests)
    .flatMap(([, manifest]) => divergencesIn(dialectFor(manifest), manifest, around))
}
