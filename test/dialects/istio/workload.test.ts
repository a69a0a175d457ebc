import { describe, expect, test } from 'vitest'
import { configure, sidecar, translateFirst } from '../../support/configuration.ts'

function workloadEntry(spec: string, metadata = 'name: vm'): string {
  return `apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {${metadata}}\nspec: ${spec}\n`
}

const reviews =
  `---
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80, targetPort: 8080}, {name: http-admin, ` +
  `port: 81, targetPort: admin}]}
`

function endpoints(text: string, port: number): readonly string[] {
  const assignment = configure(text)
    .resources(sidecar(), 'endpoint')
    .get(`outbound|${port}||reviews.default.svc.cluster.local`)
  return [...JSON.stringify(assignment ?? null).matchAll(/"address":"([^"]+)","port_value":(\d+)/g)].map(
    ([, address, target]) => `${address}:${target}`,
  )
}

describe('a WorkloadEntry', () => {
  test.each<readonly [string, string, readonly [http: readonly string[], admin: readonly string[]]]>([
    [
      'is an endpoint of the Services that select it',
      '{address: 10.0.0.9, labels: {app: reviews}}',
      [['10.0.0.9:8080'], ['10.0.0.9:81']],
    ],
    [
      "has ports of its own by the name of the Service's",
      '{address: 10.0.0.9, labels: {app: reviews}, ports: {http: 9090, admin: 9091}}',
      [['10.0.0.9:9090'], ['10.0.0.9:9091']],
    ],
    ['is none of others', '{address: 10.0.0.9, labels: {app: ratings}}', [[], []]],
    [
      'is none with a name, as EDS takes addresses',
      '{address: vm.example, labels: {app: reviews}}',
      [[], []],
    ],
  ])('%s', (_, spec, [http, admin]) => {
    expect(endpoints(workloadEntry(spec) + reviews, 80)).toEqual(http)
    expect(endpoints(workloadEntry(spec) + reviews, 81)).toEqual(admin)
  })

  test('has the port of the Service where that is called as something that every object has', () => {
    const service = reviews
      .replaceAll('name: http-admin', 'name: constructor')
      .replaceAll('targetPort: admin', 'targetPort: toString')
    expect(
      endpoints(
        workloadEntry('{address: 10.0.0.9, labels: {app: reviews}, ports: {http: 9090}}') + service,
        81,
      ),
    ).toEqual(['10.0.0.9:81'])
  })

  test('has no more weight than Envoy takes of all in a locality together', () => {
    const two = ['a', 'b']
      .map((name, index) =>
        workloadEntry(
          `{address: 10.0.0.${index}, weight: 4294967295, labels: {app: reviews}}`,
          `name: ${name}`,
        ),
      )
      .join('---\n')
    const assignment = JSON.stringify(
      configure(two + reviews)
        .resources(sidecar(), 'endpoint')
        .get('outbound|80||reviews.default.svc.cluster.local'),
    )
    const weights = [...assignment.matchAll(/"load_balancing_weight":(\d+)/g)].map(([, weight]) =>
      Number(weight),
    )
    expect(weights.length).toBe(3)
    expect(Math.max(...weights)).toBeLessThanOrEqual(2 ** 32 - 1)
  })

  test('is selected by the labels of its metadata before those of its spec', () => {
    expect(
      endpoints(
        workloadEntry('{address: 10.0.0.9, labels: {app: ratings}}', 'name: vm, labels: {app: reviews}') +
          reviews,
        80,
      ),
    ).toEqual(['10.0.0.9:8080'])
  })

  test('without an address is told', () => {
    expect(translateFirst(workloadEntry('{network: far}')).found).toEqual([
      '4:17 field/unsupported without an address it has no endpoint: networks and their gateways are not ' +
        'supported',
    ])
  })
})

describe('a WorkloadGroup', () => {
  const group = (template: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: WorkloadGroup\nmetadata: {name: vms}\nspec:\n  metadata: ` +
    `{labels: {app: reviews}}\n  template: ${template}\n`

  test('is a template, and no endpoint by itself', () => {
    expect(translateFirst(group('{ports: {http: 8080}, serviceAccount: vms}')).found).toEqual([])
    expect(endpoints(group('{ports: {http: 8080}}') + reviews, 80)).toEqual([])
  })

  test('with a mistake is refused', () => {
    expect(translateFirst(group('{ports: {http: 0}}')).found).toEqual([
      '6:28 field/invalid-value spec.template.ports.http is 0, must be at least 1',
    ])
    expect(translateFirst(group('{adress: 10.0.0.1}')).found).toEqual([
      '6:14 field/unknown spec.template.adress is not a known field',
    ])
  })
})
