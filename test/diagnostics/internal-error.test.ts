import { expect, onTestFinished, test } from 'vitest'
import { textLog } from '../../src/cli/output/event-log.ts'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import { recordInternalErrors, stackOf } from '../../src/diagnostics/internal-error.ts'
import { node } from '../../src/envoy/node.ts'
import type { ControlPlaneEvent } from '../../src/observe/event.ts'
import { folderWith } from '../support/folder.ts'
import { XdsClient } from '../support/xds-client.ts'

function thrown(message: string): Error {
  return new Error(message, { cause: new RangeError('what was behind it') })
}

test('a stack has those of its causes, and is cut', () => {
  expect(stackOf(thrown('broken'))).toMatch(
    /^Error: broken\n {4}at thrown .*internal-error\.test\.ts[\s\S]*\ncaused by: RangeError: what was behind it\n {4}at thrown /,
  )
  expect(stackOf(thrown('x'.repeat(20_000))).length).toBeLessThan(12_000)
  expect(stackOf('only text')).toBe("'only text'")
})

test('a bug is logged once, whatever it concerns, and again when it comes back', () => {
  const bugs = recordInternalErrors()
  const failures = ['a', 'b', 'c'].map((key) => ({
    transform: 'translate',
    key,
    error: thrown(`broken for ${key}`),
  }))
  expect(bugs.update(failures)).toMatchObject([
    { what: 'translate of a, and of 2 more', stack: expect.stringContaining('broken for a') },
  ])
  expect(bugs.update([...failures, { transform: 'translate', key: 'd', error: failures[0]?.error }])).toEqual(
    [],
  )
  expect(bugs.update([{ transform: 'encode', key: 'a', error: failures[0]?.error }])).toHaveLength(1)
  expect(bugs.update([])).toEqual([])
  expect(bugs.update(failures)).toHaveLength(1)
})

const service = `apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{name: http, port: 80}]}
`

test('a transform that throws is an event with its stack, and what it does not concern is served', async () => {
  const events: ControlPlaneEvent[] = []
  // The one way in for a bug from outside: a setting that throws when it is read.
  const broken = Object.defineProperty({ ...defaultSettings.mirrorHost }, 'kind', {
    enumerable: false,
    get: () => {
      throw thrown('a bug')
    },
  })
  const settings = { ...defaultSettings, mirrorHost: broken }
  const paths = [folderWith({ 'shop.yaml': service, 'mirror.yaml': mirroring })]
  const plane = await startControlPlane(
    { paths, listen: '127.0.0.1:0', admin: '127.0.0.1:0', settings },
    (event) => {
      events.push(event)
    },
  )
  const client = new XdsClient(plane.xdsAddress, {
    mode: 'delta',
    node: node({ role: 'sidecar', labels: { app: 'client' } }),
  })
  onTestFinished(async () => {
    await client.close()
    await plane.close()
  })
  client.subscribe('cluster')
  expect((await client.next()).names).toContain('outbound|80||shop.default.svc.cluster.local')
  const found = events.find((event) => event.kind === 'internal-error')
  expect(found?.what).toContain('shop.default.svc.cluster.local')
  expect(found?.stack).toMatch(
    /^Error: a bug\n[\s\S]*src\/translate\/route-action\.ts[\s\S]*\ncaused by: RangeError: what was behind it\n/,
  )
  const lines: string[] = []
  if (found !== undefined)
    textLog((line) => {
      lines.push(line)
    })(found)
  expect(lines[0]).toMatch(/INTERNAL ERROR {6}.*: a bug of shadowplane, please report it with these lines$/)
  expect(lines.length).toBeGreaterThan(5)
})

const mirroring = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route: [{destination: {host: shop}}]
    mirror: {host: shop}
`
