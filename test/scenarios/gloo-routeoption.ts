import { describe, expect, test } from 'vitest'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import { openBook } from './book.ts'
import type { Ground, Play } from './ground.ts'
import { manifestsOf, objectsOf, obstacle } from './manifests.ts'
import { gatewayHttp, namespaces, pods, service } from './supplied.ts'

const folder = 'gloo-routeoption'
const numbers = ['01', '02', '03', '04', '05']
const host = 'shadowing.example'

function logged(backend: LoggedBackend, text: unknown): number {
  return backend.log().filter((line) => line.includes(String(text))).length
}

async function stage({ ground, book }: Play) {
  const [primary, shadow] = [
    await loggedBackend('httpbin', ground.address),
    await loggedBackend('httpbin-shadow', ground.address),
  ]
  const supplied =
    namespaces('gloo-system', 'httpbin', 'shadow') +
    gatewayHttp('gloo-system') +
    service({ namespace: 'httpbin', name: 'httpbin', port: 8000 }) +
    pods({ namespace: 'httpbin', name: 'httpbin' }, [[primary, { app: 'httpbin' }]]) +
    service({ namespace: 'shadow', name: 'httpbin', port: 8000 }) +
    pods({ namespace: 'shadow', name: 'httpbin' }, [[shadow, { app: 'httpbin' }]])
  book.supplied(objectsOf(supplied))
  const serving = await ground.serve({ ...manifestsOf(folder, numbers), 'supplied.yaml': supplied })
  expect(serving.mistakes()).toEqual([])
  const proxy = await realProxy({
    role: 'gateway',
    namespace: 'gloo-system',
    labels: { 'gateway.networking.k8s.io/gateway-name': 'http' },
    xds: serving.xds,
    listener: 8080,
  })
  return { primary, shadow, proxy }
}

/** A RouteOption with shadowing, as published. */
export function glooRouteOption(ground: Ground): void {
  const reason = ground.obstacle ?? obstacle(folder, numbers)
  const book = openBook(folder, reason, ground.name)
  const play = { ground, book }

  describe.skipIf(reason !== undefined)('a RouteOption that an HTTPRoute attaches', () => {
    test('one request, one answer, one copy with the suffix', async () => {
      const { primary, shadow, proxy } = await stage(play)
      const answer = await proxy.ask({ path: '/headers', host })
      await proxy.settled()
      const sent = `1 GET /headers, Host ${host}`
      const client = book.line(/^$/, /client, status/)
      book.note(client, {
        sent,
        seen: `${answer.status} from ${answer.backend}`,
        held: answer.status === client.fields['status'] && answer.backend === 'httpbin',
      })
      for (const [line, backend] of [
        [book.line(/^$/, /primary log/), primary],
        [book.line(/^$/, /shadow log/), shadow],
      ] as const) {
        const count = logged(backend, line.fields['contains'])
        book.note(line, {
          sent,
          seen: `${count} such lines of ${backend.log().length}`,
          held: count === line.fields['count'] && backend.log().length === 1,
        })
      }
      const suffix = book.line(/^$/, /host seen by the shadow/)
      await proxy.ask({ path: '/headers', host: `${host}:8080` })
      await proxy.settled()
      const wanted = [host, `${host}:8080`].map(
        (each) =>
          String(suffix.fields['value']).replace('<host>', each.split(':')[0] ?? '') +
          (each.includes(':') ? ':8080' : ''),
      )
      const hosts = shadow.arrivals.map((each) => each.host)
      book.note(suffix, {
        sent: `Host ${host}, then ${host}:8080`,
        seen: hosts.join(', '),
        held: hosts.join() === wanted.join(),
      })
      expect(book.failed(/^$/)).toEqual([])
    })

    test('whatever becomes of the copy, the client sees nothing of it', async () => {
      const { primary, shadow, proxy } = await stage(play)
      const requests = 20
      shadow.hold()
      const answered = [await proxy.askTimes(requests, { path: '/headers', host })]
      shadow.answerWith(500)
      shadow.release()
      await proxy.settled()
      answered.push(await proxy.askTimes(requests, { path: '/headers', host }))
      await proxy.settled()
      primary.answerWith(503)
      const failed = await proxy.askTimes(requests, { path: '/headers', host })
      await proxy.settled()
      const good = answered
        .flat()
        .filter(({ status, backend }) => status === 200 && backend === 'httpbin').length
      const failures = failed.filter(({ status, backend }) => status === 503 && backend === 'httpbin').length
      book.note(book.line(/^$/, /latency/), {
        sent:
          `${requests} while the shadow answers nothing, ${requests} while it answers 500, ` +
          `${requests} while the primary answers 503`,
        seen:
          `${good} × 200 and ${failures} × 503, all from the primary; ${shadow.arrivals.length} ` +
          `copies, all of requests: ` +
          [...new Set(shadow.arrivals.map(({ method, url }) => `${method} ${url}`))].join(', '),
        held: good === 2 * requests && failures === requests && shadow.arrivals.length === 3 * requests,
      })
      expect(book.failed(/^$/)).toEqual([])
    })

    test('every stated line was checked', () => {
      expect(book.open()).toEqual([])
    })
  })
}
