import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import { running } from '../support/running.ts'
import type { Running } from '../support/running.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { openBook } from './book.ts'
import type { Ground, Play } from './ground.ts'
import { manifestsOf, objectsOf, obstacle } from './manifests.ts'
import { namespaces, pods, service } from './supplied.ts'
import { waitFor } from '../support/wait-for.ts'

const folder = 'mesh-httproute-goreplay'

/**
 * GoReplay captures packets on the node of the deployment; here the sidecar of the client copies them to the
 * program that prints.
 */
interface Captured {
  readonly sidecar: RealProxy
  readonly nginx: LoggedBackend
  readonly tap: Running
}

const requests = 100

async function capture({ ground, book }: Play, format: 'line' | 'gor'): Promise<Captured> {
  const nginx = await loggedBackend('nginx', ground.address)
  const supplied =
    namespaces('goreplay') +
    service({ namespace: 'goreplay', name: 'nginx', port: 80 }) +
    pods({ namespace: 'goreplay', name: 'nginx' }, [[nginx, { app: 'nginx' }]]) +
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: nginx, namespace: goreplay}
spec: {hosts: [nginx], http: [{route: [{destination: {host: nginx}}]}]}
`
  book.supplied(objectsOf(supplied))
  const serving = await ground.serve({ 'supplied.yaml': supplied })
  const sidecar = await realProxy({
    role: 'sidecar',
    namespace: 'goreplay',
    labels: { app: 'client' },
    xds: serving.xds,
    listener: 80,
  })
  const tap = running([
    'tap',
    '--admin',
    serving.admin,
    '--host',
    'nginx.goreplay.svc.cluster.local',
    '--format',
    format,
  ])
  await waitFor({
    what: 'the mirror',
    look: async () => {
      if (tap.remains() !== undefined) throw new Error(`tap ended: ${tap.remains()}`)
      return JSON.stringify(await sidecar.envoy.configDump()).includes('request_mirror_policies') || undefined
    },
  })
  return { sidecar, nginx, tap }
}

/** Each with a path of its own. */
async function send({ sidecar }: Captured): Promise<readonly string[]> {
  const paths = Array.from({ length: requests }, (_, index) => `/order/${index}/end`)
  for (const path of paths) expect((await sidecar.ask({ path, host: 'nginx' })).backend).toBe('nginx')
  await sidecar.settled()
  return paths
}

/** An HTTPRoute of the mesh, and what people use GoReplay for, as published. */
export function meshHttpRoute(ground: Ground): void {
  const reason = ground.obstacle ?? obstacle(folder, ['01'])
  const book = openBook(folder, reason, ground.name)
  const play = { ground, book }

  describe.skipIf(reason !== undefined)('an HTTPRoute whose parent is a Service', () => {
    test('on a sidecar of a client', async () => {
      const [v1, v2] = [
        await loggedBackend('httpbin-v1', ground.address),
        await loggedBackend('httpbin-v2', ground.address),
      ]
      const supplied =
        service({ name: 'httpbin', port: 8000 }) +
        service({ name: 'httpbin-v1', port: 80 }) +
        pods({ name: 'httpbin-v1' }, [[v1, { app: 'httpbin', version: 'v1' }]]) +
        service({ name: 'httpbin-v2', port: 80 }) +
        pods({ name: 'httpbin-v2' }, [[v2, { app: 'httpbin', version: 'v2' }]])
      book.supplied(objectsOf(supplied))
      const serving = await ground.serve({ ...manifestsOf(folder, ['01']), 'supplied.yaml': supplied })
      expect(serving.mistakes()).toEqual([])
      const sidecar = await realProxy({
        role: 'sidecar',
        namespace: 'default',
        labels: { app: 'client' },
        xds: serving.xds,
        listener: 8000,
      })
      const asked = 200
      const answers = await sidecar.askTimes(asked, { path: '/get', host: 'httpbin' })
      await sidecar.settled()
      const sent = `${asked} GET /get, Host httpbin`
      const seen = [...new Set(answers.map(({ status, backend }) => `${status} from ${backend}`))].join(', ')
      const hosts = [...new Set(v2.arrivals.map(({ host }) => host))].join(', ')
      book.note(book.line(/mesh/, /goes to httpbin-v1/), {
        sent,
        seen: `${v1.arrivals.length} × ${seen}`,
        held: seen === '200 from httpbin-v1' && v1.arrivals.length === asked,
      })
      book.note(book.line(/mesh/, /copied to httpbin-v2/), {
        sent,
        seen: `${v2.arrivals.length} copies`,
        held: v2.arrivals.length === asked,
      })
      book.note(book.line(/mesh/, /-shadow appended/), {
        sent,
        seen: `${v2.arrivals.length} × Host ${hosts}`,
        held: hosts === 'httpbin-shadow',
      })
      expect(book.failed(/mesh/)).toEqual([])
    })
  })

  describe.skipIf((ground.obstacle ?? (sharedIsAbsent ? absentMessage : undefined)) !== undefined)(
    'what people use GoReplay for, without capturing packets',
    () => {
      test('capture and show', async () => {
        const captured = await capture(play, 'line')
        const paths = await send(captured)
        await captured.tap
          .until('every request', (text) => paths.every((path) => text.includes(path)))
          .catch(() => undefined)
        const printed = paths.filter(
          (path) =>
            captured.tap
              .stdout()
              .split('\n')
              .filter((line) => line.includes(path)).length === 1,
        ).length
        book.note(book.line(/show/, /printed/), {
          sent: `${requests} GET /order/…, Host nginx`,
          seen: `${captured.nginx.arrivals.length} answered by nginx, ${printed} printed once each`,
          held: printed === requests && captured.nginx.arrivals.length === requests,
        })
        await captured.tap.interrupt()
        expect(book.failed(/show/)).toEqual([])
      })

      test('capture and replay', async () => {
        const captured = await capture(play, 'gor')
        const paths = await send(captured)
        await captured.tap
          .until('every request', (text) => paths.every((path) => text.includes(path)))
          .catch(() => undefined)
        await captured.tap.interrupt()
        const file = join(folderWith({}), 'requests.gor')
        writeFileSync(file, captured.tap.stdout())
        const httpd = await loggedBackend('httpd-service')
        const { status, stdout } = await shadowplane([
          'replay',
          file,
          '--to',
          `http://127.0.0.1:${httpd.port}`,
          '--speed',
          '1000%',
        ])
        const again = paths.filter(
          (path) => httpd.arrivals.filter(({ method, url }) => method === 'GET' && url === path).length === 1,
        ).length
        book.note(book.line(/replay/, /sent again/), {
          sent: `${requests} GET /order/…, Host nginx`,
          seen: `${again} of them at httpd-service, once each; ${stdout.split('\n', 1)[0] ?? ''}`,
          held: status === 0 && again === requests && httpd.arrivals.length === requests,
        })
        expect(book.failed(/replay/)).toEqual([])
      })
    },
  )

  test.skipIf(reason !== undefined)('every stated line was checked', () => {
    expect(book.open()).toEqual([])
  })
}
