import { describe, expect, test } from 'vitest'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import type { Cluster } from '../../support/configuration.ts'
import { virtualService } from './text.ts'

function entry(spec: string, metadata = 'name: x'): string {
  return (
    `---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {${metadata}}\nspec:\n  ` +
    `${spec.trim().replaceAll('\n', '\n  ')}\n`
  )
}

const http = 'hosts: [x.example]\nports: [{number: 80, name: http, protocol: HTTP}]'
const outbound = 'outbound|80||x.example'

function cluster(text: string, scope = sidecar()): Cluster | undefined {
  return configure(text).resources(scope, 'cluster').get(outbound) as Cluster | undefined
}

function addresses(value: unknown): readonly string[] {
  return [...JSON.stringify(value ?? null).matchAll(/"address":"([^"]+)","port_value":(\d+)/g)].map(
    ([, address, port]) => `${address}:${port}`,
  )
}

describe('the resolution of a ServiceEntry', () => {
  test.each([
    ['STATIC\nendpoints: [{address: 10.0.0.1}]', 'EDS', 'EDS'],
    ['DNS', 'STRICT_DNS', 'STRICT_DNS'],
    ['DNS_ROUND_ROBIN', 'LOGICAL_DNS', 'LOGICAL_DNS'],
    ['NONE', 'ORIGINAL_DST', 'EDS'],
  ])('%s: %s on sidecars, %s on gateways', (resolution, onSidecar, onGateway) => {
    const text = entry(`${http}\nresolution: ${resolution}`)
    expect(cluster(text)?.type).toBe(onSidecar)
    expect(cluster(text, gateway)?.type).toBe(onGateway)
  })

  test('absent is NONE', () => {
    expect(cluster(entry(http))).toMatchObject({ type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' })
  })

  test('DNS without endpoints resolves the host itself, at its target port', () => {
    const found = cluster(
      entry(
        `hosts: [x.example]\nports: [{number: 80, name: http, protocol: HTTP, targetPort: ` +
          `8080}]\nresolution: DNS`,
      ),
    )
    expect(found).toMatchObject({
      dns_refresh_rate: '60s',
      respect_dns_ttl: true,
      dns_lookup_family: 'V4_ONLY',
    })
    expect(addresses(found?.load_assignment)).toEqual(['x.example:8080'])
  })

  test('DNS with endpoints resolves these', () => {
    expect(
      addresses(
        cluster(
          entry(
            `${http}\nresolution: DNS\nendpoints: [{address: b.example, ports: {http: 81}}, {address: ` +
              `a.example}]`,
          ),
        )?.load_assignment,
      ),
    ).toEqual(['a.example:80', 'b.example:81'])
  })

  test.each(['DNS', 'DNS_ROUND_ROBIN', 'STATIC'])(
    '%s without a single endpoint still has a cluster, as routes may name it',
    (resolution) => {
      expect(
        cluster(entry(`${http}\nresolution: ${resolution}\nworkloadSelector: {labels: {app: nobody}}`))?.name,
      ).toBe(outbound)
    },
  )

  test('DYNAMIC_DNS is said not to be served', () => {
    const result = translateFirst(entry(`${http}\nresolution: DYNAMIC_DNS`).slice(4))
    expect(result.found).toEqual([
      '7:15 field/unsupported resolution DYNAMIC_DNS is not supported yet: the hosts are not served',
    ])
    expect(result.services).toEqual([])
  })

  test('an unknown one is refused', () => {
    const result = translateFirst(entry(`${http}\nresolution: STATC`).slice(4))
    expect(result.found).toEqual([
      '7:15 field/invalid-value spec.resolution is "STATC", must be one of NONE, STATIC, DNS, ' +
        'DNS_ROUND_ROBIN, DYNAMIC_DNS',
    ])
    expect(result.diagnostics[0]?.hint).toBe('did you mean `STATIC`?')
    expect(result.rejected).toBe(true)
  })
})

describe('the ports of a ServiceEntry', () => {
  test.each([
    ['HTTP', 'x', 'http1'],
    ['HTTP2', 'x', 'http2'],
    ['GRPC', 'x', 'http2'],
    ['GRPC-WEB', 'x', 'http2'],
    ['HTTPS', 'x', 'tls'],
    ['TLS', 'x', 'tls'],
    ['TCP', 'http', 'tcp'],
    ['MONGO', 'x', 'tcp'],
    ['http', 'x', 'http1'],
    ['', 'grpc-x', 'detect'],
    ['', 'other', 'detect'],
  ])('protocol %j with the name %s is %s', (protocol, name, expected) => {
    const { services } = translateFirst(
      entry(`hosts: [x.example]\nports: [{number: 80, name: ${name}, protocol: "${protocol}"}]`),
    )
    expect(services[0]?.ports).toEqual([{ number: 80, name, protocol: expected, targetPort: undefined }])
  })

  test('make a listener on a sidecar where they are HTTP, and are said where they are not', () => {
    const ports = '[{number: 80, name: http, protocol: HTTP}, {number: 3306, name: db, protocol: MYSQL}]'
    const configuration = configure(
      entry(`hosts: [x.example]\nports: ${ports}\nresolution: DNS`).slice(4) +
        `---\n${virtualService('redirect: {uri: /x}')}`,
    )
    expect([...configuration.resources(sidecar(), 'listener').keys()]).toEqual(['127.0.0.1_80'])
    expect(configuration.found.filter((each) => each.includes(' service/'))).toEqual([
      '4:1 service/unsupported-protocol port 3306 of x.example is tcp, not HTTP: sidecars with bound ' +
        'listeners have none for it',
    ])
  })
})

describe('a ServiceEntry with several hosts', () => {
  test('is a service for each, with the same endpoints', () => {
    const { services, endpoints } = translateFirst(
      entry(
        'hosts: [X.example, y.example]\nports: [{number: 80, name: http}]\nresolution: STATIC\nendpoints: ' +
          '[{address: 10.0.0.1}]',
      ),
    )
    expect(services.map(({ host }) => host)).toEqual(['x.example', 'y.example'])
    expect(endpoints.map(({ host, endpoints: each }) => [host, each.map(({ address }) => address)])).toEqual([
      ['x.example', ['10.0.0.1']],
      ['y.example', ['10.0.0.1']],
    ])
  })
})

describe('a mistake in a ServiceEntry', () => {
  test.each([
    [
      'endpoints: [{address: 10.0.0.1}, {address: b.example}]',
      '8:46 field/invalid-value address is "b.example", must be an IP address with resolution STATIC',
    ],
    [
      'endpoints: [{address: 10.0.0.1}, {address: 5}]',
      '8:46 field/wrong-type spec.endpoints[1].address is the number 5, must be a string',
    ],
    [
      'endpoints: [{address: 10.0.0.1}, {addres: 10.0.0.2}]',
      '8:37 field/unknown spec.endpoints[1].addres is not a known field',
    ],
    [
      'endpoints: [{address: 10.0.0.1}, {address: "unix:///x/"}]',
      '8:46 field/invalid-value spec.endpoints[1].address is "unix:///x/", must be ' +
        'unix:///path/of/a/socket, or unix://@name for an abstract one',
    ],
    [
      'endpoints: [{address: 10.0.0.1}, {address: "unix:///x", ports: {http: 1}}]',
      '8:59 field/invalid-value spec.endpoints[1].ports mean nothing for a Unix socket',
    ],
  ])('%s: the other endpoint stays', (field, found) => {
    const result = translateFirst(entry(`${http}\nresolution: STATIC\n${field}`).slice(4))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
    expect(result.endpoints[0]?.endpoints.map(({ address }) => address)).toEqual(['10.0.0.1'])
  })

  test.each([
    [
      'resolution: NONE\nendpoints: [{address: 10.0.0.1}]',
      '8:3 field/invalid-value endpoints have no effect with resolution NONE, which sends requests ' +
        'to their original destination',
    ],
    [
      'resolution: STATIC\nworkloadSelector: {labels: {app: x}}\nendpoints: [{address: 10.0.0.1}]',
      '9:3 field/invalid-value endpoints and workloadSelector exclude each other',
    ],
    [
      'resolution: DNS_ROUND_ROBIN\nendpoints: [{address: a.example}, {address: b.example}]',
      '8:37 field/invalid-value endpoints has more than one element, and resolution DNS_ROUND_ROBIN takes one',
    ],
    [
      'resolution: STATIC\nendpoints: [{address: 10.0.0.1, ports: {htp: 1}}]',
      '8:48 field/invalid-value endpoints[0].ports names htp, and the entry has no port of that name',
    ],
    [
      'resolution: DNS\naddresses: [10.1.0.0/16]',
      '8:15 field/invalid-value addresses[0] is "10.1.0.0/16": a range is allowed with resolution NONE or ' +
        'STATIC, here it is DNS',
    ],
    [
      'resolution: STATIC\naddresses: [10.1.0.0/33]',
      '8:15 field/invalid-value addresses[0] is "10.1.0.0/33", must be an IP address, or a range such as ' +
        '10.1.0.0/16',
    ],
    [
      'exportTo: [Team]',
      '7:14 field/invalid-value spec.exportTo[0] is "Team", must be the name of a namespace, or one of ' +
        '".", "*" and "~"',
    ],
    [
      'resolution: DNS\nendpoints: [{address: "unix:///x"}]',
      '8:25 field/invalid-value address is "unix:///x", which is not resolved: a Unix socket needs ' +
        'resolution STATIC',
    ],
  ])('%s is refused, and the service stays', (fields, found) => {
    const result = translateFirst(entry(`${http}\n${fields}`).slice(4))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
    expect(result.services).toHaveLength(1)
  })

  test.each([
    [
      'resolution: STATIC\naddresses: [10.1.0.0/16]',
      '8:15 field/unsupported addresses[0] is the range 10.1.0.0/16: it has no effect, as routes find a ' +
        'service by the Host of a request, which is never a range',
    ],
    [
      'resolution: STATIC\nendpoints: [{network: far}]',
      '8:25 field/unsupported endpoints[0] has a network and no address: networks and their gateways are ' +
        'not supported, it is left out',
    ],
  ])('%s is told, and the rest is in force', (fields, found) => {
    const result = translateFirst(entry(`${http}\n${fields}`).slice(4))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(false)
    expect(result.services).toHaveLength(1)
  })

  test(
    'in its only port costs its hosts, which would take requests from routes for wider ones; in one of ' +
      'two costs that',
    () => {
      const of = (ports: string) =>
        translateFirst(
          entry(
            `hosts: [x.example]\nports: [${ports}]\nresolution: STATIC\nendpoints: [{address: 10.0.0.1}]`,
          ).slice(4),
        )
      expect(of('{number: -1, name: http}')).toMatchObject({
        services: [],
        rejected: true,
        found: ['6:20 field/invalid-value spec.ports[0].number is -1, must be at least 1'],
      })
      expect(
        of('{number: -1, name: http}, {number: 80, name: http-alt}').services.map(({ ports }) =>
          ports.map(({ number }) => number),
        ),
      ).toEqual([[80]])
    },
  )

  test('a range of one address is that address', () => {
    expect(
      translateFirst(entry(`${http}\naddresses: [10.0.0.9/32, "::1/128"]`).slice(4)).services[0]?.addresses,
    ).toEqual(['10.0.0.9', '::1'])
  })

  test('a wildcard cannot be resolved, so that such a host alone is not served', () => {
    const result = translateFirst(
      entry('hosts: ["*.example"]\nports: [{number: 80, name: http}]\nresolution: DNS').slice(4),
    )
    expect(result.found).toEqual([
      '5:11 field/invalid-value hosts[0] is *.example, which no DNS server resolves',
    ])
    expect(result.services).toEqual([])
  })

  test.each([
    ['hosts: []', '5:3 field/invalid-value spec.hosts is empty, must name a host'],
    ['ports: []', '4:1 field/required spec.hosts is required'],
  ])('%s costs the object', (spec, found) => {
    const result = translateFirst(entry(spec).slice(4))
    expect(result.found).toEqual([found])
    expect(result.services).toEqual([])
  })
})

describe('a workload selector', () => {
  const selecting = entry(`${http}\nresolution: STATIC\nworkloadSelector: {labels: {app: x}}`)
  const workload = (
    name: string,
    spec: string,
    { labels = '{app: x}', namespace = 'default' } = {},
  ): string =>
    `---\napiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: ${name}, namespace: ` +
    `${namespace}, labels: ${labels}}\nspec: ${spec}\n`
  const endpoints = (text: string): readonly string[] =>
    addresses(
      configure(selecting + text)
        .resources(sidecar(), 'endpoint')
        .get(outbound),
    )

  test.each([
    ['labels of the metadata', workload('w', '{address: 10.0.0.1}'), ['10.0.0.1:80']],
    [
      'labels of the spec',
      workload('w', '{address: 10.0.0.1, labels: {app: x}}', { labels: '{}' }),
      ['10.0.0.1:80'],
    ],
    ['ports by name', workload('w', '{address: 10.0.0.1, ports: {http: 8080}}'), ['10.0.0.1:8080']],
    ['other labels', workload('w', '{address: 10.0.0.1}', { labels: '{app: y}' }), []],
    ['another namespace', workload('w', '{address: 10.0.0.1}', { namespace: 'other' }), []],
    [
      'several',
      workload('b', '{address: 10.0.0.2}') + workload('a', '{address: 10.0.0.1}'),
      ['10.0.0.1:80', '10.0.0.2:80'],
    ],
    [
      'Pods',
      '---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: x}}\nstatus: {podIP: 10.0.0.9}\n',
      ['10.0.0.9:80'],
    ],
    [
      'Pods without an address',
      '---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: x}}\n',
      [],
    ],
  ])('takes workloads: %s', (_, text, expected) => {
    expect(endpoints(text)).toEqual(expected)
  })

  test('a WorkloadEntry with a mistake is refused alone', () => {
    const configuration = configure(
      selecting + workload('a', '{address: 10.0.0.1, weight: heavy}') + workload('b', '{address: 10.0.0.2}'),
    )
    expect(configuration.found).toEqual([
      '14:35 field/wrong-type spec.weight is the string "heavy", must be a number',
    ])
    expect(addresses(configuration.resources(sidecar(), 'endpoint').get(outbound))).toEqual(['10.0.0.2:80'])
  })
})

describe('an endpoint of a ServiceEntry', () => {
  test('may be a Unix socket', () => {
    const text = entry(
      `${http}\nresolution: STATIC\nendpoints: [{address: "unix:///run/x.sock"}, {address: ` +
        `"unix://@abstract"}, {address: 10.0.0.1}]`,
    )
    const assignment = JSON.stringify(configure(text).resources(sidecar(), 'endpoint').get(outbound))
    expect([...assignment.matchAll(/"pipe":\{"path":"([^"]+)"/g)].map(([, path]) => path)).toEqual([
      '/run/x.sock',
      '@abstract',
    ])
    expect(
      addresses(
        assignment.length > 0 ? configure(text).resources(sidecar(), 'endpoint').get(outbound) : undefined,
      ),
    ).toEqual(['10.0.0.1:80'])
  })

  test('has the locality of its field, or of its label', () => {
    const result = translateFirst(
      entry(
        `${http}\nresolution: STATIC\nendpoints: [{address: 10.0.0.1, locality: r/z}, {address: 10.0.0.2, ` +
          `labels: {istio-locality: r.z.s}}]`,
      ).slice(4),
    )
    expect(result.endpoints[0]?.endpoints.map(({ locality }) => locality)).toEqual(['r/z', 'r/z/s'])
  })
})

test(
  'the names that a ServiceEntry declares are those that its certificate must carry, where the ' +
    'DestinationRule lists none',
  () => {
    const rule = (tls: string): string =>
      `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x}\nspec: {host: ` +
      `x.example, trafficPolicy: {tls: ${tls}}}\n`
    const named = (tls: string): readonly string[] => {
      const found = JSON.stringify(
        cluster(`${entry(`${http}\nresolution: DNS\nsubjectAltNames: [spiffe://a, b.example]`)}${rule(tls)}`)
          ?.transport_socket ?? null,
      )
      return [...found.matchAll(/"exact":"([^"]+)"/g)].map(([, name]) => name ?? '')
    }
    expect(new Set(named('{mode: SIMPLE}'))).toEqual(new Set(['spiffe://a', 'b.example']))
    expect(new Set(named('{mode: SIMPLE, subjectAltNames: [c.example]}'))).toEqual(new Set(['c.example']))
    expect(named('{mode: DISABLE}')).toEqual([])
  },
)
