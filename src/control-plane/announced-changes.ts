import { recordMirrors } from '../observe/mirror-changes.ts'
import type { Part, PartContext } from './part.ts'

/**
 * Announces each flush that changed the configuration, with the mirrors that it added, changed or removed.
 */
export function announcedChanges({ pipeline, tell }: PartContext): Part {
  const mirrors = recordMirrors()
  return {
    name: 'announced changes',
    flushed({ report, scopes }) {
      const changed = [...(report.changed.get(pipeline.mirrors) ?? [])].map(
        (key) => [key, pipeline.read.get(pipeline.mirrors, key)?.[0]] as const,
      )
      const changes = mirrors.update(changed)
      const objects = report.changed.get(pipeline.manifests)?.size ?? 0
      if (objects === 0) return
      tell({
        kind: 'config-changed',
        mirrors: changes,
        objects,
        translated: report.runs.get('translate') ?? 0,
        resources: report.changed.get(pipeline.scopedResources)?.size ?? 0,
        scopes,
      })
    },
  }
}
