import { mostShown } from '../../diagnostics/render.ts'
import { percentageOf } from '../../model/fraction.ts'
import type { ControlPlaneEvent, MirrorChange } from '../../observe/event.ts'
import { foreignName, foreignText, printable, printableJson } from '../../diagnostics/foreign-text.ts'
import { addressOf } from '../../observe/denials.ts'
import { refusalReason } from '../../observe/refusals.ts'
import type { Proxy } from '../../server/event.ts'
import { calmLog } from './calm-log.ts'
import type { LoggedEvent } from './calm-log.ts'

type Log = (write: (line: string) => void) => (event: ControlPlaneEvent) => void

/** One JSON object a line for every event, with the time; scopes and resources by name only. */
export const jsonLog: Log = (write) =>
  calmLog((event) => {
    const shown =
      event.kind === 'repeated'
        ? { ...event.last, repeated: event.times, of: event.of, seconds: event.seconds }
        : event
    write(printableJson(JSON.stringify({ time: new Date().toISOString(), ...shown }, loggedValue)))
  })

/** Characters of one string in the JSON log. */
const longestString = 4_000

/** Values of one list in the JSON log; a client can subscribe to 100,000 names that do not exist. */
const longestList = 1_000

function loggedValue(key: string, value: unknown): unknown {
  if (typeof value === 'string' && value.length > longestString) return foreignText(value, longestString)
  if (!Array.isArray(value)) return value
  const shown: readonly unknown[] = value.slice(0, longestList)
  const names =
    key === 'resources' ? (shown as readonly { readonly name: string }[]).map(({ name }) => name) : shown
  return value.length > longestList ? [...names, `… and ${value.length - longestList} more`] : names
}

/** The log's words in place of lines that could not be written, in either format. */
export const lostLines: Readonly<Record<'text' | 'json', (count: number) => string>> = {
  text: (lost) =>
    `${clock()}  ${count(lost, 'line')} left out here: the reader of this log was too slow, or its disk full`,
  json: (lost) => JSON.stringify({ time: new Date().toISOString(), kind: 'lines-left-out', lines: lost }),
}

/**
 * One line for each event that a person cares about; who has taken a change is one line too, once all have.
 */
export const textLog: Log = (write) => {
  const rollout = followRollout()
  const isNews = followDenials()
  // Whatever a line is made of, it stays one line.
  const log = calmLog((event) => {
    for (const line of lines(event)) write(`${clock()}  ${printable(line)}`)
  })
  return (event) => {
    if (!isNews(event)) return
    log(event)
    const taken = rollout(event)
    if (taken !== undefined) write(`${clock()}  ${printable(taken)}`)
  }
}

/** The time of day, in UTC. */
function clock(): string {
  return new Date().toISOString().slice(11, 23)
}

function lines(event: LoggedEvent): readonly string[] {
  switch (event.kind) {
    case 'repeated':
      return [
        `${lines(event.last)[0] ?? event.last.kind}  (the last of ${event.times} more like ` +
          `it${event.of === 'others' ? ', from any proxy,' : ''} in ${event.seconds} s)`,
      ]
    case 'listening':
      return [`serving xDS on ${event.xds}, admin on ${event.adminScheme}://${event.admin}`]
    case 'connected':
      return [
        `proxy connected     ${nameOf(event.proxy)} (${event.proxy.mode}, ${event.proxy.scope.role} in ` +
          `${foreignName(event.proxy.scope.namespace)})`,
      ]
    case 'disconnected':
      return [`proxy disconnected  ${nameOf(event.proxy)}: ${foreignText(event.reason, longestReason)}`]
    case 'refused':
      return [`request refused     ${event.peer}: ${foreignText(event.reason, longestReason)}`]
    case 'denied':
      return [
        `proxy denied        ` +
          `${event.proxy === undefined ? addressOf(event.peer) : foreignName(event.proxy)}: ` +
          foreignText(event.reason, longestReason),
      ]
    case 'certificate':
      return [
        event.problem === undefined
          ? `certificate of xDS  in force until ${event.until}`
          : `CERTIFICATE OF xDS  ${event.problem}; the last good one is shown`,
      ]
    case 'config-changed':
      return configChanged(event)
    case 'diagnostics':
      return [
        ...bounded(event.added.map(({ text }) => text.split('\n'))).flat(),
        ...bounded(event.resolved.map(({ text }) => [`resolved  ${text.split('\n', 1)[0] ?? ''}`])).flat(),
      ]
    case 'stopping':
      return [
        `shutting down       ${event.reason}: ${count(event.proxies, 'proxy')} asked to connect elsewhere`,
      ]
    case 'signal-ignored':
      return [
        `${event.signal.padEnd(20)}nothing to reload: files, objects and the certificate of xDS are ` +
          `followed; flags are read at start`,
      ]
    case 'outage':
      return [
        event.reason === undefined
          ? 'the configuration can be read again'
          : `OUTAGE  ${event.reason}; the last good state is served`,
      ]
    case 'lease':
      return [
        event.held
          ? 'writing status       this replica holds the Lease'
          : 'not writing status   this replica does not hold the Lease any more',
      ]
    case 'write-failed':
      return [event.reason === undefined ? 'status can be written again' : `CANNOT WRITE  ${event.reason}`]
    case 'nacked':
      return [`NACK  ${nameOf(event.proxy)} refused ${event.type}: ${refusalReason(event.message)}`]
    case 'internal-error':
      return [
        `INTERNAL ERROR      ${foreignText(event.what)}: a bug of shadowplane, please report it with ` +
          `these lines`,
        ...event.stack.split('\n').map((line) => `  ${foreignText(line)}`),
      ]
    case 'pushed':
    case 'refusal':
    case 'acked':
      return []
  }
}

/** The first findings of a change, each of several lines, and how many more there are. */
function bounded(findings: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const rest = findings.length - mostShown
  return rest <= 0
    ? findings
    : [...findings.slice(0, mostShown), [`… and ${rest} more findings; shadowplane validate prints them`]]
}

function configChanged({
  mirrors,
  objects,
  resources,
}: Extract<ControlPlaneEvent, { kind: 'config-changed' }>): readonly string[] {
  return [
    `config changed      ${count(objects, 'object')}, ${count(resources, 'resource')}`,
    ...mirrors.map(
      (mirror) =>
        `  mirror            ${mirror.object.kind} ${mirror.object.namespace}/${mirror.object.name} to ` +
        `${mirror.cluster}: ${change(mirror)}`,
    ),
  ]
}

function change({ before, after }: MirrorChange): string {
  if (before === undefined) return `new, ${after === undefined ? '' : percentageOf(after)} %`
  return after === undefined
    ? `gone (was ${percentageOf(before)} %)`
    : `${percentageOf(before)} % → ${percentageOf(after)} %`
}

const mostDenials = 1_000
/** Proxies that one line names. */
const mostNamed = 10
/** Characters of a reason. */
const longestReason = 600

/**
 * A rejected proxy tries again every second: each reason is logged once, until another proxy has connected.
 */
function followDenials(): (event: ControlPlaneEvent) => boolean {
  const told = new Set<string>()
  return (event) => {
    if (event.kind === 'connected' || told.size > mostDenials) told.clear()
    if (event.kind !== 'denied') return true
    const key = JSON.stringify([event.proxy ?? addressOf(event.peer), event.reason])
    if (told.has(key)) return false
    told.add(key)
    return true
  }
}

/**
 * Counts the responses that a change leads to, and reports when the last of them is answered. A proxy that
 * connects does not count as a change.
 */
function followRollout(): (event: ControlPlaneEvent) => string | undefined {
  const waiting = new Set<string>()
  const acked = new Set<string>()
  const nacked = new Set<string>()
  const state = { changed: false }
  return (event) => {
    if (event.kind === 'config-changed' && event.resources > 0) state.changed = true
    if (event.kind === 'pushed') waiting.add(answerKey(event))
    if (event.kind === 'disconnected')
      for (const key of [...waiting]) if (key.startsWith(`${event.proxy.stream}|`)) waiting.delete(key)
    if (event.kind !== 'acked' && event.kind !== 'nacked') return undefined
    if (!waiting.delete(answerKey(event))) return undefined
    if (state.changed) (event.kind === 'acked' ? acked : nacked).add(nameOf(event.proxy))
    if (waiting.size > 0 || !state.changed) return undefined
    const line = `in force            ACKed by ${count(acked.size, 'proxy')}${refusedBy(nacked)}`
    state.changed = false
    acked.clear()
    nacked.clear()
    return line
  }
}

function answerKey({
  proxy,
  type,
  nonce,
}: Extract<ControlPlaneEvent, { kind: 'pushed' | 'acked' | 'nacked' }>): string {
  return `${proxy.stream}|${type}|${nonce}`
}

function nameOf(proxy: Proxy): string {
  return proxy.id === '' ? `stream ${proxy.stream}` : foreignName(proxy.id)
}

function count(n: number, noun: string): string {
  if (n === 1) return `1 ${noun}`
  return `${n} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`
}

function refusedBy(nacked: ReadonlySet<string>): string {
  if (nacked.size === 0) return ''
  const named = [...nacked].slice(0, mostNamed).join(', ')
  return `, refused by ${nacked.size}: ${named}${nacked.size > mostNamed ? ', …' : ''}`
}
