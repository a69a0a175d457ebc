import type { Graph } from '../collection/graph.ts'
import { mayHaveStatus, statusOf } from '../dialects/index.ts'
import { nothingSaid } from '../dialects/status.ts'
import type { StatusReport } from '../dialects/status.ts'
import { countObjects, sectionKey, sectionsTaking } from '../model/condition.ts'
import type { Settings } from '../model/settings.ts'
import { numbered } from './keys.ts'
import type { Entries } from './keys.ts'
import type { InForce } from './in-force.ts'
import type { Model } from './model.ts'

interface StatusesInputs {
  readonly settings: Settings
  readonly read: InForce['read']
  readonly model: Model
}

/** The conditions that a controller reports for each object, in the terms of its API. */
export function statusesStage(graph: Graph, { settings, read, model }: StatusesInputs) {
  const { accepted, rejectedEdits } = model
  const statuses = graph.derive('statuses', accepted, (each, _, key) => numbered(key, each.statuses))
  const takenBySection = graph.groupBy('objects taken by sections', statuses, sectionsTaking)
  const statusReports = graph.derive(
    'status reports',
    read,
    ({ manifest }, fetch, key): Entries<StatusReport> => {
      if (!mayHaveStatus(manifest)) return []
      const said = fetch(accepted, key)?.statuses ?? []
      const sections = said.flatMap(({ section }) => section ?? [])
      const taken = Object.fromEntries(
        sections.map((section) => [
          section,
          countObjects(fetch(takenBySection, sectionKey(key, section)) ?? []),
        ]),
      )
      const report: StatusReport = {
        manifest,
        statuses: said,
        inForce: fetch(rejectedEdits, key) === undefined ? 'newest' : 'last good',
        taken,
        settings,
      }
      return statusOf(report, nothingSaid) === undefined ? [] : [[key, report]]
    },
  )
  return { statuses, statusReports }
}
