import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { any, createAdsServer, createResourceCache } from '../../src/library/index.ts'
import { encodeInput } from '../../src/xds/proto.ts'
import { field } from '../../src/xds/wire.ts'

// An extension whose type is not bundled: Lua (default_source_code 3, a DataSource: inline_string 3).
const lua = (says: string) => ({
  type_url: 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
  value: field(
    3,
    field(3, `function envoy_on_request(handle) handle:respond({[":status"] = "200"}, "${says}") end`),
  ),
})

const listener = (says: string, port: number) => ({
  name: 'http',
  address: { socket_address: { address: '127.0.0.1', port_value: port } },
  filter_chains: [
    {
      filters: [
        {
          name: 'http',
          typed_config: any(
            'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
            {
              stat_prefix: 'http',
              route_config: { name: 'none' },
              http_filters: [
                { name: 'lua', typed_config: lua(says) },
                { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) },
              ],
            },
          ),
        },
      ],
    },
  ],
})

test.each([
  [
    'within a listener in JSON',
    (says: string, port: number) => any('envoy.config.listener.v3.Listener', listener(says, port)),
  ],
  [
    'within a listener that is encoded',
    (says: string, port: number) => ({
      type_url: 'type.googleapis.com/envoy.config.listener.v3.Listener',
      value: encodeInput('envoy.config.listener.v3.Listener', listener(says, port)),
    }),
  ],
] as const)(
  'a real Envoy runs an encoded extension, %s',
  async (_, made) => {
    const port = await freePort()
    const cache = createResourceCache()
    const server = createAdsServer({ cache, groupOf: ({ cluster = '' }) => cluster })
    onTestFinished(() => server.close())
    cache.set('edge', [made('hello from Lua', port)])
    const xds = await server.listen('127.0.0.1:0')
    const { path } = await findEnvoy({ env: process.env })
    const envoy = await startEnvoy({
      binary: path,
      bootstrap: bootstrap({
        ...defaultBootstrap,
        mode: 'delta',
        nodeCluster: 'edge',
        xds: { host: '127.0.0.1', port: Number(/\d+$/.exec(xds)?.[0]) },
      }),
    })
    onTestFinished(() => envoy.close())
    await envoy.ready()
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(10_000) })
    expect(await answer.text()).toBe('hello from Lua')
  },
  60_000,
)
