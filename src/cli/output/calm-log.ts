import { addressOf } from '../../observe/denials.ts'
import type { ControlPlaneEvent, ShownDiagnostic } from '../../observe/event.ts'
import { realClock } from '../../clock.ts'
import type { After } from '../../clock.ts'

/** Events that were left out; the last of them represents all. */
export interface Repetition {
  readonly kind: 'repeated'
  readonly last: ControlPlaneEvent
  readonly times: number
  /** `same`: of one proxy, peer or finding; `others`: of any, once there were too many of them. */
  readonly of: 'same' | 'others'
  /** In which they came. */
  readonly seconds: number
}

export type LoggedEvent = ControlPlaneEvent | Repetition

/** Events that are logged in one window: of one proxy, peer or finding, and of all together. */
interface Allowance {
  readonly each: number
  readonly all: number
}

const window = 10_000 // milliseconds
const finding: Allowance = { each: 3, all: 1_000 }
/** Its text is the proxy's. */
const refusedFinding: Allowance = { each: 3, all: 50 }

/** Kinds whose number a client decides. Others are logged whole. */
const allowances: Readonly<Partial<Record<ControlPlaneEvent['kind'], Allowance>>> = {
  connected: { each: 3, all: 100 },
  disconnected: { each: 3, all: 100 },
  nacked: { each: 3, all: 100 },
  refusal: { each: 3, all: 100 },
  refused: { each: 3, all: 50 },
  denied: { each: 3, all: 50 },
  'internal-error': { each: 3, all: 50 },
  'signal-ignored': { each: 3, all: 10 },
  pushed: { each: 200, all: 2_000 },
  acked: { each: 200, all: 2_000 },
}

/** Which events are counted together, and which of them are alike. */
interface Source {
  readonly group: string
  readonly origin: string
}

interface Tally {
  logged: number
  leftOut: number
  last: ControlPlaneEvent | undefined
}

/**
 * Bounds a log under storms: in ten seconds the first few events of a kind from one proxy or peer are logged,
 * and then one line with the last of them and their number. The rest of a window is logged before the server
 * ends. Metrics count every event.
 */
export function calmLog(
  emit: (event: LoggedEvent) => void,
  schedule: After = realClock.after,
): (event: ControlPlaneEvent) => void {
  const tallies = new Map<string, Tally>()
  let cancel: (() => void) | undefined

  const flush = (): void => {
    cancel = undefined
    const ended = [...tallies]
    tallies.clear()
    for (const [key, { last, leftOut: times }] of ended) {
      if (last !== undefined)
        emit({
          kind: 'repeated',
          last,
          times,
          of: key.endsWith(others) ? 'others' : 'same',
          seconds: window / 1000,
        })
    }
  }

  const admits = (event: ControlPlaneEvent, { group, origin }: Source, { each, all }: Allowance): boolean => {
    cancel ??= schedule(window, flush)
    const total = tally(`${group}${others}`)
    const key = `${group} ${origin}`
    const own = total.logged < all || tallies.has(key) ? tally(key) : total
    if (own !== total && own.logged < each && total.logged < all) {
      own.logged += 1
      total.logged += 1
      return true
    }
    own.leftOut += 1
    own.last = event
    return false
  }

  const tally = (key: string): Tally => {
    const known = tallies.get(key) ?? { logged: 0, leftOut: 0, last: undefined }
    tallies.set(key, known)
    return known
  }

  const admitted = (kind: 'added' | 'resolved', shown: ShownDiagnostic): boolean => {
    const event: ControlPlaneEvent = { kind: 'diagnostics', added: [], resolved: [], [kind]: [shown] }
    return shown.code === 'xds/nack'
      ? admits(event, { group: 'refused', origin: `${kind} ${shown.text}` }, refusedFinding)
      : admits(event, { group: 'findings', origin: `${kind} ${shown.text}` }, finding)
  }

  return (event) => {
    if (event.kind === 'stopping') {
      cancel?.()
      flush()
    }
    if (event.kind === 'diagnostics') {
      const calm = {
        ...event,
        added: event.added.filter((each) => admitted('added', each)),
        resolved: event.resolved.filter((each) => admitted('resolved', each)),
      }
      if (calm.added.length + calm.resolved.length > 0) emit(calm)
      return
    }
    const allowance = allowances[event.kind]
    if (allowance === undefined || admits(event, { group: event.kind, origin: originOf(event) }, allowance))
      emit(event)
  }
}

/** The end of the key under which all of one kind are counted; no origin ends so. */
const others = '\n*'
/** Characters of an origin that tell it from others. */
const told = 200

/** Who caused an event: a node id, the address of a peer without its port, or what went wrong. */
function originOf(event: ControlPlaneEvent): string {
  if ('proxy' in event && event.proxy !== undefined)
    return JSON.stringify((typeof event.proxy === 'string' ? event.proxy : event.proxy.id).slice(0, told))
  if ('peer' in event) return JSON.stringify(addressOf(event.peer))
  if (event.kind === 'internal-error') return JSON.stringify(event.what.slice(0, told))
  return event.kind === 'signal-ignored' ? event.signal : ''
}
