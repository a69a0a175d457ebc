import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import type { ControlPlane, ControlPlaneEvent } from '../../src/control-plane/control-plane.ts'
import type { Settings } from '../../src/model/settings.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { startCluster, until } from './support/cluster.ts'
import type { Cluster } from './support/cluster.ts'
import { apply, definitionsIn, install } from './support/definitions.ts'
import { faultProxy } from './support/fault-proxy.ts'
import { installedAccount } from './support/installed-account.ts'

const missing = process.env['SHADOWPLANE_NO_API_SERVER'] ?? (sharedIsAbsent ? absentMessage : undefined)
const controller = 'shadowplane.io/gateway-controller'
const kinds = {
  GatewayClass: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    folder: '/apis/gateway.networking.k8s.io/v1/gatewayclasses',
  },
  Gateway: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    folder: '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways',
  },
  HTTPRoute: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    folder: '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes',
  },
  Service: { apiVersion: 'v1', folder: '/api/v1/namespaces/default/services' },
  VirtualService: {
    apiVersion: 'networking.istio.io/v1',
    folder: '/apis/networking.istio.io/v1/namespaces/default/virtualservices',
  },
} as const
const writes = 'shadowplane_kubernetes_statuses_total{outcome="written"}'
const eventFolder = '/apis/events.k8s.io/v1/namespaces/default/events'

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
  readonly lastTransitionTime: string
}

interface Seen {
  readonly metadata: { readonly resourceVersion: string; readonly generation: number; readonly uid: string }
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly supportedFeatures?: readonly { readonly name: string }[]
    readonly addresses?: readonly { readonly type: string; readonly value: string }[]
    readonly loadBalancer?: object
    readonly listeners?: readonly {
      readonly name: string
      readonly attachedRoutes: number
      readonly supportedKinds: readonly unknown[]
      readonly conditions: readonly Condition[]
    }[]
    readonly parents?: readonly {
      readonly controllerName: string
      readonly parentRef: { readonly name: string }
      readonly conditions: readonly Condition[]
    }[]
    readonly validationMessages?: readonly unknown[]
  }
}

describe.skipIf(missing !== undefined)(
  `status and Events${missing === undefined ? '' : ` (SKIPPED: ${missing})`}`,
  () => {
    let cluster: Cluster

    beforeAll(async () => {
      cluster = await startCluster()
      for (const folder of ['gateway-api/standard', 'istio'])
        await install(cluster.api, await definitionsIn(folder))
      await put('Service', { name: 'shop' }, { ports: [{ name: 'http', port: 80 }] })
      await put(
        'Service',
        { name: 'edge-proxies' },
        {
          selector: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
          ports: [{ name: 'http', port: 80 }],
        },
      )
      await put('GatewayClass', { name: 'ours' }, { controllerName: controller })
      await put('GatewayClass', { name: 'theirs' }, { controllerName: 'example.com/other' })
      await put('Gateway', { name: 'edge' }, gateway('ours'))
    })

    afterAll(async () => {
      await cluster?.close()
    })

    async function put(
      kind: keyof typeof kinds,
      metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> },
      spec: object,
    ): Promise<void> {
      const { apiVersion, folder } = kinds[kind]
      await apply(cluster.api, folder, { apiVersion, kind, metadata, spec } as never)
    }

    const gateway = (gatewayClassName: string) => ({
      gatewayClassName,
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
    })
    const route = (rules: readonly unknown[], gateways: readonly string[] = ['edge']) => ({
      parentRefs: gateways.map((name) => ({ name })),
      rules,
    })
    const putRoute = (name: string, spec: object) => put('HTTPRoute', { name }, spec)

    async function get(path: string): Promise<Seen> {
      return (await cluster.api.request({ path })).value as object as Seen
    }

    async function serving(
      settings: Partial<Settings> = { gatewayControllers: [controller] },
      { kubeconfig = cluster.kubeconfig, leaseNamespace = 'default', surveyEvery = 600_000 } = {},
    ): Promise<{ readonly plane: ControlPlane; readonly events: readonly ControlPlaneEvent[] }> {
      const events: ControlPlaneEvent[] = []
      const plane = await startControlPlane(
        {
          paths: [],
          kubernetes: { kubeconfig, namespaces: [] },
          listen: '127.0.0.1:0',
          admin: '127.0.0.1:0',
          settings: { ...defaultSettings, ...settings },
          writeback: {
            leaseNamespace,
            surveyEvery,
            leasePace: { duration: 3_000, deadline: 2_000, retry: 200 },
          },
        },
        (event) => {
          events.push(event)
        },
      )
      onTestFinished(() => plane.close())
      return { plane, events }
    }

    const shown = (conditions: readonly Condition[] = []): readonly string[] =>
      conditions.map(
        ({ type, status, reason, observedGeneration }) => `${type} ${status} ${reason} ${observedGeneration}`,
      )
    const ofRoute = async (name: string): Promise<readonly string[]> =>
      shown(
        (await get(`${kinds.HTTPRoute.folder}/${name}`)).status?.parents?.find(
          ({ controllerName }) => controllerName === controller,
        )?.conditions,
      )

    /** Until the API says it; then nothing is written any more. */
    async function says(what: string, look: () => Promise<unknown>, expected: unknown): Promise<void> {
      let last: unknown
      await until(
        () => `${what} to be ${JSON.stringify(expected)}, last ${JSON.stringify(last)}`,
        async () => {
          last = await look()
          return JSON.stringify(last) === JSON.stringify(expected)
        },
      )
    }

    async function metric(plane: ControlPlane, name: string): Promise<number> {
      const text = await (await fetch(`http://${plane.adminAddress}/metrics`)).text()
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.slice(name.length + 1),
      )
    }

    /** Everything has been reported. */
    async function quiet(plane: ControlPlane): Promise<void> {
      await until(
        'nothing to be left to write',
        async () =>
          (await metric(plane, 'shadowplane_kubernetes_leader')) === 1 &&
          (await metric(plane, 'shadowplane_kubernetes_writes_waiting')) === 0,
      )
    }

    test('of a GatewayClass, a Gateway and its listeners, and routes stand in the API, of their generation', async () => {
      await putRoute('good', route([{ backendRefs: [{ name: 'shop', port: 80 }] }]))
      await putRoute('no-backend', route([{ backendRefs: [{ name: 'nothing', port: 80 }] }]))
      await putRoute(
        'not-permitted',
        route([{ backendRefs: [{ name: 'shop', namespace: 'elsewhere', port: 80 }] }]),
      )
      const { plane } = await serving()
      await says(
        'the class',
        async () => shown((await get(`${kinds.GatewayClass.folder}/ours`)).status?.conditions),
        ['Accepted True Accepted 1'],
      )
      await says('good', () => ofRoute('good'), [
        'Accepted True Accepted 1',
        'ResolvedRefs True ResolvedRefs 1',
      ])
      await says('no-backend', () => ofRoute('no-backend'), [
        'Accepted True Accepted 1',
        'ResolvedRefs False BackendNotFound 1',
      ])
      await says('not-permitted', () => ofRoute('not-permitted'), [
        'Accepted True Accepted 1',
        'ResolvedRefs False RefNotPermitted 1',
      ])
      await says(
        'the listener',
        async () =>
          (await get(`${kinds.Gateway.folder}/edge`)).status?.listeners?.map(({ name, attachedRoutes }) => [
            name,
            attachedRoutes,
          ]),
        [['http', 3]],
      )
      const edge = await get(`${kinds.Gateway.folder}/edge`)
      expect(shown(edge.status?.conditions)).toEqual([
        'Accepted True Accepted 1',
        'Programmed True Programmed 1',
      ])
      expect(shown(edge.status?.listeners?.[0]?.conditions)).toEqual([
        'Accepted True Accepted 1',
        'Conflicted False NoConflicts 1',
        'ResolvedRefs True ResolvedRefs 1',
        'Programmed True Programmed 1',
      ])
      expect(edge.status?.listeners?.[0]?.supportedKinds).toEqual(
        ['HTTPRoute', 'GRPCRoute'].map((kind) => ({ group: 'gateway.networking.k8s.io', kind })),
      )

      // An edit moves the generation and keeps the time of what has not changed.
      const before = await get(`${kinds.HTTPRoute.folder}/no-backend`)
      await putRoute('no-backend', route([{ backendRefs: [{ name: 'shop', port: 80 }] }]))
      await says('no-backend', () => ofRoute('no-backend'), [
        'Accepted True Accepted 2',
        'ResolvedRefs True ResolvedRefs 2',
      ])
      const after = await get(`${kinds.HTTPRoute.folder}/no-backend`)
      expect(after.status?.parents?.[0]?.conditions[0]?.lastTransitionTime).toBe(
        before.status?.parents?.[0]?.conditions[0]?.lastTransitionTime,
      )
      await cluster.api.request({ path: `${kinds.HTTPRoute.folder}/not-permitted`, method: 'DELETE' })
      await says(
        'the listener',
        async () =>
          (await get(`${kinds.Gateway.folder}/edge`)).status?.listeners?.map(
            ({ attachedRoutes }) => attachedRoutes,
          ),
        [2],
      )
      await quiet(plane)
      expect(await metric(plane, 'shadowplane_kubernetes_statuses_total{outcome="failed"}')).toBe(0)
    })

    test(
      'of a GatewayClass lists the features, and of a Gateway the addresses of the Service that ' +
        'selects its proxies',
      async () => {
        expect((await get(`${kinds.GatewayClass.folder}/ours`)).status?.supportedFeatures).toContainEqual({
          name: 'HTTPRouteRequestMirror',
        })
        const addresses = async () => {
          const { status } = await get(`${kinds.Gateway.folder}/edge`)
          return [
            status?.addresses?.map(({ type, value }) => `${type} ${value}`) ?? [],
            status?.conditions?.find(({ type }) => type === 'Programmed')?.reason,
          ]
        }
        const path = `${kinds.Service.folder}/edge-proxies`
        const service = async () =>
          (await cluster.api.request({ path })).value as { readonly spec: { readonly clusterIP: string } }
        const { clusterIP } = (await service()).spec
        const { plane } = await serving()
        await says('the cluster address', addresses, [[`IPAddress ${clusterIP}`], 'Programmed'])
        await put(
          'Service',
          { name: 'edge-proxies' },
          {
            type: 'LoadBalancer',
            selector: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
            ports: [{ name: 'http', port: 80 }],
          },
        )
        const body = {
          ...(await service()),
          status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }, { hostname: 'lb.example' }] } },
        }
        await cluster.api.request({ path: `${path}/status`, method: 'PUT', body })
        await says('the addresses of the load balancer', addresses, [
          ['IPAddress 192.0.2.7', 'Hostname lb.example'],
          'Programmed',
        ])
        await cluster.api.request({ path, method: 'DELETE' })
        await says('no address', addresses, [[], 'AddressNotAssigned'])
        await put(
          'Service',
          { name: 'edge-proxies' },
          {
            selector: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
            ports: [{ name: 'http', port: 80 }],
          },
        )
        await says('an address again', async () => (await addresses())[1], 'Programmed')
        await quiet(plane)
        expect(await metric(plane, 'shadowplane_kubernetes_statuses_total{outcome="failed"}')).toBe(0)
      },
    )

    test('is not written again when it is so already', async () => {
      const paths = [
        `${kinds.GatewayClass.folder}/ours`,
        `${kinds.Gateway.folder}/edge`,
        `${kinds.HTTPRoute.folder}/good`,
        `${kinds.HTTPRoute.folder}/no-backend`,
      ]
      const versions = async () =>
        (await Promise.all(paths.map(get))).map(({ metadata }) => metadata.resourceVersion)
      const before = await versions()
      const { plane } = await serving()
      await quiet(plane)
      await until(
        'all to be looked at',
        async () =>
          (await metric(plane, 'shadowplane_kubernetes_statuses_total{outcome="equal"}')) >= paths.length,
      )
      expect(await metric(plane, writes)).toBe(0)
      expect(await versions()).toEqual(before)
    })

    test('says nothing of what another controller has, and keeps what that says', async () => {
      await put(
        'Gateway',
        { name: 'foreign' },
        { gatewayClassName: 'theirs', listeners: [{ name: 'tcp', port: 80, protocol: 'TCP' }] },
      )
      await putRoute('both', route([{ backendRefs: [{ name: 'shop', port: 80 }] }], ['foreign', 'edge']))
      await putRoute('foreign-only', route([{ backendRefs: [{ name: 'nothing', port: 80 }] }], ['foreign']))
      const theirs = {
        controllerName: 'example.com/other',
        parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'foreign' },
        conditions: [
          {
            type: 'Accepted',
            status: 'True',
            reason: 'Accepted',
            message: 'theirs',
            lastTransitionTime: '2020-01-01T00:00:00Z',
            observedGeneration: 1,
          },
        ],
      }
      const stale = {
        ...theirs,
        controllerName: controller,
        parentRef: { ...theirs.parentRef, name: 'gone' },
      }
      const both = await cluster.api.request({ path: `${kinds.HTTPRoute.folder}/both` })
      await cluster.api.request({
        path: `${kinds.HTTPRoute.folder}/both/status`,
        method: 'PUT',
        body: { ...(both.value as object), status: { parents: [theirs, stale] } },
      })
      const { plane, events } = await serving()
      await says(
        'both',
        async () =>
          (await get(`${kinds.HTTPRoute.folder}/both`)).status?.parents?.map(
            ({ controllerName, parentRef }) => `${controllerName} ${parentRef.name}`,
          ),
        ['example.com/other foreign', `${controller} edge`],
      )
      await quiet(plane)
      expect((await get(`${kinds.HTTPRoute.folder}/both`)).status?.parents?.[0]).toEqual(theirs)
      expect(
        (await get(`${kinds.Gateway.folder}/foreign`)).status?.conditions?.map(({ reason }) => reason),
      ).toEqual(['Pending', 'Pending'])
      expect(
        (await get(`${kinds.GatewayClass.folder}/theirs`)).status?.conditions?.map(({ reason }) => reason),
      ).toEqual(['Pending'])
      expect((await get(`${kinds.HTTPRoute.folder}/foreign-only`)).status).toBeUndefined()
      const told = events
        .flatMap((event) => (event.kind === 'diagnostics' ? event.added : []))
        .filter(({ text }) => text.includes('foreign'))
      expect(told).toEqual([])
      for (const name of ['both', 'foreign-only'])
        await cluster.api.request({ path: `${kinds.HTTPRoute.folder}/${name}`, method: 'DELETE' })
    })

    test(
      'is read again where somebody else writes at the same time, and tried again where the server ' +
        'refuses',
      async () => {
        const proxy = await faultProxy(cluster.server)
        onTestFinished(() => proxy.close())
        const answers = [409, 409, 503, 429]
        proxy.inject(({ pathname }) => {
          const status = pathname.endsWith('/no-backend/status') ? answers.shift() : undefined
          return status === undefined
            ? undefined
            : {
                kind: 'answer',
                status,
                body: JSON.stringify({ kind: 'Status', code: status, message: 'not now' }),
              }
        })
        const { plane, events } = await serving(undefined, {
          kubeconfig: await cluster.writeKubeconfig('conflicts', { server: proxy.server, tls: 'skip' }),
        })
        await quiet(plane)
        const before = await metric(plane, writes)
        await putRoute('no-backend', route([{ backendRefs: [{ name: 'nothing', port: 80 }] }]))
        await says('no-backend', () => ofRoute('no-backend'), [
          'Accepted True Accepted 3',
          'ResolvedRefs False BackendNotFound 3',
        ])
        await quiet(plane)
        expect(await metric(plane, 'shadowplane_kubernetes_conflicts_total')).toBe(2)
        expect(await metric(plane, 'shadowplane_kubernetes_statuses_total{outcome="failed"}')).toBe(2)
        expect((await metric(plane, writes)) - before).toBe(1)
        expect(events.filter(({ kind }) => kind === 'write-failed')).toEqual([
          { kind: 'write-failed', reason: expect.stringContaining('503: not now') as string },
          { kind: 'write-failed', reason: undefined },
        ])
      },
    )

    test('of a refused edit says that the last good version is in force', async () => {
      const { plane } = await serving()
      await says('good', () => ofRoute('good'), [
        'Accepted True Accepted 1',
        'ResolvedRefs True ResolvedRefs 1',
      ])
      await putRoute(
        'good',
        route([
          {
            matches: [{ path: { type: 'RegularExpression', value: '(' } }],
            backendRefs: [{ name: 'shop', port: 80 }],
          },
        ]),
      )
      await says('good', () => ofRoute('good'), [
        'Accepted True Accepted 2',
        'ResolvedRefs True ResolvedRefs 2',
        'PartiallyInvalid True UnsupportedValue 2',
      ])
      const message = (await get(`${kinds.HTTPRoute.folder}/good`)).status?.parents?.[0]?.conditions[2]
        ?.message
      expect(message).toMatch(/^Fall Back: the last good version stays in force: /)
      await putRoute('good', route([{ backendRefs: [{ name: 'shop', port: 80 }] }]))
      await says('good', () => ofRoute('good'), [
        'Accepted True Accepted 3',
        'ResolvedRefs True ResolvedRefs 3',
      ])
      await quiet(plane)
    })

    const wrong = {
      hosts: ['shop'],
      http: [
        {
          route: [{ destination: { host: 'shop' } }],
          mirror: { host: 'shop' },
          mirrorPercentage: { value: 150 },
        },
      ],
    }

    interface EventSeen {
      readonly reason: string
      readonly type: string
      readonly note: string
      readonly metadata: { readonly name: string; readonly resourceVersion: string }
      readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string }
      readonly series?: { readonly count: number }
    }

    async function eventsOf(name: string): Promise<readonly EventSeen[]> {
      const { value } = await cluster.api.request({ path: eventFolder })
      return (value as object as { readonly items: readonly EventSeen[] }).items
        .filter(({ regarding }) => regarding.name === name)
        .toSorted((a, b) => (a.reason < b.reason ? -1 : 1))
    }

    test('Events tell of mistakes in objects whose status another controller may be writing', async () => {
      await put('VirtualService', { name: 'wrong' }, wrong)
      const first = await serving()
      await until('the Event', async () => (await eventsOf('wrong')).length > 0)
      await quiet(first.plane)
      const object = await get(`${kinds.VirtualService.folder}/wrong`)
      const seen = await eventsOf('wrong')
      expect(seen).toContainEqual(
        expect.objectContaining({
          type: 'Warning',
          reason: 'MirrorPercentageOutOfRange',
          regarding: expect.objectContaining({
            kind: 'VirtualService',
            name: 'wrong',
            uid: object.metadata.uid,
          }) as object,
          note: expect.stringMatching(
            /^spec\.http\[0\]\.mirrorPercentage\.value: VirtualService default\/wrong: .*\[mirror\/percentage-out-of-range\]$/,
          ) as string,
        }),
      )
      expect(object.status).toBeUndefined()

      // It goes and comes again: the same Event, a series.
      await put(
        'VirtualService',
        { name: 'wrong' },
        { ...wrong, http: [{ route: [{ destination: { host: 'shop' } }] }] },
      )
      await until('its resolution', () =>
        first.events.some(
          (event) =>
            event.kind === 'diagnostics' &&
            event.resolved.some(({ code }) => code === 'mirror/percentage-out-of-range'),
        ),
      )
      await put('VirtualService', { name: 'wrong' }, wrong)
      await until('the series', async () =>
        (await eventsOf('wrong')).some(
          ({ reason, series }) => reason === 'MirrorPercentageOutOfRange' && series?.count === 2,
        ),
      )
      await quiet(first.plane)
      await first.plane.close()

      // Another replica, or the same after a restart, has nothing to add.
      const before = await eventsOf('wrong')
      const second = await serving()
      await until(
        'it to be looked at',
        async () =>
          (await metric(second.plane, 'shadowplane_kubernetes_events_total{outcome="told"}')) >=
          before.length,
      )
      await quiet(second.plane)
      expect(await eventsOf('wrong')).toEqual(before)
      await cluster.api.request({ path: `${kinds.VirtualService.folder}/wrong`, method: 'DELETE' })
    })

    test(
      'of a VirtualService of our revision stands in its status, and one of another revision is not ' +
        'read',
      async () => {
        await put('VirtualService', { name: 'mine', labels: { 'istio.io/rev': 'blue' } }, wrong)
        await put('VirtualService', { name: 'others', labels: { 'istio.io/rev': 'green' } }, wrong)
        const { plane, events } = await serving({ gatewayControllers: [controller], revision: 'blue' })
        await says(
          'mine',
          async () => shown((await get(`${kinds.VirtualService.folder}/mine`)).status?.conditions),
          ['Accepted False Errors 1'],
        )
        expect((await get(`${kinds.VirtualService.folder}/mine`)).status?.validationMessages).toContainEqual({
          level: 'ERROR',
          type: { code: 'mirror/percentage-out-of-range', name: 'mirror/percentage-out-of-range' },
        })
        await quiet(plane)
        expect((await get(`${kinds.VirtualService.folder}/others`)).status).toBeUndefined()
        expect(await eventsOf('others')).toEqual([])
        expect(
          events
            .flatMap((event) => (event.kind === 'diagnostics' ? event.added : []))
            .filter(({ text }) => text.includes('default/others')),
        ).toEqual([])
        // Labelled for another, it is let go of.
        await put('VirtualService', { name: 'mine', labels: { 'istio.io/rev': 'green' } }, wrong)
        await until('it to be let go of', () =>
          events.some(
            (event) =>
              event.kind === 'diagnostics' &&
              event.resolved.some(({ text }) => text.includes('default/mine')),
          ),
        )
        await says('mine', async () => (await get(`${kinds.VirtualService.folder}/mine`)).status, undefined)
      },
    )

    test(
      'of others costs a list of the kind when the Lease is had, and of each object nothing, also ' +
        'where pages of the list expire',
      async () => {
        const names = Array.from({ length: 501 }, (_, index) => `many-${index}`)
        const queue = [...names]
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
              await cluster.api.request({
                path: kinds.HTTPRoute.folder,
                method: 'POST',
                body: {
                  apiVersion: kinds.HTTPRoute.apiVersion,
                  kind: 'HTTPRoute',
                  metadata: { name },
                  spec: route([{}], ['foreign']),
                },
              })
            }
          }),
        )
        const proxy = await faultProxy(cluster.server)
        onTestFinished(() => proxy.close())
        const { plane } = await serving(undefined, {
          kubeconfig: await cluster.writeKubeconfig('many', { server: proxy.server, tls: 'skip' }),
        })
        await quiet(plane)
        const list = '/apis/gateway.networking.k8s.io/v1/httproutes'
        const seen = () =>
          proxy.requests
            .filter(({ pathname }) => pathname.includes('httproutes'))
            .map(({ pathname, searchParams }) => [
              pathname,
              searchParams.has('continue') ? 'next' : searchParams.get('limit'),
            ])
        expect(seen().filter(([path]) => path !== list)).toEqual([])
        const equal = await metric(plane, 'shadowplane_kubernetes_statuses_total{outcome="equal"}')
        expect(equal).toBeGreaterThan(names.length)
        expect(await metric(plane, writes)).toBe(0)
        await plane.close()

        // The source has read its pages by then, so that the second one is the survey's.
        let pages = 0
        proxy.inject(({ pathname, searchParams }) =>
          pathname === list && searchParams.has('continue') && (pages += 1) === 2
            ? {
                kind: 'answer',
                status: 410,
                body: JSON.stringify({ kind: 'Status', code: 410, message: 'expired' }),
              }
            : undefined,
        )
        const second = await serving(undefined, {
          kubeconfig: await cluster.writeKubeconfig('many', { server: proxy.server, tls: 'skip' }),
        })
        await quiet(second.plane)
        expect(pages).toBe(2)
        expect(
          await metric(second.plane, 'shadowplane_kubernetes_statuses_total{outcome="equal"}'),
        ).toBeGreaterThan(equal)
        expect(
          await metric(second.plane, 'shadowplane_kubernetes_status_lists_total{outcome="failed"}'),
        ).toBe(0)
        await cluster.api.request({
          path: kinds.HTTPRoute.folder,
          method: 'DELETE',
          query: { fieldSelector: 'metadata.name!=good,metadata.name!=no-backend' },
        })
      },
    )

    test('that somebody else has changed is put right without an edit', async () => {
      const { plane } = await serving(undefined, { surveyEvery: 300 })
      await says('good', () => ofRoute('good'), [
        'Accepted True Accepted 3',
        'ResolvedRefs True ResolvedRefs 3',
      ])
      const object = await cluster.api.request({ path: `${kinds.HTTPRoute.folder}/good` })
      await cluster.api.request({
        path: `${kinds.HTTPRoute.folder}/good/status`,
        method: 'PUT',
        body: { ...(object.value as object), status: { parents: [] } },
      })
      await says('good', () => ofRoute('good'), [
        'Accepted True Accepted 3',
        'ResolvedRefs True ResolvedRefs 3',
      ])
      await quiet(plane)
      expect(await metric(plane, writes)).toBe(1)
    })

    test('of a Gateway that moves to the class of another controller goes, and what that one says stays', async () => {
      const pending = ['Accepted Unknown Pending undefined', 'Programmed Unknown Pending undefined']
      const ofGateway = async (name: string) =>
        shown((await get(`${kinds.Gateway.folder}/${name}`)).status?.conditions)
      for (const name of ['moves', 'moved', 'taken']) await put('Gateway', { name }, gateway('ours'))
      await putRoute('along', route([{}], ['moves', 'moved']))
      const gatewaysOf = async (name: string) =>
        (await get(`${kinds.HTTPRoute.folder}/${name}`)).status?.parents?.map(
          ({ parentRef }) => parentRef.name,
        )
      const first = await serving()
      for (const name of ['moves', 'moved', 'taken'])
        await says(name, () => ofGateway(name), [
          'Accepted True Accepted 1',
          'Programmed False AddressNotAssigned 1',
        ])
      // While somebody looks, its conditions are those of a Gateway that no controller has seen.
      await put('Gateway', { name: 'moves' }, gateway('theirs'))
      await says('moves', () => ofGateway('moves'), pending)
      expect((await get(`${kinds.Gateway.folder}/moves`)).status?.listeners).toBeUndefined()
      await says('its route', () => gatewaysOf('along'), ['moved'])
      await quiet(first.plane)
      await first.plane.close()

      // While nobody does, one of them without a word of its new controller, and one with some.
      for (const name of ['moved', 'taken']) await put('Gateway', { name }, gateway('theirs'))
      const { value } = await cluster.api.request({ path: `${kinds.Gateway.folder}/taken` })
      const taken = value as object as {
        readonly status: {
          readonly conditions: readonly Condition[]
          readonly listeners: readonly { readonly conditions: readonly Condition[] }[]
        }
      }
      const again = (conditions: readonly Condition[]) =>
        conditions.map((each) => ({ ...each, observedGeneration: 2 }))
      const status = {
        ...taken.status,
        conditions: [...again(taken.status.conditions.slice(0, 1)), ...taken.status.conditions.slice(1)],
        listeners: taken.status.listeners.map((each) => ({ ...each, conditions: again(each.conditions) })),
      }
      await cluster.api.request({
        path: `${kinds.Gateway.folder}/taken/status`,
        query: { fieldManager: 'theirs' },
        method: 'PUT',
        body: { ...taken, status },
      })
      const second = await serving()
      await says('moved', () => ofGateway('moved'), pending)
      await says('its route', () => gatewaysOf('along'), [])
      await says('taken', () => ofGateway('taken'), ['Accepted True Accepted 2'])
      expect((await get(`${kinds.Gateway.folder}/taken`)).status?.listeners).toEqual(status.listeners)
      await quiet(second.plane)
      const before = await metric(second.plane, writes)
      await second.plane.close()
      const third = await serving()
      await quiet(third.plane)
      expect([before, await metric(third.plane, writes)]).toEqual([3, 0])
      for (const name of ['moves', 'moved', 'taken'])
        await cluster.api.request({ path: `${kinds.Gateway.folder}/${name}`, method: 'DELETE' })
      await cluster.api.request({ path: `${kinds.HTTPRoute.folder}/along`, method: 'DELETE' })
    })

    test('needs no more permissions than the installation has', async () => {
      const { namespace, token } = await installedAccount(cluster)
      await put('VirtualService', { name: 'wrong', labels: { 'istio.io/rev': 'blue' } }, wrong)
      await putRoute('good', route([{ backendRefs: [{ name: 'nothing', port: 80 }] }]))
      await put('VirtualService', { name: 'unlabelled' }, wrong)
      const { plane, events } = await serving(
        { gatewayControllers: [controller], revision: 'blue' },
        { kubeconfig: await cluster.writeKubeconfig('installed', { token }), leaseNamespace: namespace },
      )
      await says(
        'wrong',
        async () => shown((await get(`${kinds.VirtualService.folder}/wrong`)).status?.conditions),
        ['Accepted False Errors 1'],
      )
      await until('ResolvedRefs', async () =>
        (await ofRoute('good')).some((each) => each.startsWith('ResolvedRefs False BackendNotFound')),
      )
      await until('the Event', async () => (await eventsOf('unlabelled')).length > 0)
      await quiet(plane)
      expect(events.filter(({ kind }) => kind === 'outage' || kind === 'write-failed')).toEqual([])
    })
  },
)
