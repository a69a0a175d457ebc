import { describe, expect, test } from 'vitest'
import { configure, gateway } from '../../support/configuration.ts'
import type { Route, RouteConfiguration } from '../../support/configuration.ts'
import type { AnyJson } from '../../../src/xds/proto.ts'
import { host, listener, mapping, service } from './text.ts'

const shop = mapping('shop', 'prefix: /shop/\nservice: shop') + service('shop')
const anywhere = 'securityModel: XFP, hostBinding: {namespace: {from: ALL}}'
const plain = listener('http', 8080)

/** `<route configuration> <domains>: <route>, …` of each virtual host. */
function served(text: string, scope = gateway): readonly string[] {
  const configurations = [...configure(text).resources(scope, 'route').values()] as readonly (AnyJson &
    RouteConfiguration)[]
  return configurations.flatMap(({ name, virtual_hosts: hosts = [] }) =>
    hosts.map(
      ({ domains, routes = [], require_tls: tls }) =>
        `${name} ${(domains ?? []).join()}: ` +
        `${tls === undefined ? '' : 'redirects, '}${routes.map(shown).join(', ')}`,
    ),
  )
}

function shown({ name, match }: Route): string {
  const authority = match?.headers?.find((each) => each.name === ':authority')?.string_match?.safe_regex
    ?.regex
  return `${name}${authority === undefined ? '' : ` if ${authority}`}`
}

describe('Hosts', () => {
  test('without any: every name, in plain text', () => {
    expect(served(plain + shop)).toEqual(['http.8080 *: shop'])
  })

  test(
    'a Host without a policy redirects plain requests, one with Route serves them, one with Reject ' +
      'does not',
    () => {
      const text =
        plain +
        shop +
        host('a', 'hostname: a.example') +
        host('b', 'hostname: b.example, requestPolicy: {insecure: {action: Route}}') +
        host('c', 'hostname: c.example, requestPolicy: {insecure: {action: Reject}}')
      expect(served(text)).toEqual(['http.8080 a.example: redirects, shop', 'http.8080 b.example: shop'])
    },
  )

  test('securityModel SECURE takes every request for a safe one', () => {
    expect(
      served(
        listener(
          'http',
          8080,
          'protocol: HTTP, securityModel: SECURE, hostBinding: {namespace: {from: ALL}}',
        ) +
          shop +
          host('a', 'hostname: a.example'),
      ),
    ).toEqual(['http.8080 a.example: shop'])
  })

  test('a Mapping goes to the Hosts whose names meet its own, and asks for its own where a Host has more', () => {
    const route = 'requestPolicy: {insecure: {action: Route}}'
    const text =
      plain +
      service('shop') +
      host('a', `hostname: "*.example.com", ${route}`) +
      host('b', `hostname: shop.example.com, ${route}`) +
      mapping('one', 'prefix: /one/\nservice: shop', { hostname: 'shop.example.com' }) +
      mapping('all', 'prefix: /all/\nservice: shop') +
      mapping('none', 'prefix: /none/\nservice: shop', { hostname: 'other.example' })
    expect(served(text)).toEqual([
      String.raw`http.8080 *.example.com: one if (?i)shop\.example\.com(:[0-9]+)?, all`,
      'http.8080 shop.example.com: one, all',
    ])
    expect(configure(text).found).toEqual([
      '42:13 mapping/no-host no Host takes other.example: it is not served',
    ])
  })

  test('labels: a mappingSelector takes those with its labels, and the host name too where there is one', () => {
    const selecting = host(
      'a',
      'hostname: a.example, mappingSelector: {matchLabels: {tier: web}}, requestPolicy: {insecure: ' +
        '{action: Route}}',
    )
    const labelled = (name: string, hostname: string): string =>
      mapping(name, `prefix: /${name}/\nservice: shop`, { hostname, metadata: ', labels: {tier: web}' })
    const text =
      plain +
      service('shop') +
      selecting +
      labelled('bare', '') +
      labelled('named', 'a.example') +
      labelled('elsewhere', 'b.example') +
      mapping('unlabelled', 'prefix: /u/\nservice: shop', { hostname: 'a.example' })
    expect(served(text)).toEqual(['http.8080 a.example: named, bare'])
  })

  test('Mappings of one key that Hosts select by different labels are two groups', () => {
    const hosts = ['a', 'b']
      .map((each) =>
        host(
          each,
          `hostname: ${each}.example, mappingSelector: {matchLabels: {to: ${each}}}, requestPolicy: ` +
            `{insecure: {action: Route}}`,
        ),
      )
      .join('')
    const mappings = ['a', 'b']
      .map((each) =>
        mapping(each, 'prefix: /shop/\nservice: shop', { hostname: '', metadata: `, labels: {to: ${each}}` }),
      )
      .join('')
    expect(served(plain + service('shop') + hosts + mappings)).toEqual([
      'http.8080 a.example: a',
      'http.8080 b.example: b',
    ])
  })

  test('a v3alpha1 Mapping without a hostname is for selecting Hosts only', () => {
    const text = plain + mapping('shop', 'prefix: /shop/\nservice: shop', { hostname: '' }) + service('shop')
    expect(
      configure(text)
        .routes(gateway)
        .filter(({ name }) => name === 'shop'),
    ).toEqual([])
    expect(configure(text).found).toEqual([
      '11:11 mapping/no-host it has no hostname, and no Host selects its labels: it is not served',
    ])
  })

  test('one with a certificate is served with TLS, and plain requests go there', () => {
    const text =
      host('a', 'hostname: a.example, tlsSecret: {name: certificate}') +
      listener('https', 8443, `protocol: HTTPS, ${anywhere.replace('XFP', 'SECURE')}`) +
      plain +
      shop
    expect(served(text)).toEqual([
      'http.8080 a.example: redirects, shop',
      'https.8443.default.a.https.default.listener.getambassador.io.default a.example: shop',
    ])
    expect(configure(text).found).toEqual([
      '5:47 tls/unknown-secret there is no Secret certificate: connections that need it fail until there is',
    ])
  })

  test('what is not supported is said', () => {
    expect(
      configure(
        host(
          'a',
          'hostname: a.example, acmeProvider: {authority: none}, requestPolicy: {insecure: {action: ' +
            'Route, additionalPort: 8080}}',
        ),
      ).found,
    ).toEqual(
      [
        '5:29 field/unsupported acmeProvider',
        '5:120 field/unsupported requestPolicy.insecure.additionalPort',
      ].map((each) => `${each} is not supported yet, it has no effect`),
    )
  })
})

describe('Listeners', () => {
  test.each([
    ['TCP', 'TCP without HTTP'],
    ['HTTPPROXY', 'the PROXY protocol'],
    ['UDP', 'UDP'],
  ])('protocol %s is not served, and said', (protocol, what) => {
    expect(configure(listener('a', 9000, `protocol: ${protocol}, ${anywhere}`)).found).toEqual([
      `5:30 gateway/unsupported-protocol ${what} is not supported yet: port 9000 is not served`,
    ])
  })

  test('one port is for TLS or for plain text', () => {
    const of = (port: number): readonly string[] =>
      configure(
        host('a', 'hostname: a.example, tlsSecret: {name: certificate}') +
          listener('a', port, `protocol: HTTPS, ${anywhere}`),
      ).found.filter((each) => each.includes('one-transport'))
    expect([of(8443), of(8080)]).toEqual([
      ['10:30 gateway/one-transport Emissary takes TLS and plain text on port 8443, here it is TLS only'],
      [
        '10:30 gateway/one-transport Emissary takes TLS and plain text on port 8080, here it is plain ' +
          'text only',
      ],
    ])
  })

  test('bind Hosts by namespace and labels', () => {
    const hosts =
      host(
        'a',
        'hostname: a.example, requestPolicy: {insecure: {action: Route}}',
        ', namespace: team, labels: {tier: web}',
      ) + host('b', 'hostname: b.example, requestPolicy: {insecure: {action: Route}}')
    const bound = (binding: string): readonly string[] =>
      served(
        listener('http', 8080, `protocol: HTTP, securityModel: XFP, hostBinding: {${binding}}`) +
          shop +
          hosts,
      )
    expect(bound('namespace: {from: SELF}')).toEqual(['http.8080 b.example: shop'])
    expect(bound('namespace: {from: ALL}')).toEqual([
      'http.8080 a.example: shop',
      'http.8080 b.example: shop',
    ])
    expect(bound('namespace: {from: ALL}, selector: {matchLabels: {tier: web}}')).toEqual([
      'http.8080 a.example: shop',
    ])
  })

  test('without any: port 8080, and one line that says so, however many Mappings there are', () => {
    const text =
      shop +
      mapping('other', 'prefix: /other/\nservice: shop') +
      mapping('third', 'prefix: /third/\nservice: shop')
    expect(served(text)).toEqual(['http.8080 *: third, other, shop'])
    expect(configure(text).found).toEqual([
      '20:11 mapping/assumed-listener there is no Listener, so Mappings are served on port 8080, in plain ' +
        'text, by gateway proxies with the label ambassador_id: default',
    ])
  })
})

describe('ambassador_id', () => {
  const proxy = (id: string) => ({ ...gateway, anyGateway: false, labels: { ambassador_id: id } })
  const text =
    ['blue', 'green']
      .map((id) => listener(id, 8080, `ambassador_id: [${id}], protocol: HTTP, ${anywhere}`))
      .join('') +
    service('shop') +
    mapping('blue', 'prefix: /shop/\nservice: shop\nambassador_id: [blue]') +
    mapping('both', 'prefix: /both/\nservice: shop\nambassador_id: [blue, green]') +
    mapping('v2', 'prefix: /v2/\nservice: shop\nambassador_id: green', { version: 'v2' }) +
    mapping('shadow', 'prefix: /both/\nservice: shop\nshadow: true\nambassador_id: [green]')

  test('each installation has its own Mappings, groups and proxies', () => {
    expect(served(text, proxy('blue'))).toEqual(['http.8080 *: blue, both'])
    expect(served(text, proxy('green'))).toEqual(['http.8080 *: both, v2'])
    expect(served(text, proxy('default'))).toEqual([])
    const mirrored = (id: string): number =>
      configure(text)
        .routes(proxy(id))
        .flatMap((route) => route.route?.request_mirror_policies ?? []).length
    expect([mirrored('blue'), mirrored('green')]).toEqual([0, 1])
  })

  test('without one it is default', () => {
    expect(served(plain + shop, proxy('default'))).toEqual(['http.8080 *: shop'])
    expect(served(plain + shop, proxy('blue'))).toEqual([])
  })
})

test.each([
  'TCPMapping',
  'TLSContext',
  'Module',
  'RateLimitService',
  'LogService',
  'TracingService',
  'DevPortal',
  'ConsulResolver',
])('%s: a warning that it has no effect', (kind) => {
  const { found } = configure(
    `apiVersion: getambassador.io/v3alpha1\nkind: ${kind}\nmetadata: {name: a}\nspec: {}\n`,
  )
  expect(found).toEqual([
    expect.stringMatching(new RegExp(`^2:7 manifest/unsupported-kind kind ${kind} is not supported yet: `)),
  ])
})

test('AuthService: an error that requests pass without it', () => {
  const { found } = configure(
    'apiVersion: getambassador.io/v3alpha1\nkind: AuthService\nmetadata: {name: a}\nspec: {auth_service: ' +
      'a}\n',
  )
  expect(found).toEqual([expect.stringMatching(/^2:7 route\/unprotected /)])
})
