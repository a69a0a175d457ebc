import { createHash } from 'node:crypto'
import type { Diagnostic, ObjectId } from '../diagnostics/diagnostic.ts'
import { renderPath } from '../diagnostics/field-path.ts'
import type { JsonObject } from '../manifest/manifest.ts'

/** The object that an Event regards, as the API server knows it. */
export interface InvolvedObject {
  readonly id: ObjectId
  readonly apiVersion: string
  readonly uid: string
}

/** Namespace and name of an Event. */
export interface EventPlace {
  readonly namespace: string
  /** Equal for the same diagnostic of the same object, for every replica at any time. */
  readonly name: string
}

/** The controller's name in Events (`reportingController`). */
export const reportingController = 'shadowplane.io/control-plane'

/** Limits of the API server's validation, in bytes: DNS subdomain, NoteLengthLimit. */
const longest = { name: 253, note: 1024, instance: 128 }

/** The place of the Event about a diagnostic. Events about cluster-scoped objects are in `default`. */
export function eventPlace(diagnostic: Diagnostic, { id, uid }: InvolvedObject): EventPlace {
  const content = [uid, diagnostic.code, diagnostic.severity, noteOf(diagnostic)].join('\u0000')
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16)
  const room = longest.name - hash.length - 1
  return {
    namespace: id.namespace === '' ? 'default' : id.namespace,
    name: `${id.name.slice(0, room).replace(/[^a-z0-9]+$/, '')}.${hash}`,
  }
}

export interface EventOccasion {
  /** The replica. */
  readonly instance: string
  readonly now: Date
}

/** An Event of events.k8s.io/v1 about a diagnostic. */
export function eventObject(
  diagnostic: Diagnostic,
  involvedObject: InvolvedObject,
  { instance, now }: EventOccasion,
): JsonObject {
  const { id, apiVersion, uid } = involvedObject
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { ...eventPlace(diagnostic, involvedObject) },
    eventTime: microTime(now),
    reportingController,
    reportingInstance: instance.slice(0, longest.instance),
    action: 'Translate',
    reason: reasonOf(diagnostic.code),
    type: diagnostic.severity === 'info' ? 'Normal' : 'Warning',
    note: noteOf(diagnostic),
    regarding: {
      apiVersion,
      kind: id.kind,
      ...(id.namespace === '' ? {} : { namespace: id.namespace }),
      name: id.name,
      uid,
    },
  }
}

/** The merge patch that says that an Event has come again. */
export function seriesPatch(count: number, now: Date): JsonObject {
  return { series: { count, lastObservedTime: microTime(now) } }
}

/** `mirror/unknown-host` as a reason, which is one word: `MirrorUnknownHost`. */
export function reasonOf(code: string): string {
  return code
    .split(/[^A-Za-z0-9]+/)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join('')
}

function noteOf({ code, message, hint, origin }: Diagnostic): string {
  const path = origin === undefined ? '' : renderPath(origin.path)
  const note = `${path === '' ? '' : `${path}: `}${message}${hint === undefined ? '' : `; ${hint}`}`
  const end = ` [${code}]`
  const room = longest.note - end.length
  return Buffer.byteLength(note) <= room ? `${note}${end}` : `${cut(note, room - 4)} …${end}`
}

/** At most so many bytes of a text, and no half character. */
function cut(text: string, bytes: number): string {
  return Buffer.from(text)
    .subarray(0, bytes)
    .toString()
    .replace(/\uFFFD+$/, '')
}

function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}
