import { describe, expect, test } from 'vitest'
import type { Scope } from '../../../src/xds/scope.ts'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Configuration } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

/** A Sidecar whose `spec` begins at 5:3. */
function restricted(spec: string, metadata = 'name: limits'): string {
  return `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {${metadata}}
spec:
  ${spec.trim().replaceAll('\n', '\n  ')}
`
}

const mesh = `${service('reviews')}${service('ratings', [80, 9000])}${service('payments', [80], 'bank')}`

function hosts(configuration: Configuration, scope: Scope): readonly string[] {
  const names = [...configuration.resources(scope, 'cluster').keys()]
  return names.map((name) =>
    name.replace('outbound|', '').replace('.svc.cluster.local', '').replace('||', ' '),
  )
}

function virtualHosts(configuration: Configuration, scope: Scope): readonly string[] {
  return [...configuration.resources(scope, 'route').values()]
    .flatMap((each) =>
      'virtual_hosts' in each
        ? (each.virtual_hosts as readonly { name: string }[]).map(({ name }) => name)
        : [],
    )
    .map((name) => name.replace('.svc.cluster.local', ''))
}

describe('the egress hosts of a Sidecar', () => {
  test.each<readonly [string, readonly string[]]>([
    ['["*/*"]', ['80 payments.bank', '80 ratings.default', '80 reviews.default', '9000 ratings.default']],
    ['["./*"]', ['80 ratings.default', '80 reviews.default', '9000 ratings.default']],
    ['["bank/*"]', ['80 payments.bank']],
    ['["./reviews.default.svc.cluster.local"]', ['80 reviews.default']],
    [
      '["default/*.default.svc.cluster.local"]',
      ['80 ratings.default', '80 reviews.default', '9000 ratings.default'],
    ],
    [
      '["*/payments.bank.svc.cluster.local", "./reviews.default.svc.cluster.local"]',
      ['80 payments.bank', '80 reviews.default'],
    ],
    ['["bank/reviews.default.svc.cluster.local"]', []],
    ['["~/*"]', []],
    ['["*/*", "~bank/*"]', ['80 ratings.default', '80 reviews.default', '9000 ratings.default']],
    ['["~./ratings.default.svc.cluster.local", "*/*"]', ['80 payments.bank', '80 reviews.default']],
  ])('%s', (list, expected) => {
    const configuration = configure(`${restricted(`egress: [{hosts: ${list}}]`)}${mesh}`)
    expect(hosts(configuration, sidecar())).toEqual(expected)
    expect(virtualHosts(configuration, sidecar()).filter((name) => name !== 'block_all')).toEqual(
      expected.map((each) => each.split(' ').toReversed().join(':')),
    )
    expect(hosts(configuration, sidecar('elsewhere'))).toHaveLength(4)
    expect(hosts(configuration, gateway)).toHaveLength(4)
  })

  test.each<readonly [string, string]>([
    [
      'egress: [{hosts: [reviews]}]',
      '5:21 field/invalid-value spec.egress[0].hosts[0] is "reviews", must be namespace/host, as in ./* ' +
        'for the namespace of the proxy, or shop/*.example.com',
    ],
    [
      'egress: [{hosts: []}]',
      '5:13 field/invalid-value spec.egress[0].hosts is empty, must name a host; ~/* hides everything',
    ],
    [
      'egress: [{hosts: ["./*"], port: {number: 80, protocol: TCP}}]',
      '5:58 field/unsupported a listener of its own for TCP is not supported: proxies do not get this ' +
        'listener',
    ],
    [
      'egress: [{hosts: ["./*"], bind: "unix:///x", port: {number: 80}}]',
      '5:35 field/unsupported a listener on a Unix socket is not supported: proxies do not get this listener',
    ],
    [
      'egress: [{hosts: ["./*"], bind: localhost, port: {number: 80}}]',
      '5:35 field/invalid-value bind is "localhost", must be an IP address',
    ],
    [
      'egress: [{hosts: ["./*"], captureMode: IPTABLES}]',
      '5:42 field/unsupported captureMode IPTABLES has no effect: whether a proxy binds its ports or ' +
        'intercepts depends on its own metadata',
    ],
    [
      'egress: [{hosts: ["./*"]}, {hosts: ["bank/*"]}]',
      '5:12 field/invalid-value egress[0] has no port, so it takes every port, and must be the last of ' +
        'the list',
    ],
    [
      'ingress: [{port: {number: 80, protocol: HTTP, name: http}}]',
      '5:3 field/unsupported ingress is not supported yet, it has no effect',
    ],
    [
      'inboundConnectionPool: {tcp: {maxConnections: 1}}',
      '5:3 field/unsupported inboundConnectionPool is not supported yet, it has no effect',
    ],
    [
      'outboundTrafficPolicy: {mode: ALLOW}',
      '5:33 field/invalid-value spec.outboundTrafficPolicy.mode is "ALLOW", must be one of REGISTRY_ONLY, ' +
        'ALLOW_ANY',
    ],
    ['egres: [{hosts: ["./*"]}]', '5:3 field/unknown spec.egres is not a known field'],
  ])('%s is said at its place', (spec, found) => {
    expect(translateFirst(restricted(spec)).found).toEqual([found])
  })
})

describe('which Sidecar a proxy has', () => {
  const ofBank = restricted('egress: [{hosts: ["bank/*"]}]')

  test('one that selects it, before the one of its namespace', () => {
    const selecting = restricted(
      'workloadSelector: {labels: {app: web}}\negress: [{hosts: ["./reviews.default.svc.cluster.local"]}]',
      'name: web',
    )
    const configuration = configure(`${ofBank}---\n${selecting}${mesh}`)
    expect(hosts(configuration, sidecar('default', { app: 'web', version: 'v1' }))).toEqual([
      '80 reviews.default',
    ])
    expect(hosts(configuration, sidecar('default', { app: 'other' }))).toEqual(['80 payments.bank'])
  })

  test('else that of the root namespace, whose . is the namespace of the proxy', () => {
    const root = restricted('egress: [{hosts: ["./*"]}]', 'name: default, namespace: istio-system')
    const configuration = configure(`${ofBank}---\n${root}${mesh}`)
    expect(hosts(configuration, sidecar('bank'))).toEqual(['80 payments.bank'])
    expect(hosts(configuration, sidecar())).toEqual(['80 payments.bank'])
    expect(hosts(configuration, sidecar('elsewhere'))).toEqual([])
  })

  test('the older of two for the same proxies, and the other is told', () => {
    const younger = restricted(
      'egress: [{hosts: ["./*"]}]',
      'name: another, creationTimestamp: "2026-01-02T00:00:00Z"',
    )
    const older = restricted(
      'egress: [{hosts: ["bank/*"]}]',
      'name: limits, creationTimestamp: "2026-01-01T00:00:00Z"',
    )
    const configuration = configure(`${younger}---\n${older}${mesh}`)
    expect(hosts(configuration, sidecar())).toEqual(['80 payments.bank'])
    expect(configuration.found).toEqual([
      '3:18 egress/overruled Sidecar default/limits is for the same proxies and comes first, so this one ' +
        'has no effect',
    ])
  })

  test('is only an egress list if it has one', () => {
    expect(
      hosts(configure(`${restricted('outboundTrafficPolicy: {mode: REGISTRY_ONLY}')}${mesh}`), sidecar()),
    ).toHaveLength(4)
  })
})

describe('routes that a Sidecar lets through', () => {
  const toBank = virtualService(
    'route: [{destination: {host: reviews}}]\nmirror: {host: payments.bank.svc.cluster.local}',
  )

  test('bring the clusters of their destinations and mirrors with them, as in Istio', () => {
    const configuration = configure(`${toBank}---\n${restricted('egress: [{hosts: ["./*"]}]')}${mesh}`)
    expect(hosts(configuration, sidecar())).toContain('80 payments.bank')
    expect(virtualHosts(configuration, sidecar())).not.toContain('payments.bank:80')
    expect(
      configuration.routes(sidecar()).flatMap(({ route }) => route?.request_mirror_policies ?? []),
    ).toHaveLength(1)
    expect(configuration.found.filter((each) => each.includes('hidden'))).toEqual([])
  })

  test('are those of hosts that it lists', () => {
    const configuration = configure(
      `${toBank}---\n${restricted('egress: [{hosts: ["./ratings.default.svc.cluster.local"]}]')}${mesh}`,
    )
    expect(hosts(configuration, sidecar())).toEqual(['80 ratings.default', '9000 ratings.default'])
    expect(
      configuration.routes(sidecar()).flatMap(({ route }) => route?.request_mirror_policies ?? []),
    ).toEqual([])
  })

  test('lose a mirror to a host that is not exported to the proxy, which is told at its line', () => {
    const entry =
      `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: private, namespace: bank}
spec: {hosts: [private.example], exportTo: ["."], resolution: STATIC, ports: [{number: 80, name: http}], ` +
      `endpoints: [{address: 10.0.0.1}]}
`
    const configuration = configure(
      `${virtualService('route: [{destination: {host: reviews}}]\nmirror: {host: private.example, port: {number: 80}}')}${entry}${service('reviews')}`,
    )
    expect(configuration.found.filter((each) => each.includes('hidden'))).toEqual([
      '8:20 mirror/hidden-host ServiceEntry bank/private does not show private.example to proxies in ' +
        'default: nothing is mirrored there, the route is served without it',
    ])
  })
})

describe('a listener of a Sidecar with a port', () => {
  const text = restricted(`
egress:
- port: {number: 9000, protocol: HTTP, name: ratings}
  bind: 127.0.0.5
  hosts: ["./*"]
- hosts: ["bank/*"]`)

  test('shows the hosts of that port, and leaves the others to the last one', () => {
    const configuration = configure(`${text}${mesh}`)
    expect(virtualHosts(configuration, sidecar())).toEqual([
      'payments.bank:80',
      'block_all',
      'ratings.default:9000',
      'block_all',
    ])
    expect(hosts(configuration, sidecar())).toEqual(['80 payments.bank', '9000 ratings.default'])
    expect([...configuration.resources(sidecar(), 'listener').keys()]).toEqual([
      '127.0.0.1_80',
      '127.0.0.5_9000',
    ])
  })

  test('hides the other ports of a mirror, which is told at its line', () => {
    const only = restricted('egress: [{hosts: ["./*"], port: {number: 9000, protocol: HTTP, name: http}}]')
    const route = virtualService(
      'route: [{destination: {host: ratings, port: {number: 9000}}}]\nmirror: {host: ratings, port: ' +
        '{number: 80}}',
    ).replace('hosts: [reviews]', 'hosts: [ratings]')
    const configuration = configure(`${route}---\n${only}${mesh}`)
    expect(configuration.found.filter((each) => each.includes('hidden'))).toEqual([
      '8:44 mirror/hidden-host Sidecar default/limits hides port 80 of ratings.default.svc.cluster.local ' +
        'from the sidecars in default: nothing is mirrored there, the route is served without it',
    ])
  })
})
