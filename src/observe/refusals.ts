import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { printable } from '../diagnostics/foreign-text.ts'
import type { XdsEvent } from '../server/event.ts'
import { mentions } from '../xds/mentions.ts'
import type { Resource } from '../xds/resource.ts'

/** The resources that connected proxies reject at present: a diagnostic at each of their origins. */
export interface RefusalRecord {
  /** True when the event changed what there is to tell. */
  record(event: XdsEvent): boolean
  diagnostics(): readonly Diagnostic[]
}

export function recordRefusals(): RefusalRecord {
  const refused = new Map<string, readonly Diagnostic[]>()
  return {
    record(event) {
      switch (event.kind) {
        case 'acked':
        case 'nacked':
        case 'refusal': {
          const key = `${event.proxy.stream}|${event.type}`
          const { refusal } = event
          if (refusal === undefined) return refused.delete(key)
          refused.set(
            key,
            named(refusal.resources, refusal.message).flatMap((each) => nacked(each, refusal.message)),
          )
          return true
        }
        case 'disconnected': {
          const ofStream = [...refused.keys()].filter((key) => key.startsWith(`${event.proxy.stream}|`))
          for (const key of ofStream) refused.delete(key)
          return ofStream.length > 0
        }
        default:
          return false
      }
    },
    diagnostics: () => [...refused.values()].flat(),
  }
}

/** The resources that Envoy's message names, else all of the response. */
function named(resources: readonly Resource[], message: string): readonly Resource[] {
  const mentioned = resources.filter((each) => mentions(message, each))
  return mentioned.length > 0 ? mentioned : resources
}

function nacked(resource: Resource, message: string): readonly Diagnostic[] {
  return resource.origins.map((origin): Diagnostic => ({
    code: 'xds/nack',
    severity: 'error',
    message:
      `a proxy refused ${resource.type} ${resource.name}, made from ${origin.object.kind} ` +
      `${origin.object.namespace}/${origin.object.name}: ${refusalReason(message)}`,
    hint: 'the proxy keeps its last good configuration',
    origin,
  }))
}

const violation = 'Proto constraint validation failed'
const longestReason = 600
/** Length before whitespace is joined. */
const longestRead = 10 * longestReason

/** Envoy's reason on one line. It may follow the whole rejected message, a text of many lines. */
export function refusalReason(message: string): string {
  const from = Math.max(message.lastIndexOf(violation), 0)
  const line = message
    .slice(from, from + longestRead)
    .replaceAll(/\s+/g, ' ')
    .trim()
  return line.length <= longestReason
    ? printable(line)
    : `${printable(line.slice(0, longestReason))}… (${message.length.toLocaleString('en-US')} characters)`
}
