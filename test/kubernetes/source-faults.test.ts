import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { median, ms } from '../../bench/support/figures.ts'
import { table } from '../../src/demo/display.ts'
import type { Cluster } from './support/cluster.ts'
import { startCluster, until } from './support/cluster.ts'
import { dataPlane } from './support/data-plane.ts'
import type { DataPlane } from './support/data-plane.ts'
import { definitionsIn, install, uninstall } from './support/definitions.ts'
import type { Definition } from './support/definitions.ts'
import { faultProxy } from './support/fault-proxy.ts'
import type { FaultProxy } from './support/fault-proxy.ts'
import { applySamples, deleteSamples } from './support/sample.ts'
import { freshList, inStep, watching } from './support/watching.ts'
import type { Watching } from './support/watching.ts'
import { sharedIsAbsent, absentMessage } from '../support/shared.ts'

const missing = process.env['SHADOWPLANE_NO_API_SERVER'] ?? (sharedIsAbsent ? absentMessage : undefined)
const pace = { pace: { idle: 4_000 }, lookEvery: 5_000 }
/** How often each fault is tried. */
const times = Number(process.env['SHADOWPLANE_FAULTS'] ?? '1')
const rounds = Array.from({ length: times }, (_, round) => round)
/** The effect of a fault. */
interface Outcome {
  readonly fault: string
  /** Milliseconds from its end until everything was as in a fresh list. */
  readonly recovered: number
  readonly dead: readonly string[]
  /** Requests through the data plane, while it lasted and until all was well. */
  readonly sent: number
  readonly failed: number
  readonly failure: string | undefined
}

const unharmed = { dead: [], failed: 0, failure: undefined }

describe.skipIf(missing !== undefined)(
  `a source of a real API server${missing === undefined ? '' : ` (SKIPPED: ${missing})`}`,
  () => {
    let cluster: Cluster
    let proxy: FaultProxy
    let kubeconfig: string
    let subject: Watching
    let mappings: Definition
    let edit = 0
    let data: DataPlane
    const outcomes: Outcome[] = []

    beforeAll(async () => {
      cluster = await startCluster()
      for (const folder of ['istio', 'gateway-api/standard', 'gloo', 'emissary'])
        await install(cluster.api, await definitionsIn(folder))
      const found = (await definitionsIn('emissary')).find(({ spec }) => spec.names.kind === 'Mapping')
      if (found === undefined) throw new Error('no definition of Mapping')
      mappings = found
      proxy = await faultProxy(cluster.server)
      kubeconfig = await cluster.writeKubeconfig('through-proxy', { server: proxy.server, tls: 'skip' })
      await applySamples(cluster.api, 'kept', 0)
      subject = await watching(kubeconfig, pace)
      data = await dataPlane(cluster.api, { kubeconfig, namespaces: [], ...pace })
    })

    afterAll(async () => {
      if (times > 1) console.log(figures(outcomes))
      await data?.close()
      await subject?.close()
      await proxy?.close()
      await cluster?.close()
    })

    /**
     * Notes what becomes of kinds and requests meanwhile. `run` gives the milliseconds from the end of the
     * fault until everything was as in a fresh list.
     */
    async function outcomeOf(fault: string, run: () => Promise<number>): Promise<Outcome> {
      const first = data.tally()
      const recovered = await run()
      await data.follows(`edit-${edit}`)
      const last = data.tally()
      const dead = subject.source
        .standings()
        .filter(({ synced, error }) => !synced || error !== undefined)
        .map(({ kind }) => kind)
      const failed = last.failed - first.failed
      const outcome = {
        fault,
        recovered,
        dead,
        sent: last.sent - first.sent,
        failed,
        failure: failed === 0 ? undefined : last.failure,
      }
      outcomes.push(outcome)
      return outcome
    }

    /** Objects come, change and go while the fault lasts; then a change of every kind arrives. */
    async function through(fault: () => Promise<void>): Promise<number> {
      const lost = `lost-${edit}`
      await applySamples(cluster.api, lost, 0)
      await until('the objects', () =>
        subject.manifests().has(`networking.istio.io/VirtualService/default/${lost}`),
      )
      const before = subject.manifests().size
      await fault()
      expect(subject.manifests().size).toBeGreaterThanOrEqual(before)
      edit += 1
      await applySamples(cluster.api, 'kept', edit)
      await deleteSamples(cluster.api, lost)
      proxy.inject(() => undefined)
      const recovered = await timed(() => inStep(subject, cluster.kubeconfig))
      await follows()
      return recovered
    }

    /** Watches, not lists, bring what comes now. */
    async function follows(): Promise<void> {
      edit += 1
      await applySamples(cluster.api, 'kept', edit)
      await inStep(subject, cluster.kubeconfig)
      expect(
        [...subject.manifests().values()].find(({ id }) => id.kind === 'Mapping' && id.name === 'kept')
          ?.object['spec'],
      ).toMatchObject({ prefix: `/kept/${edit}/` })
      await until('the outage to end', () => subject.state().outage === undefined)
    }

    test('holds what a list of the API server shows', async () => {
      const fresh = await freshList(cluster.kubeconfig)
      expect(subject.manifests()).toEqual(fresh)
      expect(
        [...fresh.values()]
          .filter(({ id }) => id.name === 'kept')
          .map(({ id }) => id.kind)
          .toSorted(),
      ).toEqual([
        'DestinationRule',
        'EndpointSlice',
        'HTTPRoute',
        'Mapping',
        'Service',
        'Upstream',
        'VirtualService',
      ])
      expect(JSON.stringify([...fresh.values()])).not.toMatch(/managedFields|resourceVersion/)
    })

    test.each(rounds)('the API server is killed and started again (%i)', async () => {
      expect(
        await outcomeOf('the API server is killed and started again', () =>
          through(async () => {
            await cluster.apiServer.kill()
            await until('an outage', () => subject.state().outage !== undefined)
            cluster.apiServer.start()
            await cluster.ready()
          }),
        ),
      ).toMatchObject(unharmed)
    })

    test.each(rounds)('its store is killed and started again (%i)', async () => {
      expect(
        await outcomeOf('its store is killed and started again', () =>
          through(async () => {
            await cluster.etcd.kill()
            cluster.etcd.start()
            await cluster.ready()
          }),
        ),
      ).toMatchObject(unharmed)
    })

    test.each([429, 500, 503].flatMap((status) => rounds.map((round) => ({ status, round }))))(
      'answers $status ($round)',
      async ({ status }) => {
        expect(
          await outcomeOf(`answers ${status}`, () =>
            through(async () => {
              proxy.inject(() => ({
                kind: 'answer',
                status,
                headers: status === 429 ? { 'retry-after': '1' } : {},
                body: '{"kind":"Status","message":"not now"}',
              }))
              proxy.cut()
              await until('an outage', () => subject.state().outage !== undefined)
              expect(subject.state().outage).toContain(`${status}: not now`)
            }),
          ),
        ).toMatchObject(unharmed)
      },
    )

    test.each(rounds)('connections break in the middle of an event (%i)', async () => {
      expect(
        await outcomeOf('connections break in the middle of an event', () =>
          through(async () => {
            proxy.inject((url) => (url.searchParams.has('watch') ? { kind: 'cut', bytes: 100 } : undefined))
            proxy.cut()
            await applySamples(cluster.api, 'kept', edit)
          }),
        ),
      ).toMatchObject(unharmed)
    })

    test.each(rounds)('410 as an answer (%i)', async () => {
      expect(
        await outcomeOf('410 as an answer', () =>
          through(async () => {
            const gone =
              '{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old ' +
              'resource version"}'
            const seen = proxy.requests.length
            proxy.inject((url) =>
              url.searchParams.has('watch') ? { kind: 'answer', status: 410, body: gone } : undefined,
            )
            proxy.cut()
            await until(
              'new lists',
              () =>
                proxy.requests.slice(seen).filter((url) => url.searchParams.get('limit') === '500').length >
                20,
            )
          }),
        ),
      ).toMatchObject(unharmed)
    })

    test.each(rounds)('410 as an event (%i)', async () => {
      expect(
        await outcomeOf('410 as an event', () =>
          through(async () => {
            const gone =
              '{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410,' +
              '"message":"too old resource version"}}'
            const seen = proxy.requests.length
            proxy.inject((url) => (url.searchParams.has('watch') ? { kind: 'line', text: gone } : undefined))
            proxy.cut()
            await until(
              'new lists',
              () =>
                proxy.requests.slice(seen).filter((url) => url.searchParams.get('limit') === '500').length >
                20,
            )
          }),
        ),
      ).toMatchObject(unharmed)
    })

    test.each(rounds)('nothing comes any more on connections that stay (%i)', async () => {
      expect(
        await outcomeOf('nothing comes any more on connections that stay', () =>
          through(async () => {
            const seen = proxy.requests.length
            proxy.hush()
            await until(
              'other watches',
              () => proxy.requests.slice(seen).filter((url) => url.searchParams.has('watch')).length > 20,
            )
          }),
        ),
      ).toMatchObject(unharmed)
    })

    test.each(rounds)('a definition goes and comes back (%i)', async () => {
      const name = 'getambassador.io/Mapping'
      expect(
        await outcomeOf('a definition goes and comes back', async () => {
          await uninstall(cluster.api, mappings)
          await until(
            'its kind to be dropped',
            () => !subject.source.standings().some(({ kind }) => kind === name),
          )
          expect([...subject.manifests().values()].filter(({ id }) => id.kind === 'Mapping')).toEqual([])
          await until('no outage', () => subject.state().outage === undefined)
          await install(cluster.api, [mappings])
          await applySamples(cluster.api, 'kept', edit)
          return timed(async () => {
            await until('its kind to be read', () =>
              subject.source.standings().some(({ kind, synced }) => kind === name && synced),
            )
            await inStep(subject, cluster.kubeconfig)
          })
        }),
      ).toMatchObject(unharmed)
    })

    // Without `etcdutl snapshot restore --bump-revision`: versions go back, and a watch from one that is to
    // come is accepted in silence.
    test.each(rounds)('its store is restored to what it was (%i)', async () => {
      expect(
        await outcomeOf('its store is restored to what it was', async () => {
          const [store, copy] = [join(cluster.folder, 'etcd'), join(cluster.folder, 'etcd-before')]
          const stopped = async (change: () => Promise<void>): Promise<void> => {
            await cluster.apiServer.kill()
            await cluster.etcd.kill()
            await change()
            cluster.etcd.start()
            cluster.apiServer.start()
            await cluster.ready()
          }
          await stopped(() => cp(store, copy, { recursive: true }))
          await applySamples(cluster.api, 'never', 0)
          edit += 1
          await applySamples(cluster.api, 'kept', edit)
          await inStep(subject, cluster.kubeconfig)
          await stopped(async () => {
            await rm(store, { recursive: true })
            await rename(copy, store)
          })
          const recovered = await timed(() => inStep(subject, cluster.kubeconfig))
          expect([...subject.manifests().values()].filter(({ id }) => id.name === 'never')).toEqual([])
          await follows()
          return recovered
        }),
      ).toMatchObject(unharmed)
    })

    test.runIf(times > 1)(
      'for three minutes, nothing comes from anywhere, with the deadlines of everyday',
      async () => {
        const patient = await watching(kubeconfig)
        expect(
          await outcomeOf('nothing comes for three minutes', async () => {
            const recovered = await through(async () => {
              proxy.inject(() => ({ kind: 'hush', bytes: 0 }))
              proxy.hush()
              await delay(180_000)
              proxy.cut()
            })
            await inStep(patient, cluster.kubeconfig)
            expect(
              patient.source.standings().filter(({ synced, error }) => !synced || error !== undefined),
            ).toEqual([])
            return recovered
          }),
        ).toMatchObject(unharmed)
        await patient.close()
      },
      600_000,
    )

    test('reads as many objects as there are, page by page', async () => {
      const names = Array.from({ length: 1_100 }, (_, index) => `many-${index}`)
      for (const name of names)
        await cluster.api.request({
          path: '/api/v1/namespaces/default/services',
          method: 'POST',
          body: { metadata: { name }, spec: { ports: [{ port: 80 }], clusterIP: 'None' } },
        })
      const seen = proxy.requests.length
      const other = await watching(kubeconfig)
      expect(
        [...other.manifests().keys()].filter((key) => key.startsWith('/Service/default/many-')).length,
      ).toBe(1_100)
      expect(
        proxy.requests
          .slice(seen)
          .filter((url) => url.pathname === '/api/v1/services' && url.searchParams.has('continue')).length,
      ).toBe(2)
      await other.close()
      await inStep(subject, cluster.kubeconfig)
    })

    test('after all of that, no kind has ended', () => {
      const standings = subject.source.standings()
      expect(standings.filter(({ synced, error }) => !synced || error !== undefined)).toEqual([])
      expect(standings.length).toBeGreaterThan(30)
    })
  },
)

function figures(outcomes: readonly Outcome[]): string {
  const rows = [...Map.groupBy(outcomes, ({ fault }) => fault)].map(([fault, of]) => [
    fault,
    String(of.length),
    ms(median(of.map(({ recovered }) => recovered))),
    ms(Math.max(...of.map(({ recovered }) => recovered))),
    String(of.flatMap(({ dead }) => dead).length),
    String(of.reduce((sum, { sent }) => sum + sent, 0)),
    String(of.reduce((sum, { failed }) => sum + failed, 0)),
  ])
  return table([
    ['fault', 'times', 'recovered: median', 'most', 'kinds dead', 'requests', 'failed'],
    ...rows,
  ]).join('\n')
}

async function timed(run: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await run()
  return performance.now() - begun
}
