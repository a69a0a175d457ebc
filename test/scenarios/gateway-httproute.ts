import { describe, expect, test } from 'vitest'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import { openBook } from './book.ts'
import type { Ground } from './ground.ts'
import { manifestsOf, objectsOf, obstacle } from './manifests.ts'
import { gatewayHttp, namespaces, pods, service } from './supplied.ts'

const folder = 'gateway-httproute'
const placeholders = { NAMESPACE: 'infra' }

function logged(backend: LoggedBackend, text: unknown): number {
  return backend.log().filter((line) => line.includes(String(text))).length
}

/** An HTTPRoute with a mirror on a Gateway, as published. */
export function gatewayHttpRoute(ground: Ground): void {
  const reason = ground.obstacle ?? obstacle(folder, ['01', '02'], placeholders)
  const book = openBook(folder, reason, ground.name)

  describe.skipIf(reason !== undefined)('an HTTPRoute with RequestMirror on a Gateway', () => {
    test('five requests, five answers of v1, five copies to v2', async () => {
      const [v1, v2] = [
        await loggedBackend('httpbin-v1', ground.address),
        await loggedBackend('httpbin-v2', ground.address),
      ]
      const supplied =
        namespaces('infra', 'httpbin') +
        gatewayHttp('infra') +
        service({ namespace: 'httpbin', name: 'httpbin', port: 8000 }) +
        pods({ namespace: 'httpbin', name: 'httpbin' }, [[v1, { app: 'httpbin', version: 'v1' }]]) +
        pods({ namespace: 'httpbin', name: 'httpbin2' }, [[v2, { app: 'httpbin', version: 'v2' }]])
      book.supplied(objectsOf(supplied))
      const serving = await ground.serve({
        ...manifestsOf(folder, ['01', '02'], placeholders),
        'supplied.yaml': supplied,
      })
      expect(serving.mistakes()).toEqual([])
      const proxy = await realProxy({
        role: 'gateway',
        namespace: 'infra',
        labels: { 'gateway.networking.k8s.io/gateway-name': 'http' },
        xds: serving.xds,
        listener: 8080,
      })
      const requests = 5
      const answers = await proxy.askTimes(requests, { path: '/headers', host: 'mirror.example' })
      await proxy.settled()
      const sent = `${requests} GET /headers, Host mirror.example`
      const [client, primary, shadow] = [
        book.line(/^$/, /client/),
        book.line(/^$/, /primary/),
        book.line(/^$/, /shadow/),
      ]
      const good = answers.filter(
        ({ status, backend }) => status === client.fields['status'] && backend === 'httpbin-v1',
      ).length
      book.note(client, {
        sent,
        seen: `${good} × ${String(client.fields['status'])} from httpbin-v1`,
        held: good === client.fields['count'] && good === requests,
      })
      const counts = [logged(v1, primary.fields['contains']), logged(v2, shadow.fields['contains'])] as const
      book.note(primary, {
        sent,
        seen: `${counts[0]} such lines of ${v1.log().length}`,
        held: counts[0] === primary.fields['count'] && v1.log().length === requests,
      })
      book.note(shadow, {
        sent,
        seen: `${counts[1]} such lines of ${v2.log().length}`,
        held: counts[1] === shadow.fields['count'] && v2.log().length === requests,
      })

      // The other form of the published command: the Host of a request through a load balancer has the port.
      await proxy.askTimes(requests, { path: '/headers', host: 'mirror.example:8080' })
      await proxy.settled()
      expect([v1, v2].map((each) => each.arrivals.slice(requests).map(({ host }) => host))).toEqual([
        Array<string>(requests).fill('mirror.example:8080'),
        Array<string>(requests).fill('mirror.example-shadow:8080'),
      ])
      expect(book.failed(/^$/)).toEqual([])
    })

    test('every stated line was checked', () => {
      expect(book.open()).toEqual([])
    })
  })
}
