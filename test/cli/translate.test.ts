import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { command, shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { absentMessage, sharedFolder, sharedIsAbsent } from '../support/shared.ts'
import { missingFrom } from '../support/subset.ts'

interface Dump {
  readonly configs: readonly {
    readonly '@type': string
    readonly dynamic_route_configs?: readonly { readonly route_config: RouteConfiguration }[]
  }[]
}
interface RouteConfiguration {
  readonly name: string
  readonly virtual_hosts: readonly { readonly name: string; readonly routes: readonly unknown[] }[]
}

describe('the published cross-cluster scenario', () => {
  test.skipIf(sharedIsAbsent)('contains the published config dump, value by value', async () => {
    const scenario = join(sharedFolder, 'scenarios/istio-cross-cluster')
    const manifest = (name: string): string =>
      readFileSync(join(scenario, 'manifests', name), 'utf8').replace('47.95.XX.XX', '192.0.2.7')
    const folder = folderWith({
      '01.yaml': manifest('01-cluster-b-httpbin.yaml'),
      '03.yaml': manifest('03-cluster-a-serviceentry.yaml'),
      '04.yaml': manifest('04-cluster-a-gateway-and-virtualservice.yaml'),
      'subset.yaml': `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: httpbin}
spec: {host: httpbin, subsets: [{name: v1, labels: {version: v1}}]}
`,
    })
    const { status, stdout, stderr } = await shadowplane([
      'translate',
      '-f',
      folder,
      '--role',
      'gateway',
      '--labels',
      'istio=ingressgateway',
      '--type',
      'routes',
    ])
    const wanted: unknown = JSON.parse(
      readFileSync(join(scenario, 'expected/config-dump-route.json'), 'utf8'),
    )
    const configuration = routeConfigurations(JSON.parse(stdout) as Dump).find(
      ({ name }) => name === 'http.80',
    )
    expect(missingFrom(configuration?.virtual_hosts[0]?.routes[0], wanted)).toEqual([])
    expect(stderr).not.toContain(' error ')
    expect(status).toBe(0)
  })

  test.runIf(sharedIsAbsent)(`skipped: ${absentMessage}`, () => {
    expect(sharedIsAbsent).toBe(true)
  })
})

describe('the DNS domain of the cluster', () => {
  const shop = `apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: shop, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop.default.svc.example.org]
  http: [{route: [{destination: {host: shop}}], mirror: {host: shop.default.svc.example.org}}]
`

  test('is that of --domain, for every command that reads a configuration', async () => {
    const folder = folderWith({ 'shop.yaml': shop })
    const domain = ['--domain', 'example.org']
    const translated = await shadowplane([
      'translate',
      '-f',
      folder,
      '--role',
      'sidecar',
      '--type',
      'routes',
      ...domain,
    ])
    expect(translated.stdout).toContain('"cluster": "outbound|80||shop.default.svc.example.org"')
    expect(translated.stdout).not.toContain('cluster.local')
    const explained = await shadowplane([
      'explain',
      'http://shop.default.svc.example.org/',
      '-f',
      folder,
      '--role',
      'sidecar',
      ...domain,
    ])
    expect(explained.stdout).toContain('outbound|80||shop.default.svc.example.org')
    const validated = await shadowplane(['validate', '-f', folder, ...domain])
    expect(validated.stdout).not.toContain('unknown-host')
    expect((await shadowplane(['validate', '-f', folder])).stdout).toContain('mirror/unknown-host')
  })

  test('does not hide the Service that leads to the address of a gateway', async () => {
    const gateway =
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {selector: {app: ' +
      'shop}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}\n'
    const folder = folderWith({ 'shop.yaml': `${shop}---\n${gateway}` })
    const names = async (...flags: readonly string[]): Promise<readonly string[]> => {
      const { stdout } = await shadowplane([
        'translate',
        '-f',
        folder,
        '--type',
        'routes',
        '--role',
        'gateway',
        '--domain',
        'example.org',
        ...flags,
      ])
      return routeConfigurations(JSON.parse(stdout) as Dump).map(({ name }) => name)
    }
    expect(await names('--ip', '10.0.0.1')).toEqual(['http.8080'])
    expect(await names('--ip', '10.0.0.2')).toEqual(['http.80'])
  })
})

const routed = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop}
spec:
  hosts: [shop.example.org]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 192.0.2.1}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop.example.org]
  http:
  - route: [{destination: {host: shop.example.org}}]
    mirror: {host: nowhere.example.org}
`

test('what can be served is printed although there are errors, which go to standard error', async () => {
  const { status, stdout, stderr } = await command(
    ['translate', '-f', '-', '--role', 'sidecar', '--type', 'routes'],
    { input: routed },
  )
  const routes = routeConfigurations(JSON.parse(stdout) as Dump)
  expect(routes.map(({ name }) => name)).toEqual(['80'])
  expect(routes[0]?.virtual_hosts.map(({ name }) => name)).toEqual(['shop.example.org:80', 'block_all'])
  expect(stdout).not.toContain('request_mirror_policies')
  expect(stderr).toContain('<stdin>:17:20 error mirror/unknown-host')
  expect(status).toBe(1)
})

test('YAML holds the same as JSON', async () => {
  const [json, yaml] = await Promise.all(
    ['json', 'yaml'].map((format) =>
      command(['translate', '-f', '-', '--role', 'sidecar', '-o', format], { input: routed }),
    ),
  )
  expect(parse(yaml?.stdout ?? '')).toEqual(JSON.parse(json?.stdout ?? ''))
  expect(
    (JSON.parse(json?.stdout ?? '') as Dump).configs.map((each) => each['@type'].split('.').at(-1)),
  ).toEqual(['ClustersConfigDump', 'EndpointsConfigDump', 'ListenersConfigDump', 'RoutesConfigDump'])
})

function routeConfigurations(dump: Dump): readonly RouteConfiguration[] {
  return dump.configs.flatMap((each) => each.dynamic_route_configs ?? []).map((each) => each.route_config)
}
