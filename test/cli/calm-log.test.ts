import { describe, expect, test } from 'vitest'
import { calmLog } from '../../src/cli/output/calm-log.ts'
import type { LoggedEvent } from '../../src/cli/output/calm-log.ts'
import { jsonLog, textLog } from '../../src/cli/output/event-log.ts'
import type { ControlPlaneEvent, ShownDiagnostic } from '../../src/observe/event.ts'
import type { Proxy } from '../../src/server/event.ts'

const scope: Proxy['scope'] = {
  role: 'gateway',
  namespace: 'default',
  labels: {},
  anyGateway: false,
  bindAddress: '',
  portMap: {},
  virtualHosts: 'inline',
}
const proxy = (id: string, stream = 1): Proxy => ({ id, stream, mode: 'sotw', scope })
const left = (id: string, reason = 'closed by the proxy'): ControlPlaneEvent => ({
  kind: 'disconnected',
  proxy: proxy(id),
  reason,
})
const refused = (port: number): ControlPlaneEvent => ({
  kind: 'refused',
  peer: `10.0.0.1:${port}`,
  reason: 'PORT_MAP: no',
})
const finding = (text: string): ShownDiagnostic => ({ code: 'xds/nack', severity: 'error', text })

function logged(): {
  readonly log: (event: ControlPlaneEvent) => void
  readonly events: readonly LoggedEvent[]
  readonly pass: () => void
} {
  const events: LoggedEvent[] = []
  const timers: (() => void)[] = []
  const log = calmLog(
    (event) => {
      events.push(event)
    },
    (_, callback) => {
      timers.push(callback)
      return () => {
        timers.length = 0
      }
    },
  )
  return {
    log,
    events,
    pass: () => {
      for (const callback of timers.splice(0)) callback()
    },
  }
}

const repeated = (events: readonly LoggedEvent[]) =>
  events.flatMap((event) =>
    event.kind === 'repeated' ? [{ kind: event.last.kind, times: event.times, of: event.of }] : [],
  )

describe('a storm in ten seconds', () => {
  test('of one proxy: the first three events of a kind, then their count with the last of them', () => {
    const { log, events, pass } = logged()
    for (let round = 0; round < 1_000; round += 1) log(left('edge', `reason ${round}`))
    log(left('other'))
    expect(events).toEqual([
      left('edge', 'reason 0'),
      left('edge', 'reason 1'),
      left('edge', 'reason 2'),
      left('other'),
    ])
    pass()
    expect(events.slice(4)).toEqual([
      { kind: 'repeated', last: left('edge', 'reason 999'), times: 997, of: 'same', seconds: 10 },
    ])
    log(left('edge'))
    expect(events.at(-1)).toEqual(left('edge'))
  })

  test('of one peer, from any port', () => {
    const { log, events, pass } = logged()
    for (let port = 0; port < 500; port += 1) log(refused(port))
    pass()
    expect(events.length).toBe(4)
    expect(repeated(events)).toEqual([{ kind: 'refused', times: 497, of: 'same' }])
  })

  test('of ids that are never the same: bounded, and none is uncounted', () => {
    const { log, events, pass } = logged()
    for (let id = 0; id < 20_000; id += 1) log(left(`edge-${id}`))
    pass()
    expect(events.length).toBe(101)
    expect(repeated(events)).toEqual([{ kind: 'disconnected', times: 19_900, of: 'others' }])
  })

  test('of findings that a proxy causes, while others are logged', () => {
    const { log, events, pass } = logged()
    for (let round = 0; round < 1_000; round += 1)
      log({
        kind: 'diagnostics',
        added: [finding(`a.yaml:1:1 error xds/nack  ${round}`)],
        resolved: [finding(`a.yaml:1:1 error xds/nack  ${round - 1}`)],
      })
    const own: ControlPlaneEvent = {
      kind: 'diagnostics',
      added: [
        { code: 'mirror/unknown-host', severity: 'error', text: 'b.yaml:1:1 error mirror/unknown-host  x' },
      ],
      resolved: [],
    }
    log(own)
    expect(events.at(-1)).toEqual(own)
    pass()
    expect(repeated(events)).toEqual([{ kind: 'diagnostics', times: 1_950, of: 'others' }])
    expect(events.length).toBeLessThan(60)
  })

  test('is counted before the server ends', () => {
    const { log, events } = logged()
    for (let round = 0; round < 5; round += 1) log(left('edge'))
    log({ kind: 'stopping', reason: 'SIGTERM', proxies: 0 })
    expect(events.slice(-2)).toEqual([
      { kind: 'repeated', last: left('edge'), times: 2, of: 'same', seconds: 10 },
      { kind: 'stopping', reason: 'SIGTERM', proxies: 0 },
    ])
  })
})

describe('what a client says', () => {
  const hostile = 'edge\nFAKE  1  SYNCED \u001b[31m\u009b2J\u202e'
  const said: readonly ControlPlaneEvent[] = [
    { kind: 'connected', proxy: proxy(hostile) },
    {
      kind: 'nacked',
      proxy: proxy(hostile),
      type: 'route',
      nonce: '1',
      message: 'no \u001b]0;title\u0007\nFORGED',
      resources: [],
    },
    {
      kind: 'denied',
      peer: '10.0.0.1:5',
      code: 'PERMISSION_DENIED',
      reason: `the node says ${hostile}`,
      proxy: hostile,
    },
    { kind: 'refused', peer: '10.0.0.1:5', reason: hostile },
    {
      kind: 'diagnostics',
      added: [finding(`a.yaml:1:1 error xds/nack  ${hostile.replace('\n', ' ')}`)],
      resolved: [],
    },
    left(hostile, hostile),
  ]

  test.each([
    ['text', textLog],
    ['JSON', jsonLog],
  ] as const)('is one printable line each in the %s log', (_, open) => {
    const lines: string[] = []
    const log = open((line) => {
      lines.push(line)
    })
    for (const event of said) log(event)
    expect(lines.length).toBe(said.length)
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test('is cut, with its length', () => {
    const lines: string[] = []
    const log = textLog((line) => {
      lines.push(line)
    })
    log({ kind: 'connected', proxy: proxy('e'.repeat(15_000_000)) })
    log({
      kind: 'nacked',
      proxy: proxy('edge'),
      type: 'route',
      nonce: '1',
      message: 'm'.repeat(15_000_000),
      resources: [],
    })
    expect(lines.map((line) => line.length < 1_000)).toEqual([true, true])
    expect(lines[0]).toContain(`${'e'.repeat(200)}… (15,000,000 characters)`)
    const json: string[] = []
    jsonLog((line) => {
      json.push(line)
    })({ kind: 'connected', proxy: proxy('e'.repeat(15_000_000)) })
    expect(json[0]?.length).toBeLessThan(5_000)
  })

  test('a response of 100,000 names is a line of 1,000', () => {
    const json: string[] = []
    jsonLog((line) => {
      json.push(line)
    })({
      kind: 'pushed',
      proxy: proxy('edge'),
      type: 'endpoint',
      nonce: '1',
      bytes: 800_000,
      sent: [],
      removed: Array.from({ length: 100_000 }, (_, index) => `name-${index}`),
    })
    const { removed } = JSON.parse(json[0] ?? '') as { readonly removed: readonly string[] }
    expect(removed).toHaveLength(1_001)
    expect(removed.slice(-2)).toEqual(['name-999', '… and 99000 more'])
  })
})
