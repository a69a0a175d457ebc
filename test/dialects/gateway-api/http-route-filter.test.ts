import { describe, expect, test } from 'vitest'
import type { Redirect } from '../../../src/model/route.ts'
import { translateFirst } from '../../support/configuration.ts'
import { actionOf, forwardOf, foundIn, httpRoute, routesOf, toShop } from './route-text.ts'

function withFilters(filters: readonly string[], rest = toShop): string {
  return httpRoute(`- filters:\n${filters.map((filter) => `  - {${filter}}`).join('\n')}\n  ${rest}`)
}

const failed = { kind: 'direct-response', status: 500, body: undefined }

describe('header modifiers', () => {
  const headers = (modifier: string, side: 'request' | 'response' = 'request'): unknown => {
    const field = `${side}HeaderModifier`
    return routesOf(
      withFilters([
        `type: ${side === 'request' ? 'Request' : 'Response'}HeaderModifier, ${field}: {${modifier}}`,
      ]),
    )[0]?.headers[side]
  }

  test.each([
    [
      'set: [{name: X-A, value: a}], add: [{name: X-B, value: b}], remove: [X-C]',
      { set: { 'X-A': 'a' }, add: { 'X-B': 'b' }, remove: ['X-C'] },
    ],
    [
      'set: [{name: X-A, value: first}, {name: x-a, value: second}]',
      { set: { 'X-A': 'first' }, add: {}, remove: [] },
    ],
    ['set: [{name: X-A, value: "100%"}]', { set: { 'X-A': '100%%' }, add: {}, remove: [] }],
    ['set: [{name: X-A, value: "%REQ(x-id)%"}]', { set: { 'X-A': '%REQ(x-id)%' }, add: {}, remove: [] }],
    ['set: [{name: X-A, value: "%NOTHING%"}]', { set: { 'X-A': '%%NOTHING%%' }, add: {}, remove: [] }],
  ])('%s', (modifier, expected) => {
    expect(headers(modifier)).toEqual(expected)
    expect(headers(modifier, 'response')).toEqual(expected)
  })

  test('setting Host rewrites the authority, unless a URLRewrite names another; nothing else changes it', () => {
    const host = 'type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: a.example}]}'
    expect(forwardOf(withFilters([host])).rewrite).toEqual({ authority: 'a.example', explicit: false })
    expect(
      forwardOf(withFilters([host, 'type: URLRewrite, urlRewrite: {hostname: b.example}'])).rewrite,
    ).toEqual({ authority: 'b.example', explicit: true })
    expect(
      foundIn(
        withFilters([
          'type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: host, value: a}], remove: ' +
            '[Host]}',
        ]),
      ),
    ).toEqual([
      '8:67 field/invalid-value add names host, which cannot be changed there: it has no effect',
      '8:101 field/invalid-value remove names Host, which cannot be changed there: it has no effect',
    ])
    expect(
      foundIn(
        withFilters([
          'type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: Host, value: a}]}',
        ]),
      ),
    ).toEqual(['8:69 field/invalid-value set names Host, which cannot be changed there: it has no effect'])
  })

  test('a mistake in one costs that header', () => {
    const text = withFilters([
      'type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: "a b", value: a}, {name: c, ' +
        'value: "d"}, {name: e, value: "f  g"}]}',
    ])
    expect(foundIn(text)).toEqual(
      [
        '8:77 field/invalid-value spec.rules[0].filters[0].requestHeaderModifier.set[0].name is "a b", ' +
          'must be the name of a header: letters, digits and -',
        '8:136 field/invalid-value spec.rules[0].filters[0].requestHeaderModifier.set[2].value is "f  g", ' +
          'must be printable ASCII, with single spaces or tabs only between other characters',
      ].map((each) => expect.stringContaining(each.slice(each.indexOf('field')))),
    )
    expect(routesOf(text)[0]?.headers.request.set).toEqual({ c: 'd' })
  })
})

describe('RequestRedirect', () => {
  const redirect = (fields: string, match = '{path: {value: /foo}}'): Redirect => {
    const action = actionOf(
      withFilters([`type: RequestRedirect, requestRedirect: {${fields}}`], `matches: [${match}]`),
    )
    if (action.kind !== 'redirect') throw new Error(`the route answers with ${action.kind}`)
    return action
  }

  test.each([
    ['', { host: undefined, scheme: undefined, port: 'of the listener', code: 302, path: undefined }],
    ['hostname: a.example, statusCode: 301', { host: 'a.example', code: 301, port: 'of the listener' }],
    ['scheme: https', { scheme: 'https', port: undefined }],
    ['scheme: http, port: 8080', { scheme: 'http', port: 8080 }],
    ['port: 8080, statusCode: 303', { port: 8080, code: 303 }],
    ['statusCode: 307', { code: 307 }],
    ['statusCode: 308', { code: 308 }],
    ['path: {type: ReplaceFullPath, replaceFullPath: /x}', { path: { kind: 'path', value: '/x' } }],
    ['path: {type: ReplacePrefixMatch, replacePrefixMatch: /x/}', { path: { kind: 'prefix', value: '/x' } }],
    [
      'path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}',
      { path: { kind: 'regex', pattern: '^/foo/?', substitution: '/' } },
    ],
  ])('{%s}', (fields, expected) => {
    expect(redirect(fields)).toMatchObject(expected)
  })

  test.each([
    [
      'statusCode: 304',
      'spec.rules[0].filters[0].requestRedirect.statusCode is 304, must be one of 301, 302, 303, 307, 308',
    ],
    ['scheme: ftp', 'spec.rules[0].filters[0].requestRedirect.scheme is "ftp", must be one of http, https'],
    [
      'hostname: "*.example"',
      'spec.rules[0].filters[0].requestRedirect.hostname is "*.example", must be the name of one host, ' +
        'without *',
    ],
    [
      'path: {type: ReplaceFullPath}',
      'spec.rules[0].filters[0].requestRedirect.path.replaceFullPath is required by type ReplaceFullPath',
    ],
    [
      'path: {type: ReplaceFullPath, replaceFullPath: x}',
      'spec.rules[0].filters[0].requestRedirect.path.replaceFullPath is "x", must begin with /',
    ],
  ])('{%s} is a mistake that costs the rule', (fields, expected) => {
    const text = withFilters(
      [`type: RequestRedirect, requestRedirect: {${fields}}`],
      'matches: [{path: {value: /foo}}]',
    )
    expect(foundIn(text)).toEqual([
      expect.stringContaining(`${expected}: requests that it matches are answered with 500`),
    ])
    expect(routesOf(text)).toMatchObject([
      { match: { path: { value: '/foo' } }, action: { kind: 'direct-response', status: 500 } },
    ])
  })

  test('backendRefs beside it have no effect', () => {
    const text = withFilters(['type: RequestRedirect, requestRedirect: {scheme: https}'])
    expect(foundIn(text)).toEqual([
      '9:5 filter/incompatible backendRefs are set beside a RequestRedirect, which sends no request on: ' +
        'they have no effect',
    ])
    expect(actionOf(text).kind).toBe('redirect')
  })

  test('a mirror beside it has nothing to mirror', () => {
    const text = withFilters(
      [
        'type: RequestRedirect, requestRedirect: {scheme: https}',
        'type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}',
      ],
      'matches: []',
    )
    expect(foundIn(text)).toEqual([
      '9:45 mirror/without-forward the rule answers with a redirect, so there is nothing to mirror',
    ])
  })
})

describe('URLRewrite', () => {
  test.each([
    ['hostname: a.example', '/foo', { authority: 'a.example', explicit: true }],
    [
      'path: {type: ReplaceFullPath, replaceFullPath: /x}',
      '/foo',
      { regex: { pattern: '^.*$', substitution: '/x' }, explicit: true },
    ],
    [
      'path: {type: ReplaceFullPath, replaceFullPath: "/x\\\\1"}',
      '/foo',
      { regex: { pattern: '^.*$', substitution: '/x\\\\1' }, explicit: true },
    ],
    [
      'path: {type: ReplacePrefixMatch, replacePrefixMatch: /xyz}',
      '/foo',
      { prefix: '/xyz', explicit: true },
    ],
    [
      'path: {type: ReplacePrefixMatch, replacePrefixMatch: /xyz/}',
      '/foo/',
      { prefix: '/xyz', explicit: true },
    ],
    [
      'path: {type: ReplacePrefixMatch, replacePrefixMatch: /}',
      '/foo.bar',
      { regex: { pattern: '^/foo\\.bar/?', substitution: '/' }, explicit: true },
    ],
    ['path: {type: ReplacePrefixMatch, replacePrefixMatch: /xyz}', '/', { prefix: '/xyz/', explicit: true }],
    ['path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}', '/', { explicit: true }],
  ])('{%s} where %s is matched', (fields, prefix, expected) => {
    expect(
      forwardOf(
        withFilters(
          [`type: URLRewrite, urlRewrite: {${fields}}`],
          `matches: [{path: {value: ${prefix}}}]\n  ${toShop}`,
        ),
      ).rewrite,
    ).toEqual(expected)
  })

  test.each([
    ['matches: [{path: {type: Exact, value: /foo}}]'],
    ['matches: [{path: {value: /foo}}, {path: {value: /bar}}]'],
    ['matches: [{path: {type: RegularExpression, value: /foo}}]'],
  ])('replacePrefixMatch in a rule with %s: 500', (matches) => {
    const text = withFilters(
      ['type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}'],
      `${matches}\n  ${toShop}`,
    )
    expect(foundIn(text)).toEqual([
      '8:92 field/invalid-value replacePrefixMatch needs a rule with exactly one match, of type ' +
        'PathPrefix: the rule is answered with 500',
    ])
    expect(actionOf(text)).toEqual(failed)
  })

  test('in a rule without matches the default one counts', () => {
    expect(
      forwardOf(
        withFilters([
          'type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}',
        ]),
      ).rewrite.prefix,
    ).toBe('/x/')
  })

  test('beside a RequestRedirect: 500', () => {
    const text = withFilters(
      [
        'type: URLRewrite, urlRewrite: {hostname: a.example}',
        'type: RequestRedirect, requestRedirect: {scheme: https}',
      ],
      'matches: []',
    )
    expect(foundIn(text)).toEqual([
      '8:14 filter/incompatible URLRewrite is set beside RequestRedirect, which sends no request on: the ' +
        'rule is answered with 500',
    ])
    expect(actionOf(text)).toEqual(failed)
  })
})

describe('CORS', () => {
  const cors = (fields: string): unknown => routesOf(withFilters([`type: CORS, cors: {${fields}}`]))[0]?.cors

  test.each([
    [
      '',
      {
        origins: [],
        methods: [],
        headers: [],
        exposedHeaders: [],
        maxAge: 5,
        credentials: undefined,
        unmatchedPreflights: 'answer',
      },
    ],
    [
      'allowOrigins: [https://a.example, "https://*.b.example:8443", "http://*"]',
      {
        origins: [
          { kind: 'exact', value: 'https://a.example' },
          { kind: 'regex', value: 'https://.*\\.b\\.example:8443' },
          { kind: 'regex', value: 'http://.*' },
        ],
      },
    ],
    ['allowOrigins: ["*"]', { origins: [{ kind: 'regex', value: '.*' }] }],
    [
      'allowMethods: [GET, PUT], allowHeaders: [x-a], exposeHeaders: [x-b], maxAge: 60',
      { methods: ['GET', 'PUT'], headers: ['x-a'], exposedHeaders: ['x-b'], maxAge: 60 },
    ],
    ['allowMethods: ["*"]', { methods: ['*'] }],
    ['allowMethods: ["*"], allowCredentials: true', { methods: ['*'], credentials: true }],
    ['allowHeaders: ["*"], allowCredentials: true', { headers: ['*'], credentials: true }],
    ['exposeHeaders: ["*"], allowCredentials: true', { exposedHeaders: [] }],
  ])('{%s}', (fields, expected) => {
    expect(cors(fields)).toMatchObject(expected)
  })

  test('a mistake costs the policy, and the rule is served', () => {
    const text = withFilters([
      'type: CORS, cors: {allowOrigins: ["*", https://a.example], maxAge: 0, allowMethods: [get]}',
    ])
    expect(foundIn(text).map((each) => each.replace(/^\S+ /, ''))).toEqual([
      'field/invalid-value spec.rules[0].filters[0].cors.allowOrigins has * beside others, must have * alone',
      'field/invalid-value spec.rules[0].filters[0].cors.maxAge is 0, must be at least 1',
      'field/invalid-value spec.rules[0].filters[0].cors.allowMethods[0] is "get", must be one of GET, ' +
        'HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, *',
    ])
    expect(routesOf(text).map((each) => [each.cors, each.action.kind])).toEqual([[undefined, 'forward']])
  })
})

describe('types of filters', () => {
  test('the first of two counts, where a type may not be repeated', () => {
    const text = withFilters([
      'type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "1"}]}',
      'type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}',
      'type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: b, value: "1"}]}',
    ])
    expect(foundIn(text)).toEqual([
      '10:14 filter/repeated a second filter of type RequestHeaderModifier, which has no effect: the ' +
        'first applies',
    ])
    expect(routesOf(text)[0]?.headers.request.set).toEqual({ a: '1' })
    expect(forwardOf(text).mirrors).toHaveLength(1)
  })

  test.each([
    [
      'type: Mirror',
      '8:14 field/invalid-value the type of a filter is "Mirror", must be one of RequestHeaderModifier, ' +
        'ResponseHeaderModifier, RequestMirror, RequestRedirect, URLRewrite, CORS, ExtensionRef, ' +
        'ExternalAuth: its requests are answered with an error',
    ],
    ['type: URLRewrite', '8:7 field/required urlRewrite is required by type URLRewrite'],
    [
      'type: ExternalAuth, externalAuth: {protocol: GRPC}',
      '8:28 field/unsupported externalAuth is not supported yet: as it may not be passed over, its ' +
        'requests are answered with an error',
    ],
  ])('{%s} may not be passed over: 500', (filter, expected) => {
    expect(foundIn(withFilters([filter]))).toEqual([expected])
    expect(actionOf(withFilters([filter]))).toEqual(failed)
  })
})

describe('ExtensionRef', () => {
  const named = (group: string, kind: string, name: string): string =>
    `type: ExtensionRef, extensionRef: {group: "${group}", kind: ${kind}, name: ${name}}`

  test('objects that are there may attach to the rule', () => {
    const text = withFilters([named('', 'Service', 'shadow'), named('', 'Service', 'shade')])
    expect(foundIn(text)).toEqual([])
    expect(routesOf(text)[0]?.attachTo).toEqual([
      'object|/Service/default/shadow',
      'object|/Service/default/shade',
    ])
  })

  test.each([
    [
      named('', 'Service', 'shado'),
      '8:75 reference/not-found there is no Service default/shado: the rule is answered with 500 ' +
        '(ResolvedRefs is False, BackendNotFound)',
    ],
    [
      named('example.com', 'Limit', 'shop'),
      '8:71 reference/invalid-kind nothing here reads Limit of example.com: the rule is answered with 500 ' +
        '(ResolvedRefs is False, InvalidKind)',
    ],
  ])('{%s}: 500', (filter, expected) => {
    const text = withFilters([filter])
    expect(foundIn(text)).toEqual([expected])
    expect(actionOf(text)).toEqual(failed)
    expect(translateFirst(text).rejected).toBe(false)
  })
})
