import { describe, expect, test } from 'vitest'
import { createAuthority } from '../../../bench/support/tls/certificate.ts'
import { secretManifest } from '../../../bench/support/tls/tls-manifests.ts'
import { configure, gateway, translateFirst } from '../../support/configuration.ts'
import { gatewayOf, grant, proxyOf, routeOf } from './gateway-text.ts'

const http = '- {name: http, port: 80, protocol: HTTP}'

const issued = createAuthority('test').issue({ name: 'cert', names: ['a.example'] })

function secret(name: string, namespace = 'default'): string {
  return `${secretManifest({ name, issued }).replace(`name: ${name}`, `name: ${name}\n  namespace: ${namespace}`)}---\n`
}

/** A Secret that holds something else. */
const malformed =
  'apiVersion: v1\nkind: Secret\nmetadata: {name: cert}\ntype: kubernetes.io/tls\nstringData: {tls.crt: ' +
  'Hello, tls.key: world}\n---\n'

/** `<type> <status> <reason>` of the Gateway itself, or of one of its listeners. */
function conditionsOf(text: string, section?: string): readonly string[] {
  const found = translateFirst(text).statuses.filter((status) => status.section === section)
  return found.flatMap(({ conditions }) =>
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
  )
}

describe('the listeners of a Gateway', () => {
  test('are for the gateway proxies of its namespace that carry its name', () => {
    const text = gatewayOf(http, { namespace: 'infra' })
    expect(translateFirst(text)).toMatchObject({
      found: [],
      listeners: [
        {
          gateway: 'infra/edge/http',
          namespace: 'infra',
          onlyIn: 'infra',
          selector: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
          port: 80,
          portName: 'http',
          serves: { kind: 'http', redirect: 'none' },
          hosts: [{ namespace: '*', host: '*' }],
        },
      ],
    })
    const names = (...scope: Parameters<typeof proxyOf>): readonly string[] => [
      ...configure(text)
        .resources(proxyOf(...scope), 'listener')
        .keys(),
    ]
    expect(names('edge', 'infra')).toEqual(['0.0.0.0_80'])
    expect(names('edge', 'other')).toEqual([])
    expect(names('other', 'infra')).toEqual([])
  })

  test.each([
    [
      'protocol: TCP',
      ['6:34 gateway/unsupported-protocol protocol TCP is not supported yet: port 9 is not served'],
    ],
    [
      'protocol: UDP',
      ['6:34 gateway/unsupported-protocol protocol UDP is not supported yet: port 9 is not served'],
    ],
    [
      'protocol: example.com/x',
      ['6:34 gateway/unsupported-protocol protocol example.com/x is not supported yet: port 9 is not served'],
    ],
    [
      'protocol: TLS, tls: {mode: Passthrough}',
      [
        '6:34 gateway/unsupported-protocol protocol TLS with mode Passthrough is not supported yet: port ' +
          '9 is not served',
      ],
    ],
    [
      'protocol: http',
      ['6:34 gateway/unsupported-protocol protocol http is not supported yet: port 9 is not served'],
    ],
    [
      'protocol: HBONE',
      ['6:34 gateway/unsupported-protocol protocol HBONE is not supported yet: port 9 is not served'],
    ],
    [
      'protocol: "a b"',
      [
        '6:34 field/invalid-value spec.listeners[0].protocol is "a b", must be one of HTTP, HTTPS, TLS, ' +
          'TCP, UDP',
      ],
    ],
    ['protocol: HTTPS', ['6:5 field/required spec.listeners[0].tls is required: protocol is HTTPS']],
    [
      'protocol: HTTPS, tls: {}',
      ['6:41 field/required spec.listeners[0].tls.certificateRefs is required: mode is Terminate'],
    ],
    [
      'protocol: HTTP, tls: {certificateRefs: [{name: c}]}',
      ['6:40 field/invalid-value spec.listeners[0].tls is an object, must not be there: protocol is HTTP'],
    ],
    [
      'protocol: HTTP, hostname: "Shop.example.com"',
      [
        '6:50 field/invalid-value spec.listeners[0].hostname is "Shop.example.com", must be a host name ' +
          'in lower case, perhaps with "*." before it; no address, no port',
      ],
    ],
    [
      'protocol: HTTP, hostname: 10.0.0.1',
      [
        '6:50 field/invalid-value spec.listeners[0].hostname is "10.0.0.1", must be a host name in lower ' +
          'case, perhaps with "*." before it; no address, no port',
      ],
    ],
    [
      'protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}',
      [
        '6:56 field/required spec.listeners[0].allowedRoutes.namespaces.selector is required: from is ' +
          'Selector',
      ],
    ],
  ])('%s is left out alone', (fields, found) => {
    const result = translateFirst(
      gatewayOf(`- {name: a, port: 9, ${fields}}\n- {name: b, port: 80, protocol: HTTP}`),
    )
    expect(result.found).toEqual(found)
    expect(result.listeners.map(({ portName }) => portName)).toEqual(['b'])
  })

  test.each(['INVALID', 'HBONE', 'TCP', 'example.com/x'])(
    'protocol %s is not accepted, and keeps its status',
    (protocol) => {
      const alone = gatewayOf(`- {name: a, port: 9, protocol: ${protocol}}`)
      expect(conditionsOf(alone, 'a')).toEqual([
        'Accepted False UnsupportedProtocol',
        'Conflicted False NoConflicts',
        'ResolvedRefs True ResolvedRefs',
        'Programmed False Invalid',
      ])
      expect(conditionsOf(alone)).toEqual(['Accepted False ListenersNotValid', 'Programmed False Invalid'])
      expect(
        conditionsOf(
          gatewayOf(`- {name: a, port: 9, protocol: ${protocol}}\n- {name: b, port: 80, protocol: HTTP}`),
        ),
      ).toEqual(['Accepted True ListenersNotValid', 'Programmed True Programmed'])
    },
  )

  test('two of one name', () => {
    const result = translateFirst(gatewayOf(`${http}\n- {name: http, port: 81, protocol: HTTP}`))
    expect(result.found).toEqual([
      '7:12 field/invalid-value spec.listeners[1].name is "http", must not be the name of listeners[0], too',
    ])
    expect(result.listeners.map(({ port }) => port)).toEqual([80])
  })

  test('serve their hostname', () => {
    const { listeners } = translateFirst(
      gatewayOf('- {name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}'),
    )
    expect(listeners[0]?.hosts).toEqual([{ namespace: '*', host: '*.example.com' }])
  })

  test('fields that have no effect', () => {
    expect(
      translateFirst(
        gatewayOf(http, { more: 'addresses: [{value: 10.0.0.1}]\n  infrastructure: {labels: {a: b}}' }),
      ).found,
    ).toEqual([
      '8:3 field/unsupported addresses is not supported yet, it has no effect',
      '9:3 field/unsupported infrastructure is not supported yet, it has no effect',
    ])
  })

  test('a class that does not exist is worth a line', () => {
    const result = translateFirst(gatewayOf(http).replace('name: mesh}', 'name: other}'))
    expect(result.found).toEqual([
      '7:21 gateway/unknown-class there is no GatewayClass mesh here; the Gateway is served nevertheless',
    ])
    expect(result.listeners).toHaveLength(1)
  })
})

describe('listeners in conflict', () => {
  test.each([
    [
      'HTTP and HTTPS on one port',
      '- {name: b, port: 80, protocol: HTTPS, hostname: b.example, tls: {certificateRefs: [{name: c}]}}',
      'ProtocolConflict',
    ],
    ['one hostname twice', '- {name: b, port: 80, protocol: HTTP, hostname: a.example}', 'HostnameConflict'],
  ])('%s: neither is served', (_, second, reason) => {
    const text = gatewayOf(
      `- {name: a, port: 80, protocol: HTTP, hostname: a.example}\n${second}\n- {name: c, port: 81, ` +
        `protocol: HTTP}`,
    )
    const result = translateFirst(text)
    expect(result.listeners.map(({ portName }) => portName)).toEqual(['c'])
    expect(result.found.map((each) => each.split(' ')[1])).toEqual([
      'gateway/listener-conflict',
      'gateway/listener-conflict',
    ])
    expect(conditionsOf(text, 'a')).toEqual([
      `Accepted False ${reason}`,
      `Conflicted True ${reason}`,
      'ResolvedRefs True ResolvedRefs',
      'Programmed False Invalid',
    ])
    expect(conditionsOf(text)).toEqual(['Accepted True ListenersNotValid', 'Programmed True Programmed'])
  })

  test('the message names the other one', () => {
    expect(
      translateFirst(
        gatewayOf('- {name: a, port: 80, protocol: HTTP}\n- {name: b, port: 80, protocol: HTTP}'),
      ).found,
    ).toEqual([
      '6:5 gateway/listener-conflict its port and hostname are those of listener b, too: a request could ' +
        'be for either; neither is served',
      '7:5 gateway/listener-conflict its port and hostname are those of listener a, too: a request could ' +
        'be for either; neither is served',
    ])
  })

  test.each([
    '- {name: b, port: 80, protocol: HTTP, hostname: b.example}',
    '- {name: b, port: 81, protocol: HTTP, hostname: a.example}',
    '- {name: b, port: 80, protocol: TCP}',
  ])('none with %s', (second) => {
    expect(
      conditionsOf(gatewayOf(`- {name: a, port: 80, protocol: HTTP, hostname: a.example}\n${second}`), 'a'),
    ).toContain('Conflicted False NoConflicts')
  })
})

describe('HTTPS', () => {
  const https = (reference: string, more = ''): string =>
    gatewayOf(`- {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [${reference}]}}`, { more })

  test('ends TLS with the certificate of a Secret', () => {
    const text = https('{name: cert}') + secret('cert')
    expect(translateFirst(text)).toMatchObject({
      found: [],
      listeners: [
        {
          serves: {
            kind: 'https',
            tls: {
              certificates: [
                {
                  kind: 'secret',
                  secret: {
                    namespace: 'default',
                    name: 'cert',
                    origin: { path: ['spec', 'listeners', 0, 'tls', 'certificateRefs', 0, 'name'] },
                  },
                },
              ],
              clients: undefined,
            },
          },
        },
      ],
    })
    expect(conditionsOf(text, 'https')).toEqual([
      'Accepted True Accepted',
      'Conflicted False NoConflicts',
      'ResolvedRefs True ResolvedRefs',
      'Programmed True Programmed',
    ])
  })

  test.each([
    ['does not exist', ''],
    ['holds no certificate', malformed],
    ['holds nothing', malformed.replace(/stringData.*/, '')],
  ])('waits for a Secret that %s: it is not programmed', (_, text) => {
    expect(translateFirst(https('{name: cert}') + text).listeners).toHaveLength(1)
    expect(conditionsOf(https('{name: cert}') + text, 'https')).toEqual([
      'Accepted True Accepted',
      'Conflicted False NoConflicts',
      'ResolvedRefs False InvalidCertificateRef',
      'Programmed False Invalid',
    ])
    expect(conditionsOf(https('{name: cert}') + text)).toEqual([
      'Accepted True Accepted',
      'Programmed False Invalid',
    ])
  })

  test('a Secret that does not exist is reported', () => {
    expect(configure(https('{name: cert}')).found).toEqual([
      '6:78 tls/unknown-secret there is no Secret cert: connections that need it fail until there is',
    ])
  })

  const permitted = grant('kind: Gateway, namespace: default', 'kind: Secret', 'vault')
  test.each([
    ['', false],
    [permitted, true],
    [permitted.replace('kind: Secret', 'kind: Secret, name: cert'), true],
    [permitted.replace('kind: Secret', 'kind: Secret, name: other'), false],
    [permitted.replace('namespace: default', 'namespace: other'), false],
    [permitted.replace('kind: Gateway', 'kind: HTTPRoute'), false],
    [permitted.replace('kind: Secret', 'kind: Service'), false],
  ])('of a Secret in another namespace with %j: %s', (grants, allowed) => {
    const text = https('{name: cert, namespace: vault}') + secret('cert', 'vault') + grants
    const result = translateFirst(text)
    expect(result.listeners).toHaveLength(allowed ? 1 : 0)
    expect(result.found).toEqual(
      allowed
        ? []
        : [
            '6:95 reference/not-permitted no ReferenceGrant permits the reference to Secret vault/cert: ' +
              'it is not used (ResolvedRefs is False, RefNotPermitted)',
          ],
    )
    expect(conditionsOf(text, 'https')).toContain(
      allowed ? 'ResolvedRefs True ResolvedRefs' : 'ResolvedRefs False RefNotPermitted',
    )
  })

  test('a permitted Secret is asked for by its namespace, from a proxy of another', () => {
    const listener = configure(https('{name: cert, namespace: vault}') + secret('cert', 'vault') + permitted)
      .resources(proxyOf('edge'), 'listener')
      .get('0.0.0.0_443')
    expect(JSON.stringify(listener)).toContain('"kubernetes://vault/cert"')
  })

  test('of anything but a Secret', () => {
    expect(translateFirst(https('{group: example.com, kind: Vault, name: cert}'))).toMatchObject({
      listeners: [],
      found: [
        '6:98 reference/invalid-kind nothing here reads certificates of Vault of example.com ' +
          '(ResolvedRefs is False, InvalidCertificateRef)',
      ],
    })
  })

  test('is not served without any certificate', () => {
    const result = translateFirst(
      gatewayOf(
        '- {name: https, port: 443, protocol: HTTPS, tls: {options: {example.com/certificate: managed}}}',
      ),
    )
    expect(result).toMatchObject({ listeners: [], rejected: false })
    expect(result.found.map((each) => each.split(' ')[1])).toEqual(['field/required', 'field/unsupported'])
  })

  test('with several certificates the first is used', () => {
    expect(translateFirst(https('{name: a}, {name: b}') + secret('a') + secret('b'))).toMatchObject({
      found: [
        '6:82 field/unsupported a listener has one certificate here: the first is used, the others have ' +
          'no effect',
      ],
      listeners: [{ serves: { tls: { certificates: [{ secret: { name: 'a' } }] } } }],
    })
  })

  test.each([
    ['default: {validation: {caCertificateRefs: [{group: "", kind: Secret, name: ca}]}}', 'required'],
    [
      'default: {validation: {mode: AllowInsecureFallback, caCertificateRefs: [{group: "", kind: Secret, ' +
        'name: ca}]}}',
      'optional',
    ],
    [
      'default: {}, perPort: [{port: 443, tls: {validation: {caCertificateRefs: [{group: "", kind: ' +
        'Secret, name: ca}]}}}]',
      'required',
    ],
    [
      'default: {validation: {caCertificateRefs: [{group: "", kind: Secret, name: ca}]}}, perPort: ' +
        '[{port: 443, tls: {}}]',
      undefined,
    ],
    [
      'default: {}, perPort: [{port: 444, tls: {validation: {caCertificateRefs: [{group: "", kind: ' +
        'Secret, name: ca}]}}}]',
      undefined,
    ],
  ])('clients: %s', (frontend, certificate) => {
    const result = translateFirst(https('{name: cert}', `tls: {frontend: {${frontend}}}`) + secret('cert'))
    expect(result.found).toEqual([])
    expect(result.listeners[0]?.serves).toMatchObject({
      kind: 'https',
      tls: { clients: certificate === undefined ? undefined : { certificate } },
    })
  })

  test('is not served where clients cannot be verified as they should', () => {
    const text =
      https(
        '{name: cert}',
        'tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ' +
          'ca}]}}}}',
      ) + secret('cert')
    expect(translateFirst(text).found).toEqual([
      expect.stringContaining('6:25 gateway/client-validation clients of port 443 must show certificates'),
      expect.stringContaining('reference/invalid-kind nothing here reads certificates of ConfigMap'),
    ])
    expect(translateFirst(text).listeners).toEqual([])
    expect(conditionsOf(text, 'https')).toContain('Accepted False NoValidCACertificate')
  })
})

test('kinds of routes that nothing reads cost themselves only', () => {
  const text = gatewayOf(
    '- {name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: HTTPRoute}]}}',
  )
  expect(translateFirst(text)).toMatchObject({
    listeners: [{}],
    found: [
      '6:75 reference/invalid-kind TCPRoute of gateway.networking.k8s.io is no kind of route that is ' +
        'served here (ResolvedRefs is False, InvalidRouteKinds)',
    ],
  })
  expect(conditionsOf(text, 'http')).toContain('ResolvedRefs False InvalidRouteKinds')
})

test('requests of a plain Envoy reach the routes of a Gateway', () => {
  const { routes, found } = configure(gatewayOf(http) + routeOf('{name: edge}', 'shop.example.com'))
  expect(found).toEqual([])
  expect(routes(gateway)).toMatchObject([
    { route: { cluster: 'outbound|80||shop.default.svc.cluster.local' } },
  ])
})

test.each(['v1', 'v1beta1'])('a GatewayClass of %s is accepted', (version) => {
  const text =
    `apiVersion: gateway.networking.k8s.io/${version}\nkind: GatewayClass\nmetadata: {name: ` +
    `mesh}\nspec: {controllerName: example.com/controller, parametersRef: {group: a, kind: B, name: c}}\n`
  expect(translateFirst(text)).toMatchObject({
    found: ['4:48 field/unsupported parametersRef is not supported yet, it has no effect'],
    statuses: [{ conditions: [{ type: 'Accepted', status: 'True' }] }],
  })
})

test('a ReferenceGrant with a mistake', () => {
  expect(translateFirst(grant('kind: Gateway', 'kind: Secret', 'vault')).found).toEqual([
    '5:10 field/required spec.from[0].namespace is required',
  ])
})
