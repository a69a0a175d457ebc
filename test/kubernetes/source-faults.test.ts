import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from './support/cluster.ts'
import { startCluster, until } from './support/cluster.ts'
import { definitionsIn, install, uninstall } from './support/definitions.ts'
import type { Definition } from './support/definitions.ts'
import { faultProxy } from './support/fault-proxy.ts'
import type { FaultProxy } from './support/fault-proxy.ts'
import { applySamples, deleteSamples } from './support/sample.ts'
import { freshList, inStep, watching } from './support/watching.ts'
import type { Watching } from './support/watching.ts'
import { sharedIsAbsent, absentMessage } from '../support/shared.ts'

const missing = process.env['SHADOWPLANE_NO_API_SERVER'] ?? (sharedIsAbsent ? absentMessage : undefined)
/** How often each fault is tried. */
const times = Number(process.env['SHADOWPLANE_FAULTS'] ?? '1')
const rounds = Array.from({ length: times }, (_, round) => round)

describe.skipIf(missing !== undefined)(`a source of a real API server${missing === undefined ? '' : ` (SKIPPED: ${missing})`}`, () => {
  let cluster: Cluster
  let proxy: FaultProxy
  let kubeconfig: string
  let subject: Watching
  let mappings: Definition
  let edit = 0

  beforeAll(async () => {
    cluster = await startCluster()
    for (const folder of ['istio', 'gateway-api/standard', 'gloo', 'emissary']) await install(cluster.api, await definitionsIn(folder))
    const found = (await definitionsIn('emissary')).find(({ spec }) => spec.names.kind === 'Mapping')
    if (found === undefined) throw new Error('no definition of Mapping')
    mappings = found
    proxy = await faultProxy(cluster.server)
    kubeconfig = await cluster.writeKubeconfig('through-proxy', { server: proxy.server, tls: 'skip' })
    await applySamples(cluster.api, 'kept', 0)
    subject = await watching(kubeconfig, { pace: { idle: 4_000 }, lookEvery: 5_000 })
  })

  afterAll(async () => {
    await subject?.close()
    await proxy?.close()
    await cluster?.close()
  })

  /** Objects come, change and go while the fault lasts; then a change of every kind arrives. Gives the kinds that are not followed any more. */
  async function deadAfter(fault: () => Promise<void>): Promise<readonly string[]> {
    const lost = `lost-${edit}`
    await applySamples(cluster.api, lost, 0)
    await until('the objects', () => subject.manifests().has(`networking.istio.io/VirtualService/default/${lost}`))
    const before = subject.manifests().size
    await fault()
    expect(subject.manifests().size).toBeGreaterThanOrEqual(before)
    edit += 1
    await applySamples(cluster.api, 'kept', edit)
    await deleteSamples(cluster.api, lost)
    proxy.inject(() => undefined)
    await inStep(subject, cluster.kubeconfig)
    // Watches, not lists, bring what comes now.
    edit += 1
    await applySamples(cluster.api, 'kept', edit)
    await inStep(subject, cluster.kubeconfig)
    expect([...subject.manifests().values()].find(({ id }) => id.kind === 'Mapping' && id.name === 'kept')?.object['spec']).toMatchObject({ prefix: `/kept/${edit}/` })
    await until('the outage to end', () => subject.state().outage === undefined)
    return subject.source.standings().filter(({ synced, error }) => !synced || error !== undefined).map(({ kind }) => kind)
  }

  test('holds what a list of the API server shows', async () => {
    const fresh = await freshList(cluster.kubeconfig)
    expect(subject.manifests()).toEqual(fresh)
    expect([...fresh.values()].filter(({ id }) => id.name === 'kept').map(({ id }) => id.kind).toSorted())
      .toEqual(['DestinationRule', 'EndpointSlice', 'HTTPRoute', 'Mapping', 'Service', 'Upstream', 'VirtualService'])
    expect(JSON.stringify([...fresh.values()])).not.toMatch(/managedFields|resourceVersion/)
  })

  test.each(rounds)('the API server is killed and started again (%i)', async () => {
    expect(await deadAfter(async () => {
      await cluster.apiServer.kill()
      await until('an outage', () => subject.state().outage !== undefined)
      cluster.apiServer.start()
      await cluster.ready()
    })).toEqual([])
  })

  test.each(rounds)('its store is killed and started again (%i)', async () => {
    expect(await deadAfter(async () => {
      await cluster.etcd.kill()
      cluster.etcd.start()
      await cluster.ready()
    })).toEqual([])
  })

  test.each([429, 500, 503].flatMap((status) => rounds.map((round) => ({ status, round }))))('answers $status ($round)', async ({ status }) => {
    expect(await deadAfter(async () => {
      proxy.inject(() => ({ kind: 'answer', status, headers: status === 429 ? { 'retry-after': '1' } : {}, body: '{"kind":"Status","message":"not now"}' }))
      proxy.cut()
      await until('an outage', () => subject.state().outage !== undefined)
      expect(subject.state().outage).toContain(`${status}: not now`)
    })).toEqual([])
  })

  test.each(rounds)('connections break in the middle of an event (%i)', async () => {
    expect(await deadAfter(async () => {
      proxy.inject((url) => url.searchParams.has('watch') ? { kind: 'cut', bytes: 100 } : undefined)
      proxy.cut()
      await applySamples(cluster.api, 'kept', edit)
    })).toEqual([])
  })

  test.each(rounds)('410 as an answer (%i)', async () => {
    expect(await deadAfter(async () => {
      const gone = '{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old resource version"}'
      const seen = proxy.requests.length
      proxy.inject((url) => url.searchParams.has('watch') ? { kind: 'answer', status: 410, body: gone } : undefined)
      proxy.cut()
      await until('new lists', () => proxy.requests.slice(seen).filter((url) => url.searchParams.get('limit') === '500').length > 20)
    })).toEqual([])
  })

  test.each(rounds)('410 as an event (%i)', async () => {
    expect(await deadAfter(async () => {
      const gone = '{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old resource version"}}'
      const seen = proxy.requests.length
      proxy.inject((url) => url.searchParams.has('watch') ? { kind: 'line', text: gone } : undefined)
      proxy.cut()
      await until('new lists', () => proxy.requests.slice(seen).filter((url) => url.searchParams.get('limit') === '500').length > 20)
    })).toEqual([])
  })

  test.each(rounds)('nothing comes any more on connections that stay (%i)', async () => {
    expect(await deadAfter(async () => {
      const seen = proxy.requests.length
      proxy.hush()
      await until('other watches', () => proxy.requests.slice(seen).filter((url) => url.searchParams.has('watch')).length > 20)
    })).toEqual([])
  })

  test.each(rounds)('a definition goes and comes back (%i)', async () => {
    const name = 'getambassador.io/Mapping'
    await uninstall(cluster.api, mappings)
    await until('its kind to be dropped', () => !subject.source.standings().some(({ kind }) => kind === name))
    expect([...subject.manifests().values()].filter(({ id }) => id.kind === 'Mapping')).toEqual([])
    await until('no outage', () => subject.state().outage === undefined)
    await install(cluster.api, [mappings])
    await applySamples(cluster.api, 'kept', edit)
    await until('its kind to be read', () => subject.source.standings().some(({ kind, synced }) => kind === name && synced))
    await inStep(subject, cluster.kubeconfig)
  })

  test('reads as many objects as there are, page by page', async () => {
    const names = Array.from({ length: 1_100 }, (_, index) => `many-${index}`)
    for (const name of names) await cluster.api.request({ path: '/api/v1/namespaces/default/services', method: 'POST', body: { metadata: { name }, spec: { ports: [{ port: 80 }], clusterIP: 'None' } } })
    const seen = proxy.requests.length
    const other = await watching(kubeconfig)
    expect([...other.manifests().keys()].filter((key) => key.startsWith('/Service/default/many-')).length).toBe(1_100)
    expect(proxy.requests.slice(seen).filter((url) => url.pathname === '/api/v1/services' && url.searchParams.has('continue')).length).toBe(2)
    await other.close()
    await inStep(subject, cluster.kubeconfig)
  })

  test('after all of that, no kind has ended', () => {
    const standings = subject.source.standings()
    expect(standings.filter(({ synced, error }) => !synced || error !== undefined)).toEqual([])
    expect(standings.length).toBeGreaterThan(30)
  })
})
