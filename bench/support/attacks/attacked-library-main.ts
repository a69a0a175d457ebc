/**
 * A control plane on `shadowplane/xds` of a checkout: `node attacked-library-main.ts DIR`; takes `{ revision
 * }` over IPC, and says `listening HOST:PORT`.
 */
import { join } from 'node:path'
import type * as Library from '../../../src/library/index.ts'

const { any, createAdsServer, createResourceCache } = (await import(
  join(process.argv[2] ?? '', 'src/library/index.ts')
)) as typeof Library

const cache = createResourceCache()
const clusters = Array.from({ length: 300 }, (_, index) =>
  any('envoy.config.cluster.v3.Cluster', {
    name: `service-${index}`,
    type: 'EDS',
    connect_timeout: '1s',
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
  }),
)

function set(revision: string): void {
  const routes = any('envoy.config.route.v3.RouteConfiguration', {
    name: 'http.80',
    virtual_hosts: [
      {
        name: 'all',
        domains: ['*'],
        routes: [
          { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: revision } } },
        ],
      },
    ],
  })
  const host = any('envoy.config.route.v3.VirtualHost', { name: 'http.80/all', domains: ['*'], routes: [] })
  cache.set('bank', [...clusters, routes, host])
}

set('revision-000000-')
cache.set('shop', [
  ...clusters,
  any('envoy.config.route.v3.VirtualHost', { name: 'http.80/all', domains: ['*'], routes: [] }),
])
const server = createAdsServer({ cache, groupOf: ({ metadata }) => String(metadata?.['NAMESPACE']) })
process.on('message', (message) => {
  if (typeof message === 'object' && message !== null && 'revision' in message) set(String(message.revision))
})
console.log(`listening ${await server.listen('127.0.0.1:0')}`)
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0))
