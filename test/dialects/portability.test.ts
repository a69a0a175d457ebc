import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { dialectFor, dialects } from '../../src/dialects/index.ts'
import { divergencesIn } from '../../src/dialects/portability.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { projectRoot } from '../support/command.ts'
import { parse } from '../support/configuration.ts'

test('the table in docs/portability.md has each divergence, with its source', () => {
  const page = readFileSync(join(projectRoot, 'docs/portability.md'), 'utf8')
  const rows = dialects
    .flatMap(({ divergences = [] }) => divergences)
    .map(
      ({ code, controller, does, source }) =>
        `| [\`${code}\`](diagnostics/${code}.md) | ${controller} | ${does} | ${source} |`,
    )
  expect(page.split('\n').filter((line) => line.startsWith('| [`'))).toEqual(rows)
})

/** `<path> <message>` of what is found in the first object, the others being what it can look up. */
function found(text: string): readonly string[] {
  const manifests = parse(text).map(({ manifest }) => manifest)
  const [first] = manifests
  if (first === undefined) throw new Error('no object')
  const around = {
    settings: defaultSettings,
    manifest: (id: Parameters<typeof objectKey>[0]) =>
      manifests.find((each) => objectKey(each.id) === objectKey(id)),
  }
  return divergencesIn(dialectFor(first), first, around).map(
    ({ code, message, origin }) =>
      `${origin?.path.join('.') ?? ''} ${code.split('/')[1] ?? ''}: ` +
      message.replace(/^\S+ \S+: /, '').replace(/ \([^()]*\)$/, ''),
  )
}

const service = '---\napiVersion: v1\nkind: Service\nmetadata: {name: shadow}\nspec: {ports: [{port: 80}]}\n'
const keep = 'annotations: {shadowplane.io/shadow-host: keep}'

describe('Istio', () => {
  const virtualService = (fields: string): readonly string[] =>
    found(
      `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop, ${keep}}\nspec: ` +
        `{hosts: [shop], http: [{route: [{destination: {host: shop}}], ${fields}}]}\n`,
    )

  // Conformance cases 011 and 022, and percentages that come out as they are written.
  test.each([
    [
      '0.57',
      ['spec.http.0.mirrorPercentage.value percentage: istiod mirrors 0.5699 % of the requests, not 0.57 %'],
    ],
    [
      '0.0003',
      [
        'spec.http.0.mirrorPercentage.value percentage: istiod mirrors 0.0002 % of the requests, not ' +
          '0.0003 %',
      ],
    ],
    ['50', []],
    ['33.333', []],
  ])('mirrorPercentage %s', (value, expected) => {
    expect(virtualService(`mirror: {host: shadow}, mirrorPercentage: {value: ${value}}`)).toEqual(expected)
  })

  test('each of several mirrors has a percentage', () => {
    expect(
      virtualService(
        'mirrors: [{destination: {host: shadow}, percentage: {value: 5}}, {destination: {host: shadow}, ' +
          'percentage: {value: 1.13}}]',
      ),
    ).toEqual([
      'spec.http.0.mirrors.1.percentage.value percentage: istiod mirrors 1.1299 % of the requests, not ' +
        '1.13 %',
    ])
  })
})

describe('the Gateway API', () => {
  const route = (filters: string, metadata = keep): readonly string[] =>
    found(
      `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: shop, ` +
        `${metadata}}\nspec: {rules: [{filters: [${filters}], backendRefs: [{name: shop, port: ` +
        `80}]}]}\n${service}`,
    )
  const mirror = (more = ''): string =>
    `{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}${more}}}`

  test('a fraction', () => {
    expect(route(mirror(', fraction: {numerator: 50}'))).toEqual([
      'spec.rules.0.filters.0.requestMirror.fraction percentage: kgateway mirrors a hundredth of it: 0.5 ' +
        '%, not 50 %',
      'spec.rules.0.filters.0.requestMirror.fraction percentage: Gloo Gateway ignores fraction, and ' +
        'mirrors every request',
    ])
  })

  test('a percentage', () => {
    expect(route(mirror(', percent: 20'))).toEqual([
      'spec.rules.0.filters.0.requestMirror.percent percentage: Gloo Gateway ignores percent, and mirrors ' +
        'every request',
    ])
  })

  test('several mirrors', () => {
    expect(route(`${mirror()}, ${mirror()}`)).toEqual([
      'spec.rules.0.filters.1.requestMirror several-mirrors: Gloo Gateway uses only the first ' +
        'RequestMirror of a rule, and not this one',
    ])
  })

  test('the Host of copies, once', () => {
    expect(route(mirror(), 'labels: {}')).toEqual([
      'spec.rules.0.filters.0.requestMirror shadow-host: Envoy Gateway 1.6 and later keeps the Host of ' +
        'the request on copies, here -shadow is appended',
    ])
  })

  test.each([
    ['a Service that does not exist', '{name: other, port: 80}'],
    ['a port that does not exist', '{name: shadow, port: 81}'],
  ])('%s', (_, backend) => {
    expect(route(`{type: RequestMirror, requestMirror: {backendRef: ${backend}}}`)).toEqual([
      'spec.rules.0.filters.0.requestMirror.backendRef rule-fails: Envoy Gateway answers all requests of ' +
        'the rule with 500, as the backend of its mirror does not exist; here the route serves on without it',
    ])
  })

  test('a redirect', () => {
    expect(route(`${mirror()}, {type: RequestRedirect, requestRedirect: {hostname: a.test}}`)).toEqual([
      'spec.rules.0.filters.0.requestMirror rule-fails: Envoy Gateway answers the rule with 500, as it ' +
        'redirects and mirrors; here it redirects',
    ])
  })
})

describe('Gloo', () => {
  test.each([
    [
      '0.39',
      ['spec.options.shadowing.percentage percentage: Gloo mirrors 0.3899 % of the requests, not 0.39 %'],
    ],
    ['0.57', []],
    ['50.0005', []],
    ['100', []],
  ])('percentage %s', (value, expected) => {
    expect(
      found(
        `apiVersion: gateway.solo.io/v1\nkind: RouteOption\nmetadata: {name: copies}\nspec: {options: ` +
          `{shadowing: {upstream: {name: shadow}, percentage: ${value}}}}\n`,
      ),
    ).toEqual(expected)
  })
})

test('Emissary: a second shadow that only an annotation of ours allows', () => {
  const mapping = (metadata: string): readonly string[] =>
    found(
      `apiVersion: getambassador.io/v3alpha1\nkind: Mapping\nmetadata: {name: copies${metadata}}\nspec: ` +
        `{prefix: /, service: shadow, shadow: true}\n`,
    )
  expect(mapping(', annotations: {shadowplane.io/several-shadows: "true"}')).toEqual([
    'spec.shadow several-mirrors: Emissary uses one shadow of the group, and leaves out every further one',
  ])
  expect(mapping('')).toEqual([])
})

test('what cannot be read says nothing', () => {
  expect(
    found(
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop}\nspec: {http: ' +
        '[null, 7, {mirrors: {percentage: []}}]}\n',
    ),
  ).toEqual([
    'spec.http.2.mirrors shadow-host: istiod 1.28 and later keeps the Host of the request on copies, here ' +
      '-shadow is appended',
  ])
})
