// A control plane of one's own: every line on standard input is what the gateway answers from then on.
import { createInterface } from 'node:readline'
import { any, createAdsServer, createResourceCache } from 'shadowplane/xds'

const [xds = '127.0.0.1:18000', port = '8080'] = process.argv.slice(2)
const cache = createResourceCache()

function answer(text: string): void {
  cache.set('edge', [
    any('envoy.config.listener.v3.Listener', {
      name: 'http',
      address: { socket_address: { address: '127.0.0.1', port_value: Number(port) } },
      filter_chains: [
        {
          filters: [
            {
              name: 'envoy.filters.network.http_connection_manager',
              typed_config: any(
                'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                {
                  stat_prefix: 'http',
                  rds: {
                    config_source: { ads: {}, resource_api_version: 'V3' },
                    route_config_name: 'routes',
                  },
                  http_filters: [
                    {
                      name: 'envoy.filters.http.router',
                      typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}),
                    },
                  ],
                },
              ),
            },
          ],
        },
      ],
    }),
    any('envoy.config.route.v3.RouteConfiguration', {
      name: 'routes',
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: text } } },
          ],
        },
      ],
    }),
  ])
}

answer('hello')
const server = createAdsServer({ cache, groupOf: (node) => node.cluster ?? '' })
console.log(`serving on ${await server.listen(xds)}`)
for await (const line of createInterface({ input: process.stdin })) answer(line)
await server.close()
