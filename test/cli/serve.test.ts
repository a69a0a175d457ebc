import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import type { ControlPlaneEvent } from '../../src/observe/event.ts'
import { textLog } from '../../src/cli/output/event-log.ts'
import { folderWith } from '../support/folder.ts'
import { patience, within } from '../support/within.ts'

const service = (port: number): string => `apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: ${port}}]}
`

interface Running {
  readonly folder: string
  readonly admin: string
  /** Resolves with the first event, from now or since the start, that fits. */
  readonly event: <K extends ControlPlaneEvent['kind']>(
    kind: K,
    fits?: (event: Extract<ControlPlaneEvent, { kind: K }>) => boolean,
  ) => Promise<unknown>
}

async function running(files: Readonly<Record<string, string>>): Promise<Running> {
  const folder = folderWith({ 'manifests/keep': '', ...files })
  const events: ControlPlaneEvent[] = []
  const waiting = new Set<() => void>()
  const controlPlane = await startControlPlane(
    {
      paths: [join(folder, 'manifests')],
      listen: '127.0.0.1:0',
      admin: '127.0.0.1:0',
      settings: defaultSettings,
    },
    (event) => {
      events.push(event)
      for (const look of [...waiting]) look()
    },
  )
  onTestFinished(() => controlPlane.close())
  const event: Running['event'] = (kind, fits = () => true) =>
    within(
      patience,
      `the event ${kind}`,
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find((each) => each.kind === kind && fits(each as never))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    )
  return { folder, admin: `http://${controlPlane.adminAddress}`, event }
}

test('a path that vanishes is an outage: unhealthy and ready, and healthy again when it returns', async () => {
  const { folder, admin, event } = await running({ 'manifests/reviews.yaml': service(80) })
  expect((await fetch(`${admin}/healthz`)).status).toBe(200)
  renameSync(join(folder, 'manifests'), join(folder, 'away'))
  await event('outage', ({ reason }) => reason !== undefined)
  const health = await fetch(`${admin}/healthz`)
  expect(health.status).toBe(503)
  expect(await health.text()).toContain(join(folder, 'manifests'))
  expect((await fetch(`${admin}/readyz`)).status).toBe(200)
  renameSync(join(folder, 'away'), join(folder, 'manifests'))
  await event('outage', ({ reason }) => reason === undefined)
  expect((await fetch(`${admin}/healthz`)).status).toBe(200)
})

test('an edit is an event, and so is a mistake that it adds or mends', async () => {
  const { folder, event } = await running({ 'manifests/reviews.yaml': service(80) })
  writeFileSync(join(folder, 'manifests/reviews.yaml'), service(99_999))
  await event('diagnostics', ({ added }) =>
    added.some(({ text }) => text.includes('reviews.yaml:4:35 error field/')),
  )
  writeFileSync(join(folder, 'manifests/reviews.yaml'), service(81))
  await event('diagnostics', ({ resolved }) => resolved.some(({ code }) => code.startsWith('field/')))
  await event('config-changed', ({ translated }) => translated === 1)
})

test('other paths and methods of the admin listener are answered, clearly', async () => {
  const { admin } = await running({})
  const unknown = await fetch(`${admin}/nowhere`)
  expect([unknown.status, await unknown.text()]).toEqual([
    404,
    'no such path: /nowhere\nthere are /config_dump, /healthz, /metrics, /readyz, /status, ' +
      '/status/proxies/ID\n',
  ])
  expect((await fetch(`${admin}/healthz`, { method: 'POST', body: 'x' })).status).toBe(405)
})

test('the log says who has taken a change, once all have', () => {
  const lines: string[] = []
  const log = textLog((line) => lines.push(line.replace(/^\S+ +/, '')))
  const proxy = (id: string, stream: number) => ({
    id,
    stream,
    mode: 'delta' as const,
    scope: {
      role: 'gateway' as const,
      namespace: 'default',
      labels: {},
      anyGateway: true,
      bindAddress: '',
      portMap: {},
      virtualHosts: 'inline' as const,
    },
  })
  const push = (id: string, stream: number) => {
    log({
      kind: 'pushed',
      proxy: proxy(id, stream),
      type: 'route',
      nonce: '1',
      bytes: 1,
      sent: ['http.80'],
      removed: [],
    })
  }
  push('a', 1)
  log({ kind: 'acked', proxy: proxy('a', 1), type: 'route', nonce: '1', version: '' })
  expect(lines).toEqual([])
  log({ kind: 'config-changed', mirrors: [], objects: 1, translated: 1, resources: 1, scopes: 1 })
  lines.length = 0
  push('a', 1)
  push('b', 2)
  log({ kind: 'acked', proxy: proxy('a', 1), type: 'route', nonce: '1', version: '' })
  expect(lines).toEqual([])
  log({ kind: 'nacked', proxy: proxy('b', 2), type: 'route', nonce: '1', message: 'no', resources: [] })
  expect(lines).toEqual([
    'NACK  b refused route: no',
    'in force            ACKed by 1 proxy, refused by 1: b',
  ])
})
