import { describe, expect, test } from 'vitest'
import { configure, gateway } from '../../support/configuration.ts'
import type { RouteConfiguration } from '../../support/configuration.ts'
import { backends, object, oneRoute } from './text.ts'

const proxy = {
  ...gateway,
  namespace: 'gloo-system',
  anyGateway: false,
  labels: { 'gateway-proxy-id': 'gateway-proxy' },
}

function servedTo(text: string, scope = proxy): Readonly<Record<string, readonly string[]>> {
  const configurations = configure(`${text}${backends}`).resources(scope, 'route')
  return Object.fromEntries(
    [...configurations].map(([name, each]) => [
      name,
      ((each as RouteConfiguration).virtual_hosts ?? []).flatMap(({ domains = [] }) => domains),
    ]),
  )
}

const secret =
  '---\napiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: gloo-system}\nstringData: ' +
  '{tls.crt: x, tls.key: y}\n'

function service(name: string, domain: string, more = ''): string {
  return oneRoute(`name: ${name}`)
    .replace('name: shop, namespace', `name: ${name}, ${more === '' ? '' : `${more}, `}namespace`)
    .replace("'*'", domain)
}

describe('without a Gateway', () => {
  test('VirtualServices are served on 8080 of the default proxies', () => {
    expect(servedTo(`${service('a', 'a.example')}---\n${service('b', 'b.example')}`)).toEqual({
      'http.8080': ['a.example', 'b.example'],
    })
    expect(
      servedTo(service('a', 'a.example'), { ...proxy, labels: { 'gateway-proxy-id': 'other' } }),
    ).toEqual({})
  })

  test('those with an sslConfig are served on 8443', () => {
    const text =
      `${service('a', 'a.example')}  sslConfig: {secretRef: {name: cert}, sniDomains: ` +
      `[a.example]}\n${secret}`
    expect(Object.entries(servedTo(text))).toEqual([
      [
        expect.stringMatching(/^https\.8443\.https-[0-9a-f]+\.a\.gateway\.solo\.io\.gloo-system$/),
        ['a.example'],
      ],
    ])
    expect([...configure(`${text}${backends}`).resources(proxy, 'listener').keys()]).toEqual(['0.0.0.0_8443'])
  })
})

describe('a Gateway', () => {
  const gatewayWith = (http: string, more = ''): string =>
    object('Gateway', 'gw', `bindPort: 80\nhttpGateway: ${http}${more}`)
  const two = `${service('a', 'a.example', 'labels: {team: x}')}---\n${service('b', 'b.example')}`

  test.each([
    ['takes every VirtualService', '{}', ['a.example', 'b.example']],
    ['takes those that it names', '{virtualServices: [{name: b, namespace: gloo-system}]}', ['b.example']],
    ['takes those with labels', '{virtualServiceSelector: {team: x}}', ['a.example']],
    [
      'takes those that an expression is true of',
      '{virtualServiceExpressions: {expressions: [{key: team, operator: NotIn, values: [x]}]}}',
      ['b.example'],
    ],
    // Where it takes none, the whole of the listener answers 404.
    ['takes those of some namespaces', '{virtualServiceNamespaces: [other]}', ['*']],
  ])('%s', (_, http, domains) => {
    expect(servedTo(`${two}${gatewayWith(http)}`)).toEqual({ 'http.80': domains })
  })

  test('is for the proxies that it names', () => {
    const text = `${two}${gatewayWith('{}', '\nproxyNames: [one, two]')}`
    expect(servedTo(text)).toEqual({})
    expect(servedTo(text, { ...proxy, labels: { 'gateway-proxy-id': 'two' } })).toEqual({
      'http.80': ['a.example', 'b.example'],
    })
  })

  test('with ssl takes those with an sslConfig, a listener for each', () => {
    const secure = (name: string, cert: string): string =>
      `---\n${service(name, `${name}.example`)}  sslConfig: {secretRef: {name: ${cert}}, sniDomains: ` +
      `[${name}.example]}\n`
    const text = `${two}${secure('c', 'cert')}${secure('d', 'cert')}${gatewayWith('{}')}${object('Gateway', 'secure', 'bindPort: 443\nssl: true\nhttpGateway: {}')}${secret}`
    expect(servedTo(text)['http.80']).toEqual(['a.example', 'b.example'])
    expect(
      Object.entries(servedTo(text))
        .filter(([name]) => name.startsWith('https.443'))
        .flatMap(([, domains]) => domains)
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['c.example', 'd.example'])
  })

  test('that takes none is said at the VirtualService', () => {
    const found = configure(`${two}${gatewayWith('{virtualServiceSelector: {team: x}}')}${backends}`).found
    expect(found).toEqual([
      expect.stringContaining(
        'virtual-host/no-gateway no Gateway takes it (there is gloo-system/gw), so its routes apply nowhere',
      ),
    ])
  })

  test.each([
    [
      'bindPort: 80\ntcpGateway: {}',
      'gateway/unsupported-protocol tcpGateway is not supported yet: port 80 is not served by it',
    ],
    ['bindPort: 80', 'field/required it has no httpGateway, so that it serves nothing'],
    ['httpGateway: {}', 'field/required spec.bindPort is required'],
  ])('with a mistake serves nothing: %s', (spec, found) => {
    const text = object('Gateway', 'gw', spec)
    expect(servedTo(text)).toEqual({})
    expect(configure(text).found).toEqual([expect.stringContaining(found)])
  })
})

describe('domains', () => {
  const domains = (list: string) => {
    const { found, resources } = configure(`${oneRoute('name: a').replace("['*']", list)}${backends}`)
    return {
      domains: [...resources(proxy, 'route').values()].flatMap((each) =>
        ((each as RouteConfiguration).virtual_hosts ?? []).flatMap((host) => host.domains ?? []),
      ),
      found: found.slice(0, -1),
    }
  }

  test('have no port, and are named once', () => {
    expect(domains('[A.example, "A.example:8080", "*.b.example"]').domains).toEqual([
      'a.example',
      '*.b.example',
    ])
  })

  test('with a * elsewhere are left out', () => {
    expect(domains('[a.example, "a.*"]')).toMatchObject({ domains: ['a.example'] })
  })

  test('are every one where none is named', () => {
    expect(domains('[]').domains).toEqual(['*'])
  })
})
