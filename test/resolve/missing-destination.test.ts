import { describe, expect, test } from 'vitest'
import { configure } from '../support/configuration.ts'
import { defaultSettings } from '../../src/control-plane/config.ts'

function service(namespace: string, name: string, metadata = ''): string {
  return (
    `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ` +
    `${namespace}${metadata}}\nspec: {selector: {app: ${name}}, ports: [{name: http, port: 80}]}\n`
  )
}

function virtualService(namespace: string, host: string, rule: string): string {
  return (
    `---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ` +
    `${host.split('.', 1)[0] ?? ''}, namespace: ${namespace}}\nspec: {hosts: [${host}], http: [{${rule}}]}\n`
  )
}

function destinationRule(namespace: string, host: string, subsets: string): string {
  return (
    `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: reviews, ` +
    `namespace: ${namespace}}\nspec: {host: ${host}, subsets: [${subsets}]}\n`
  )
}

/** `code message`, with the hint behind it. */
function found(text: string, settings = defaultSettings): readonly string[] {
  const { pipeline } = configure(text.replace('---\n', ''), settings)
  return pipeline.read
    .entries(pipeline.findings)
    .flatMap(([, each]) => each)
    .filter(({ severity }) => severity !== 'info')
    .map(
      ({ code, message, hint }) =>
        `${code} ${message.replace(/^\w+ \S+: /, '')}${hint === undefined ? '' : `; ${hint}`}`,
    )
    .toSorted()
}

const teams = Array.from({ length: 40 }, (_, index) => `team${index + 10}`)

describe('hosts that some proxies may not see', () => {
  test('a private Service with routes of its own is no mistake', () => {
    const text =
      service('hello', 'hello', ', annotations: {networking.istio.io/exportTo: "."}') +
      service('hello', 'next', ', annotations: {networking.istio.io/exportTo: "."}') +
      virtualService('hello', 'hello', 'route: [{destination: {host: hello}}], mirror: {host: next}') +
      teams.map((team) => service(team, 'web')).join('')
    expect(found(text)).toEqual([])
  })

  test('nor are private Services in forty namespaces', () => {
    const settings = {
      ...defaultSettings,
      defaultExport: { ...defaultSettings.defaultExport, services: ['.'] },
    }
    const text = teams
      .map(
        (team) => service(team, 'web') + virtualService(team, 'web', 'route: [{destination: {host: web}}]'),
      )
      .join('')
    expect(found(text, settings)).toEqual([])
  })

  test('one error for each field, whatever the number of namespaces, where the host itself may be seen', () => {
    const text =
      service('hello', 'hello') +
      service('hello', 'next', ', annotations: {networking.istio.io/exportTo: "."}') +
      virtualService('hello', 'hello', 'route: [{destination: {host: next}}], mirror: {host: next}') +
      teams.map((team) => service(team, 'web')).join('')
    const who = 'team10, team11, team12, team13, team14 and 35 more'
    expect(found(text).filter((each) => each.includes('hidden'))).toEqual([
      `mirror/hidden-host Service hello/next does not show next.hello.svc.cluster.local to proxies in ` +
        `${who}: nothing is mirrored there, the route is served without it; add ${who} to what it is ` +
        `exported to`,
      `route/hidden-host Service hello/next does not show next.hello.svc.cluster.local to proxies in ` +
        `${who}: requests for it are answered with 503; add ${who} to what it is exported to`,
    ])
  })
})

describe('subsets', () => {
  const host = 'reviews.backend.svc.cluster.local'
  const routed =
    service('backend', 'reviews') +
    service('shop', 'web') +
    virtualService('shop', host, `route: [{destination: {host: ${host}, subset: v1}}]`)

  test('defined for the proxies of one namespace: an error that names the others', () => {
    expect(
      found(
        routed + service('lab', 'web') + destinationRule('shop', host, '{name: v1, labels: {version: v1}}'),
      ),
    ).toEqual([
      `route/unknown-subset ${host} has no subset v1 for proxies in backend and lab: requests for it are ` +
        `answered with 503; DestinationRule shop/reviews has it, and is not in force there: ` +
        'one in the namespace of the Service is for all proxies, one in shop for those in shop',
    ])
  })

  test('defined beside the Service: nothing', () => {
    expect(found(routed + destinationRule('backend', host, '{name: v1, labels: {version: v1}}'))).toEqual([])
  })

  test('defined by nobody: an error for all proxies', () => {
    expect(found(routed)).toEqual([
      `route/unknown-subset ${host} has no subset v1: requests for it are answered with 503; ` +
        `define subset v1 of ${host}, or leave the subset out`,
    ])
  })
})

describe('destinations without endpoints', () => {
  const slice =
    '---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: shop-1, labels: ' +
    '{kubernetes.io/service-name: shop}}\naddressType: IPv4\nports: [{name: http, port: ' +
    '8080}]\nendpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: shop-1}}]\n'
  const pod = '---\napiVersion: v1\nkind: Pod\nmetadata: {name: shop-1, labels: {app: shop, version: v1}}\n'
  const rule =
    '---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: shop}\nspec: {host: ' +
    'shop, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}\n'
  const shop = service('default', 'shop') + slice + pod + rule
  const to = (subset: string, weight = ''): string =>
    `{destination: {host: shop, subset: ${subset}}${weight}}`

  test('an empty subset is told of a destination as of a mirror', () => {
    expect(
      found(
        shop + virtualService('default', 'shop', `route: [${to('v2')}], mirror: {host: shop, subset: v2}`),
      ).map((each) => each.split(' ', 1)[0]),
    ).toEqual(['mirror/no-endpoints', 'mirror/to-itself', 'route/no-endpoints'])
  })

  test('not of one that gets no request, nor where no endpoint is told', () => {
    expect(
      found(
        shop +
          virtualService(
            'default',
            'shop',
            `route: [${to('v1', ', weight: 100')}, ${to('v2', ', weight: 0')}]`,
          ),
      ),
    ).toEqual([])
    expect(
      found(service('default', 'shop') + rule + virtualService('default', 'shop', `route: [${to('v2')}]`)),
    ).toEqual([])
  })
})
