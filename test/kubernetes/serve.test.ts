import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { tlsManifests, secretManifest } from '../../bench/support/tls/tls-manifests.ts'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import type { ControlPlane, ControlPlaneEvent } from '../../src/control-plane/control-plane.ts'
import { node } from '../../src/envoy/node.ts'
import type { ClusterConfig } from '../../src/sources/cluster/cluster-source.ts'
import { EnvoyDouble } from '../support/envoy-double.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { startCluster, until } from './support/cluster.ts'
import type { Cluster } from './support/cluster.ts'
import { apply, definitionsIn, install } from './support/definitions.ts'
import { faultProxy } from './support/fault-proxy.ts'

const missing = process.env['SHADOWPLANE_NO_API_SERVER'] ?? (sharedIsAbsent ? absentMessage : undefined)

const folders: Readonly<Record<string, string>> = {
  Service: '/api/v1/namespaces/default/services',
  Secret: '/api/v1/namespaces/default/secrets',
  EndpointSlice: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  Gateway: '/apis/networking.istio.io/v1/namespaces/default/gateways',
  VirtualService: '/apis/networking.istio.io/v1/namespaces/default/virtualservices',
  DestinationRule: '/apis/networking.istio.io/v1/namespaces/default/destinationrules',
}
const gateway = node({ role: 'gateway', namespace: 'default', labels: { istio: 'ingressgateway' } })

describe.skipIf(missing !== undefined)(
  `serve --kubernetes${missing === undefined ? '' : ` (SKIPPED: ${missing})`}`,
  () => {
    let cluster: Cluster

    beforeAll(async () => {
      cluster = await startCluster()
      await install(cluster.api, await definitionsIn('istio'))
      await applyText(tlsManifests('shop.example', 8443))
      const issued = createAuthority('test').issue({ name: 'shop.example', names: ['shop.example'] })
      await applyText(secretManifest({ name: 'shop-cert', issued }))
      await applyText(secretManifest({ name: 'not-named', issued }))
    })

    afterAll(async () => {
      await cluster?.close()
    })

    async function applyText(text: string): Promise<void> {
      for (const document of parseAllDocuments(text)) {
        const object = document.toJS() as {
          readonly kind: string
          readonly metadata: { readonly name: string }
        }
        // Addresses of loopback are refused.
        const json = JSON.stringify(object).replaceAll('127.0.0.1', '10.1.0.1')
        await apply(cluster.api, folders[object.kind] ?? '', JSON.parse(json) as typeof object)
      }
    }

    async function serving(config: ClusterConfig): Promise<{
      readonly plane: ControlPlane
      readonly events: readonly ControlPlaneEvent[]
      proxy(): EnvoyDouble
    }> {
      const events: ControlPlaneEvent[] = []
      const plane = await startControlPlane(
        {
          paths: [],
          kubernetes: config,
          listen: '127.0.0.1:0',
          admin: '127.0.0.1:0',
          settings: defaultSettings,
        },
        (event) => {
          events.push(event)
        },
      )
      const proxies: EnvoyDouble[] = []
      onTestFinished(async () => {
        await Promise.all(proxies.map((proxy) => proxy.close()))
        await plane.close()
      })
      return {
        plane,
        events,
        proxy: () => {
          const proxy = new EnvoyDouble(plane.xdsAddress, { mode: 'delta', node: gateway })
          proxies.push(proxy)
          return proxy
        },
      }
    }

    test('serves what stands in the cluster, reads no Secret but those that are named, and follows an edit', async () => {
      const proxy = await faultProxy(cluster.server)
      onTestFinished(() => proxy.close())
      const { plane, proxy: connect } = await serving({
        kubeconfig: await cluster.writeKubeconfig('seen', { server: proxy.server, tls: 'skip' }),
        namespaces: [],
      })
      const secrets = new Set(
        proxy.requests
          .filter(({ pathname }) => pathname.includes('/secrets'))
          .map(({ pathname, searchParams }) => `${pathname} ${searchParams.get('fieldSelector')}`),
      )
      expect([...secrets].toSorted()).toEqual(
        ['shop-cert', 'shop-client', 'shop-client-cacert'].map(
          (name) => `/api/v1/namespaces/default/secrets metadata.name=${name}`,
        ),
      )
      const envoy = connect()
      await envoy.until('the routes', () => envoy.held('route').size > 0)
      const wanted = 'kubernetes://shop-cert'
      envoy.client.subscribe('secret', [wanted])
      await envoy.until('the Secret', () => envoy.held('secret').has(wanted))
      await apply(cluster.api, folders['VirtualService'] ?? '', {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'shop' },
        spec: {
          hosts: ['shop.example'],
          gateways: ['shop'],
          http: [
            {
              route: [{ destination: { host: 'shop' } }],
              mirror: { host: 'shop' },
              mirrorPercentage: { value: 12.5 },
            },
          ],
        },
      } as never)
      await envoy.until('the mirror', () =>
        JSON.stringify([...envoy.held('route').values(), ...envoy.held('virtual-host').values()]).includes(
          '"numerator":125000',
        ),
      )
      const metrics = await (await fetch(`http://${plane.adminAddress}/metrics`)).text()
      expect(metrics).toContain('shadowplane_kubernetes_synced{kind="networking.istio.io/VirtualService"} 1')
      expect(metrics).toContain('shadowplane_kubernetes_objects{kind="networking.istio.io/VirtualService"} 1')
    })

    test('shows a mistake by its object and field', async () => {
      const { events } = await serving({ kubeconfig: cluster.kubeconfig, namespaces: ['default'] })
      await apply(cluster.api, folders['VirtualService'] ?? '', {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'wrong' },
        spec: {
          hosts: ['wrong'],
          http: [
            {
              route: [{ destination: { host: 'shop' } }],
              mirror: { host: 'shop' },
              mirrorPercentage: { value: 150 },
            },
          ],
        },
      } as never)
      const told = (): readonly string[] =>
        events.flatMap((event) => (event.kind === 'diagnostics' ? event.added.map(({ text }) => text) : []))
      await until(
        () => `the mistake; told: ${told().join('\n')}`,
        () =>
          told().some((text) =>
            text.startsWith('VirtualService default/wrong spec.http[0].mirrorPercentage.value error '),
          ),
      )
      await cluster.api.request({ path: `${folders['VirtualService']}/wrong`, method: 'DELETE' })
      await until('its resolution', () =>
        events.some(
          (event) =>
            event.kind === 'diagnostics' && event.resolved.some(({ text }) => text.includes('default/wrong')),
        ),
      )
    })

    test('goes on with what it has while the API server is away, for proxies that come, too', async () => {
      const { plane, events, proxy } = await serving({ kubeconfig: cluster.kubeconfig, namespaces: [] })
      await cluster.apiServer.kill()
      await until('the outage', () =>
        events.some((event) => event.kind === 'outage' && event.reason !== undefined),
      )
      const envoy = proxy()
      await envoy.until('the routes', () => envoy.held('route').size > 0)
      expect((await fetch(`http://${plane.adminAddress}/readyz`)).status).toBe(200)
      cluster.apiServer.start()
      await cluster.ready()
      await until('its end', () => events.findLast((event) => event.kind === 'outage')?.reason === undefined)
    })

    test('waits for an API server that is away, and says so', async () => {
      const proxy = await faultProxy(cluster.server)
      onTestFinished(() => proxy.close())
      proxy.inject(() => ({ kind: 'answer', status: 503, body: '{"message":"not yet"}' }))
      const kubeconfig = await cluster.writeKubeconfig('away', { server: proxy.server, tls: 'skip' })
      const starting = serving({ kubeconfig, namespaces: [] })
      // Each path that is requested again has been answered with 503 before.
      const repeated = (): boolean =>
        [...Map.groupBy(proxy.requests, ({ pathname }) => pathname).values()].some((each) => each.length > 5)
      await until('requests to be repeated', repeated)
      proxy.inject(() => undefined)
      const { events } = await starting
      expect(events.findIndex(({ kind }) => kind === 'outage')).toBeLessThan(
        events.findIndex(({ kind }) => kind === 'listening'),
      )
      expect(events.find(({ kind }) => kind === 'outage')).toMatchObject({
        reason: expect.stringContaining('503: not yet') as string,
      })
    })

    test('with the permissions of one namespace alone, reads that one', async () => {
      const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }]
      const roles = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
      await apply(cluster.api, `${roles}/roles`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'reader' },
        rules,
      } as never)
      await apply(cluster.api, `${roles}/rolebindings`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
      } as never)
      await apply(cluster.api, '/api/v1/namespaces/default/serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'reader' },
      } as never)
      const { value } = await cluster.api.request({
        path: '/api/v1/namespaces/default/serviceaccounts/reader/token',
        method: 'POST',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      })
      const { token } = (value as { readonly status: { readonly token: string } }).status
      const { events, proxy } = await serving({
        kubeconfig: await cluster.writeKubeconfig('reader', { token }),
        namespaces: ['default'],
      })
      const envoy = proxy()
      await envoy.until('the routes', () => envoy.held('route').size > 0)
      expect(events.filter(({ kind }) => kind === 'outage')).toEqual([])
    })
  },
)
