import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configure, gateway } from '../support/configuration.ts'
import { absentMessage, sharedFolder, sharedIsAbsent } from '../support/shared.ts'
import { policiesIn, slug } from './mirror-policy.ts'
import type { Policy } from './mirror-policy.ts'
import { renderTable } from './table.ts'
import { differencesIn, judged } from './verdict.ts'
import type { Judged, PeerCase } from './verdict.ts'

const folder = join(sharedFolder, 'conformance/kgateway')

interface Data {
  readonly translation: readonly { readonly name: string; readonly input?: string; readonly want: string }[]
  readonly percent: { readonly cases: readonly PercentCase[] }
}

interface PercentCase {
  readonly requestMirror: {
    readonly percent?: number
    readonly fraction?: { readonly numerator: number; readonly denominator: number }
  }
  readonly want?: {
    readonly runtime_fraction?: null
    readonly numerator?: number
    readonly denominator?: string
  }
  readonly upstream_output?: { readonly numerator: number; readonly denominator: string }
  readonly correct?: { readonly numerator: number; readonly denominator: string }
}

interface ExpectedRoutes {
  readonly Routes: readonly {
    readonly virtualHosts: readonly {
      readonly routes: readonly {
        readonly match: object
        readonly route: {
          readonly cluster: string
          readonly requestMirrorPolicies?: readonly {
            readonly cluster: string
            readonly disableShadowHostSuffixAppend?: boolean
          }[]
        }
      }[]
    }[]
  }[]
}

/** A Gateway, an HTTPRoute whose rule mirrors, and the Services that it names. */
function mirroring(requestMirror: object): string {
  const service = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ name: 'http', port: 8000 }] },
  })
  const parts = [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'c' },
      spec: { controllerName: 'shadowplane.io/gateway-controller' },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'g' },
      spec: { gatewayClassName: 'c', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'r' },
      spec: {
        parentRefs: [{ name: 'g' }],
        rules: [
          {
            filters: [{ type: 'RequestMirror', requestMirror }],
            backendRefs: [{ name: 'httpbin', port: 8000 }],
          },
        ],
      },
    },
    service('httpbin'),
    service('httpbin2'),
  ]
  return parts.map((each) => `---\n${JSON.stringify(each)}\n`).join('')
}

const mirror = { backendRef: { name: 'httpbin2', port: 8000 } }

interface Routed {
  readonly cluster: string
  readonly policies: readonly Policy[]
}

function routed(text: string): readonly Routed[] {
  return configure(text)
    .routes(gateway)
    .map((each) => ({ cluster: each.route?.cluster ?? '', policies: policiesIn(each) }))
}

function percentCase({ requestMirror, want, upstream_output: output }: PercentCase): PeerCase {
  const { percent, fraction } = requestMirror
  const id =
    percent !== undefined
      ? `percent-${percent}`
      : fraction === undefined
        ? 'percent-absent'
        : `percent-fraction-${fraction.numerator}-${fraction.denominator}`
  const wanted =
    output ??
    (want?.numerator === undefined ? undefined : { numerator: want.numerator, denominator: want.denominator })
  const policies = routed(mirroring({ ...mirror, ...requestMirror })).flatMap((each) => each.policies)
  return {
    id,
    name: id,
    wanted: { fractions: [wanted] },
    ours: { fractions: policies.map((each) => each.runtime_fraction?.default_value) },
  }
}

/** kgateway's names of clusters are Envoy's; ours are by host. */
function translationCase({ name, input, want }: Data['translation'][number]): PeerCase {
  const expected = parse(readFileSync(join(folder, want), 'utf8')) as ExpectedRoutes
  const wanted = expected.Routes.flatMap(({ virtualHosts }) => virtualHosts)
    .flatMap(({ routes }) => routes)
    .map(({ route }) =>
      (route.requestMirrorPolicies ?? []).map((each) => each.disableShadowHostSuffixAppend === true),
    )
    .toSorted(byText)
  const ours =
    input === undefined
      ? []
      : routed(
          readFileSync(join(folder, input), 'utf8')
            .replaceAll('example-gateway-class', 'c')
            .concat(gatewayClass),
        )
          .map(({ policies }) => policies.map((each) => each.disable_shadow_host_suffix_append === true))
          .toSorted(byText)
  return { id: slug(name), name, wanted: { keepsHost: wanted }, ours: { keepsHost: ours } }
}

const gatewayClass = `\n---\n${JSON.stringify({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'c' }, spec: { controllerName: 'shadowplane.io/gateway-controller' } })}\n`

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

/**
 * A mirror whose backend does not exist is dropped and the route is served, also in the case that expects
 * otherwise.
 */
function unresolved(): PeerCase {
  const [only] = routed(mirroring({ backendRef: { name: 'none', port: 80 } }))
  return {
    id: 'unresolved-ref',
    name: 'unresolved ref',
    wanted: { policies: [], serves: true },
    ours: { policies: only?.policies, serves: only?.cluster !== undefined && only.cluster !== '' },
  }
}

function scenario(): PeerCase {
  const ours = routed(mirroring(mirror))
  return {
    id: 'scenario',
    name: 'scenario',
    wanted: {
      routes: [
        { cluster: 'kube_httpbin_httpbin_8000', policies: [{ cluster: 'kube_httpbin_httpbin2_8000' }] },
      ],
    },
    ours: { routes: ours },
  }
}

function allCases(): readonly PeerCase[] {
  const data = parse(readFileSync(join(folder, 'cases.yaml'), 'utf8')) as Data
  return [
    ...data.translation.map(translationCase),
    ...data.percent.cases.map(percentCase),
    unresolved(),
    scenario(),
  ]
}

const differences = differencesIn('docs/gloo.md', '## kgateway')
const cases: readonly Judged[] = sharedIsAbsent ? [] : judged(allCases(), differences)

describe.skipIf(sharedIsAbsent)(
  'mirrors are what kgateway makes of them, but for the documented differences',
  () => {
    test.each(cases)('$name', ({ verdict, wanted, ours }) => {
      // Shows what differs.
      const seen = verdict === 'failed' ? ours : wanted
      expect(seen).toEqual(wanted)
    })

    test.each(differences)('$id shows in the cases that the page lists', ({ cases: listed }) => {
      const shown = new Set(cases.filter(({ verdict }) => verdict !== 'passed').map(({ id }) => id))
      expect(listed.filter((id) => !shown.has(id))).toEqual([])
    })

    test('a fraction is what it says', () => {
      const data = parse(readFileSync(join(folder, 'cases.yaml'), 'utf8')) as Data
      const found = data.percent.cases
        .filter(({ correct }) => correct !== undefined)
        .map(({ requestMirror, correct }) => [
          routed(mirroring({ ...mirror, ...requestMirror }))[0]?.policies[0]?.runtime_fraction?.default_value,
          correct,
        ])
      for (const [ours, correct] of found) expect(ours).toEqual(correct)
      expect(found).not.toEqual([])
    })

    test('a TrafficPolicy is said to be read by nobody', () => {
      const text = readFileSync(
        join(
          folder,
          'raw/pkg/kgateway/translator/gateway/testutils/inputs/traffic-policy/request-mirror.yaml',
        ),
        'utf8',
      )
      expect(configure(text).found.filter((each) => each.includes('manifest/unclaimed-kind')).length).toBe(3)
    })
  },
)

afterAll(() => {
  if (sharedIsAbsent) console.warn(`skipped: ${absentMessage}`)
  else
    console.log(
      renderTable(
        ['kgateway', 'cases'],
        ['passed', 'intended difference', 'not supported', 'failed'].map((verdict) => [
          verdict,
          String(cases.filter((each) => each.verdict === verdict).length),
        ]),
      ),
    )
})
