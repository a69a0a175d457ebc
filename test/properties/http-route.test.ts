import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { validateEnvoyConfig } from '../../src/envoy/process.ts'
import { staticConfig } from '../../src/envoy/static-config.ts'
import { resourceTypes } from '../../src/xds/resource-types.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { configure, gateway, resourcesOf, translateFirst } from '../support/configuration.ts'
import { anyRules, httpRouteWith } from './any-http-route.ts'

const seed = 20_261_121

const around = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge' },
    spec: { gatewayClassName: 'shadowplane', listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }] },
  },
  ...['shop', 'shadow'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ name: 'http', port: 80 }] },
  })),
]

function text(objects: readonly object[]): string {
  return objects.map((each) => JSON.stringify(each)).join('\n---\n')
}

const rulesOf = (rules: Parameters<typeof httpRouteWith>[0]) =>
  translateFirst(text([httpRouteWith(rules, 'a'), ...around]))

test(`a rule of an HTTPRoute costs no other rule anything, whatever it says (seed ${seed})`, () => {
  const sound = (name: string, path: string) => ({
    name,
    matches: [{ path: { value: path } }],
    filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'shadow', port: 80 } } }],
    backendRefs: [{ name: 'shop', port: 80 }],
  })
  const [first, last] = [sound('sound-first', '/first'), sound('sound-last', '/last')]
  const routesAt = (places: readonly number[], rules: Parameters<typeof httpRouteWith>[0]) =>
    rulesOf(rules).routeTables.flatMap(({ routes }) =>
      routes
        .filter(({ origin }) => places.includes(Number(origin.path[2])))
        .map(({ match, action, headers, cors }) => ({
          match,
          action: JSON.parse(JSON.stringify(action).replaceAll(/"rules",\d+/g, '"rules"')) as unknown,
          headers,
          cors,
        })),
    )
  const alone = routesAt([0, 1], [first, last])
  expect(alone).toHaveLength(2)
  fc.assert(
    fc.property(anyRules, ([rule]) => {
      expect(routesAt([0, 2], [first, rule ?? null, last])).toEqual(alone)
    }),
    { seed, numRuns: 200 },
  )
})

test(
  `every mistake in an HTTPRoute is an error or warning at a field of it, and none is left without one ` +
    `(seed ${seed})`,
  () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const { diagnostics, rejected, routeTables } = rulesOf(rules)
        expect(diagnostics.filter(({ origin }) => origin?.object.name !== 'a')).toEqual([])
        expect(rejected && diagnostics.every(({ severity }) => severity !== 'error')).toBe(false)
        const served = new Set(
          routeTables.flatMap(({ routes }) => routes.map(({ origin }) => Number(origin.path[2]))),
        )
        expect(!rejected && rules.some((_, index) => !served.has(index))).toBe(false)
      }),
      { seed, numRuns: 200 },
    )
  },
)

test(`Envoy takes what HTTPRoutes become, whatever they say (seed ${seed})`, async () => {
  const { path } = await findEnvoy({ env: process.env })
  const samples = fc.sample(anyRules, { seed, numRuns: 300 })
  const refusals: string[] = []
  const isTaken = async (from: number, to: number): Promise<void> => {
    const routes = samples
      .slice(from, to)
      .map((rules, index) => httpRouteWith(rules, `route-${from + index}`))
    const { pipeline, resources } = configure(text([...around, ...routes]))
    const scope: Scope = {
      ...gateway,
      labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
      anyGateway: false,
    }
    resources(scope, 'route')
    const refusal = await validateEnvoyConfig(
      path,
      staticConfig(resourceTypes.flatMap(({ name }) => resourcesOf(pipeline, scope, name))),
    )
    if (refusal === undefined) return
    if (to - from === 1) {
      refusals.push(`${refusal}: ${JSON.stringify(samples[from])}`)
      return
    }
    const middle = Math.floor((from + to) / 2)
    await isTaken(from, middle)
    await isTaken(middle, to)
  }
  await isTaken(0, samples.length)
  expect(refusals).toEqual([])
})
