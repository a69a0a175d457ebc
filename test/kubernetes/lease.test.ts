import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { kubernetesApi } from '../../src/kubernetes/api.ts'
import { realClock } from '../../src/clock.ts'
import { createLeaseKeeper } from '../../src/writeback/lease-keeper.ts'
import type { LeaseKeeper } from '../../src/writeback/lease-keeper.ts'
import { projectRoot } from '../support/command.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { auditing } from './support/audit.ts'
import type { Audit } from './support/audit.ts'
import { startCluster, until } from './support/cluster.ts'
import type { Cluster } from './support/cluster.ts'
import { apply, definitionsIn, install } from './support/definitions.ts'
import { faultProxy } from './support/fault-proxy.ts'
import { installedAccount } from './support/installed-account.ts'

const missing = process.env['SHADOWPLANE_NO_API_SERVER'] ?? (sharedIsAbsent ? absentMessage : undefined)
const routes = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes'
const objects = 5

interface Lease {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly holderIdentity: string }
}

/** One replica, as a process of its own, and what it logs. */
interface Replica {
  readonly process: ChildProcess
  /** Whether it said last that it holds the Lease. */
  holds(): boolean
  /** Resolves with the exit status. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

describe.skipIf(missing !== undefined)(
  `several replicas${missing === undefined ? '' : ` (SKIPPED: ${missing})`}`,
  () => {
    let cluster: Cluster
    let audit: Audit
    const running = new Set<Replica>()

    beforeAll(async () => {
      audit = await auditing()
      cluster = await startCluster(audit.flags)
      await install(cluster.api, await definitionsIn('gateway-api/standard'))
      await put('/apis/gateway.networking.k8s.io/v1/gatewayclasses', 'GatewayClass', {
        name: 'ours',
        spec: { controllerName: 'shadowplane.io/gateway-controller' },
      })
      await put('/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways', 'Gateway', {
        name: 'edge',
        spec: { gatewayClassName: 'ours', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
      })
      await edit(0)
    })

    afterEach(async () => {
      await Promise.all([...running].map((each) => each.end('SIGKILL')))
    })

    afterAll(async () => {
      await cluster?.close()
    })

    async function put(
      folder: string,
      kind: string,
      { name, spec }: { readonly name: string; readonly spec: object },
    ): Promise<void> {
      await apply(cluster.api, folder, {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind,
        metadata: { name },
        spec,
      } as never)
    }

    /** Every route is another one then. */
    async function edit(number: number): Promise<void> {
      for (let index = 0; index < objects; index += 1) {
        await put(routes, 'HTTPRoute', {
          name: `route-${index}`,
          spec: {
            parentRefs: [{ name: 'edge' }],
            hostnames: [`edit-${number}.example`],
            rules: [{ backendRefs: [{ name: 'nothing', port: 80 }] }],
          },
        })
      }
    }

    function start(): Replica {
      const child = spawn(
        process.execPath,
        [
          join(projectRoot, 'src/main.ts'),
          'serve',
          '--kubernetes',
          '--kubeconfig',
          cluster.kubeconfig,
          '--status',
          'on',
          '--lease-namespace',
          'default',
          '--lease-duration',
          '6s',
          '--listen',
          '127.0.0.1:0',
          '--admin',
          '127.0.0.1:0',
          '--log',
          'json',
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      const gone = once(child, 'exit').then(([status]) => status as number | null)
      const replica: Replica = {
        process: child,
        holds: () =>
          text
            .split('\n')
            .filter((line) => line.includes('"kind":"lease"'))
            .at(-1)
            ?.includes('"held":true') === true,
        async end(signal) {
          running.delete(replica)
          child.kill(signal)
          return gone
        },
      }
      running.add(replica)
      return replica
    }

    /** The holder that each write of the Lease named. */
    async function holders(): Promise<readonly string[]> {
      return (await audit.writes())
        .map(({ resource, body }) => ({ resource, lease: body as Lease }))
        .filter(({ resource, lease }) => resource === 'leases' && lease.metadata.name === 'shadowplane')
        .map(({ lease }) => lease.spec.holderIdentity)
    }

    /** The object and the generation of each status that was written. */
    async function written(): Promise<readonly string[]> {
      return (await audit.writes())
        .filter(({ resource }) => resource === 'httproutes/status')
        .map(({ name, body }) => `${name} ${JSON.stringify(body).match(/"observedGeneration":(\d+)/)?.[1]}`)
    }

    async function told(generation: number): Promise<void> {
      const wanted = Array.from({ length: objects }, (_, index) => `route-${index} ${generation}`)
      await until(`the statuses of generation ${generation}`, async () => {
        const all = await written()
        return wanted.every((each) => all.includes(each))
      })
    }

    test(
      'write each status once: one of them holds the Lease, and when it is killed or ends another ' +
        'takes over',
      async () => {
        const first = start()
        await until('the first to hold the Lease', () => first.holds())
        await told(1)
        const second = start()
        await edit(1)
        await told(2)
        expect([first.holds(), second.holds()]).toEqual([true, false])
        const before = (await holders()).at(-1)

        // Killed, it says nothing: the other waits for the Lease to run out.
        await first.end('SIGKILL')
        await edit(2)
        await until('the second to hold the Lease', () => second.holds())
        await told(3)
        expect((await holders()).at(-1)).not.toBe(before)

        // Ended in good order, it gives the Lease back before it goes.
        const third = start()
        expect(await second.end('SIGTERM')).toBe(0)
        expect((await holders()).at(-1)).toMatch(/^$|_/)
        await edit(3)
        await until('the third to hold the Lease', () => third.holds())
        await told(4)

        const all = await written()
        expect(all.filter((each, index) => all.indexOf(each) !== index)).toEqual([])
        expect(all.length).toBe(4 * objects)
        // The one that was killed released nothing, and the one that ended did.
        const changes = (await holders()).filter((each, index, list) => each !== list[index - 1])
        expect(changes.map((each) => each === '')).toEqual([false, false, true, false])
      },
    )

    /** A Lease as a replica has one, which looks at it every `retry` milliseconds. */
    async function keeper(
      identity: string,
      {
        kubeconfig,
        namespace,
        retry,
      }: { readonly kubeconfig: string; readonly namespace: string; readonly retry: number },
    ): Promise<LeaseKeeper> {
      const api = await kubernetesApi({ kubeconfig })
      const made = createLeaseKeeper({
        api,
        namespace,
        name: 'shadowplane',
        identity,
        pace: { duration: 3_600_000, deadline: 2_400_000, retry },
        clock: realClock,
        listener: { gained: () => undefined, trouble: () => undefined },
      })
      onTestFinished(async () => {
        await made.close()
        api.close()
      })
      made.start()
      return made
    }

    test.each([
      { how: 'by watching it', retry: 600_000, answer: undefined },
      { how: 'by looking, without a watch', retry: 200, answer: 403 },
    ])(
      'learn of a Lease that is released $how, with no more permissions than the installation has',
      async ({ retry, answer }) => {
        const { namespace, token } = await installedAccount(cluster)
        const proxy = await faultProxy(cluster.server)
        onTestFinished(() => proxy.close())
        proxy.inject(({ searchParams }) =>
          answer !== undefined && searchParams.has('watch') ? { kind: 'answer', status: answer } : undefined,
        )
        const place = {
          kubeconfig: await cluster.writeKubeconfig('keeper', { server: proxy.server, tls: 'skip', token }),
          namespace,
          retry,
        }
        const first = await keeper('first', place)
        await until('the first to hold the Lease', () => first.holds)
        const second = await keeper('second', place)
        const watches = () => proxy.requests.filter(({ searchParams }) => searchParams.has('watch'))
        await until('the second to watch', () => watches().length > 0)
        await first.close()
        await until('the second to hold the Lease', () => second.holds)
        expect([first.holds, watches().length]).toEqual([false, 1])
      },
    )

    test('stop writing while the API server is away, and one goes on when it is back', async () => {
      const replicas = [start(), start()]
      await until('one to hold the Lease', () => replicas.some((each) => each.holds()))
      const generation = 5
      await edit(4)
      await told(generation)
      await cluster.apiServer.kill()
      await until('nobody to hold the Lease', () => replicas.every((each) => !each.holds()))
      cluster.apiServer.start()
      await cluster.ready()
      await until('one to hold the Lease again', () => replicas.some((each) => each.holds()))
      await edit(5)
      await told(generation + 1)
      const all = await written()
      expect(all.filter((each, index) => all.indexOf(each) !== index)).toEqual([])
      expect(replicas.filter((each) => each.holds()).length).toBe(1)
    })
  },
)
