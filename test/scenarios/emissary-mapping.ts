import { describe, expect, test } from 'vitest'
import { loggedBackend } from '../support/logged-backend.ts'
import type { LoggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import type { RealProxy } from '../support/real-proxy.ts'
import type { Files } from '../support/serving.ts'
import { openBook } from './book.ts'
import type { Ground, Play } from './ground.ts'
import { manifestsOf, objectsOf, obstacle } from './manifests.ts'
import { counted, countsOfShare, sendCounted, tolerance } from './share.ts'
import { pods, service } from './supplied.ts'

const folder = 'emissary-mapping'
const host = 'shop.example'
const path = '/myservice/orders'

/** A shadow of a prefix, in the words of the published manifest. */
function shadowMapping(name: string, prefix: string): string {
  return `${mapping(name, prefix)}  shadow: true\n`
}

function mapping(name: string, prefix: string): string {
  return `apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: ${name}}
spec:
  hostname: "*"
  prefix: ${prefix}
  service: ${name}
`
}

interface Stage {
  readonly proxy: RealProxy
  readonly backends: ReadonlyMap<string, LoggedBackend>
}

async function suppliedFor(
  { ground, book }: Play,
  names: readonly string[],
): Promise<{ readonly text: string; readonly backends: Stage['backends'] }> {
  const backends = new Map<string, LoggedBackend>()
  for (const name of names) backends.set(name, await loggedBackend(name, ground.address))
  const text = [...backends]
    .map(([name, backend]) => service({ name, port: 80 }) + pods({ name }, [[backend, { app: name }]]))
    .join('')
  book.supplied(objectsOf(text))
  return { text, backends }
}

/** No Listener is supplied: Mappings without one are served on an assumed one on 8080. */
async function stage(play: Play, files: Files, names: readonly string[]): Promise<Stage> {
  const { text, backends } = await suppliedFor(play, names)
  const serving = await play.ground.serve({ ...files, 'supplied.yaml': text })
  expect(serving.mistakes()).toEqual([])
  return {
    backends,
    proxy: await realProxy({
      role: 'gateway',
      namespace: 'default',
      labels: { ambassador_id: 'default' },
      xds: serving.xds,
      listener: 8080,
    }),
  }
}

function arrivals({ backends }: Stage, name: string): LoggedBackend['arrivals'] {
  return backends.get(name)?.arrivals ?? []
}

/** Mappings with a shadow, as published. */
export function emissaryMapping(ground: Ground): void {
  const reason = ground.obstacle ?? obstacle(folder, ['01', '02', '03'])
  const book = openBook(folder, reason, ground.name)
  const play = { ground, book }

  describe.skipIf(reason !== undefined)('a Mapping with shadow: true', () => {
    const pair = ['myservice', 'myservice-shadow']

    test('full shadow', async () => {
      const scene = await stage(play, manifestsOf(folder, ['01', '02']), pair)
      const requests = 100
      const shadow = scene.backends.get('myservice-shadow')
      const ask = async () => {
        const answers = await scene.proxy.askTimes(requests, { path, host })
        return {
          answers,
          seen: [...new Set(answers.map(({ status, backend }) => `${status} from ${backend}`))].join(', '),
        }
      }
      shadow?.answerWith(500)
      shadow?.hold()
      const waiting = await ask()
      shadow?.release()
      await scene.proxy.settled()
      const answering = await ask()
      await scene.proxy.settled()
      const sent = `${2 * requests} GET ${path}, Host ${host}`
      const copies = arrivals(scene, 'myservice-shadow')
      const name = /full shadow/
      const fromPrimary = [...waiting.answers, ...answering.answers].filter(
        ({ status, backend }) => status === 200 && backend === 'myservice',
      ).length
      book.note(book.line(name, /answer comes from/), {
        sent,
        seen: `${fromPrimary} × 200 from myservice`,
        held: fromPrimary === 2 * requests && arrivals(scene, 'myservice').length === 2 * requests,
      })
      book.note(book.line(name, /every request/), {
        sent,
        seen: `${copies.length} copies`,
        held: copies.length === 2 * requests,
      })
      book.note(book.line(name, /does not wait/), {
        sent: `${requests} while the shadow answers nothing`,
        seen: `${waiting.answers.length} × ${waiting.seen}, before the shadow's first answer`,
        held: waiting.seen === '200 from myservice',
      })
      book.note(book.line(name, /dropped/), {
        sent: `${requests} while the shadow answers 500`,
        seen: `${answering.answers.length} × ${answering.seen}`,
        held: answering.seen === '200 from myservice',
      })
      const hosts = new Set(copies.map((each) => each.host))
      book.note(book.line(name, /-shadow appended/), {
        sent,
        seen: `${copies.length} × Host ${[...hosts].join(', ')}`,
        held: hosts.size === 1 && hosts.has(`${host}-shadow`),
      })
      const counters = [
        ...(await scene.proxy.envoy.stats('^cluster\\..*shadow.*\\.upstream_rq_(total|5xx)$')),
      ].filter(([each, value]) => /myservice.shadow[^.]*\.upstream/.test(each) && value > 0)
      book.note(book.line(name, /metrics/), {
        sent,
        seen: counters.map(([each, value]) => `${each} ${value}`).join(', '),
        held: counters.length === 2 && counters.every(([, value]) => value === 2 * requests),
      })
      expect(book.failed(/full shadow/)).toEqual([])
    })

    test('10 percent', async () => {
      const scene = await stage(play, manifestsOf(folder, ['01', '03']), pair)
      const { counts, held } = await countsOfShare(0.1, async () => {
        const before = arrivals(scene, 'myservice-shadow').length
        await sendCounted(async (requests) => {
          for (const { backend } of await scene.proxy.askTimes(requests, { path, host }))
            expect(backend).toBe('myservice')
          await scene.proxy.settled()
        })
        return arrivals(scene, 'myservice-shadow').length - before
      })
      book.note(book.line(/10 percent/, /10%/), {
        sent: `${counted * counts.length} GET ${path}`,
        seen: `${counts.join(', then ')} copies (${counted / 10} ± ${tolerance(counted, 0.1).toFixed(0)})`,
        held,
      })
      expect(book.failed(/10 percent/)).toEqual([])
    })

    test('two shadows for one resource', async () => {
      const second = { '99-second-shadow.yaml': shadowMapping('second-shadow', '/myservice/') }
      const { text, backends } = await suppliedFor(play, [...pair, 'second-shadow'])
      const files = { ...manifestsOf(folder, ['01', '02']), ...second, 'supplied.yaml': text }
      const { asked, lines: errors } = await ground.errors(files)
      book.note(book.line(/two shadows/, /diagnostics/), {
        sent: asked,
        seen: errors.join('; ') || 'no error',
        held: errors.length === 1 && (errors[0] ?? '').includes('second-shadow'),
      })
      const serving = await ground.serve(files)
      const proxy = await realProxy({
        role: 'gateway',
        namespace: 'default',
        labels: { ambassador_id: 'default' },
        xds: serving.xds,
        listener: 8080,
      })
      const requests = 100
      const answers = await proxy.askTimes(requests, { path, host })
      await proxy.settled()
      const counts = ['myservice-shadow', 'second-shadow'].map(
        (name) => backends.get(name)?.arrivals.length ?? 0,
      )
      book.note(book.line(/two shadows/, /only one/), {
        sent: `${requests} GET ${path}`,
        seen: `${counts.join(' and ')} copies`,
        held: counts.join() === `${requests},0` && answers.every(({ backend }) => backend === 'myservice'),
      })
      expect(book.failed(/two shadows/)).toEqual([])
    })

    test('shadows for different services', async () => {
      const others = {
        '98-other.yaml': mapping('other', '/other/'),
        '99-other-shadow.yaml': shadowMapping('other-shadow', '/other/'),
      }
      const scene = await stage(play, { ...manifestsOf(folder, ['01', '02']), ...others }, [
        ...pair,
        'other',
        'other-shadow',
      ])
      const requests = 50
      for (const each of [path, '/other/orders']) await scene.proxy.askTimes(requests, { path: each, host })
      await scene.proxy.settled()
      const counts = [...scene.backends.values()].map((each) => `${each.arrivals.length} to ${each.name}`)
      book.note(book.line(/different services/, /allowed/), {
        sent: `${requests} GET ${path}, ${requests} GET /other/orders`,
        seen: `no error; ${counts.join(', ')}`,
        held: [...scene.backends.values()].every((each) => each.arrivals.length === requests),
      })
      expect(book.failed(/different services/)).toEqual([])
    })

    test('every stated line was checked', () => {
      expect(book.open()).toEqual([])
    })
  })
}
