import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { validation } from './validation.ts'

const around = join(projectRoot, 'docs/diagnostics/around.yaml')

/** Objects in flow style; the first line is the kind and name. */
function object(kind: string, name: string, spec: string): string {
  const group = kind === 'Service' ? 'v1' : 'networking.istio.io/v1'
  return `apiVersion: ${group}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

const toShop = 'route: [{destination: {host: shop}}]'
const rules = (...each: readonly string[]): string =>
  `{hosts: [shop], http: [${each.map((rule) => `{${rule}}`).join(', ')}]}`
const virtualService = (...each: readonly string[]): string =>
  object('VirtualService', 'shop', rules(...each))
const mirroring = (from: string, to: string): string =>
  object(
    'VirtualService',
    from,
    `{hosts: [${from}], http: [{route: [{destination: {host: ${from}}}], mirror: {host: ${to}, port: ` +
      `{number: 80}}}]}`,
  )

async function codesOf(text: string): Promise<readonly string[]> {
  const folder = folderWith({ 'these.yaml': text })
  const { found } = await validation([around, join(folder, 'these.yaml')], { least: 'info', hide: [] })
  return [
    ...new Set(
      found
        .map(({ diagnostic }) => diagnostic.code)
        .filter((code) => code !== 'mirror/unbounded' && code !== 'mirror/write-methods'),
    ),
  ].toSorted()
}

describe('rules that no request reaches', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'a longer prefix first is how it is meant',
      virtualService(`match: [{uri: {prefix: /a/b}}], ${toShop}`, `match: [{uri: {prefix: /a}}], ${toShop}`),
      [],
    ],
    [
      'an exact path below a prefix',
      virtualService(`match: [{uri: {prefix: /a}}], ${toShop}`, `match: [{uri: {exact: /a/b}}], ${toShop}`),
      ['route/unreachable'],
    ],
    [
      'a prefix with another header',
      virtualService(
        `match: [{uri: {prefix: /a}, headers: {x: {exact: "1"}}}], ${toShop}`,
        `match: [{uri: {prefix: /a}}], ${toShop}`,
      ),
      [],
    ],
    [
      'a header more',
      virtualService(
        `match: [{uri: {prefix: /a}}], ${toShop}`,
        `match: [{uri: {prefix: /a}, headers: {x: {exact: "1"}}}], ${toShop}`,
      ),
      ['route/unreachable'],
    ],
    [
      'a header that must be there',
      virtualService(
        `match: [{headers: {x: {}}}], ${toShop}`,
        `match: [{headers: {x: {prefix: a}}}], ${toShop}`,
      ),
      ['route/unreachable'],
    ],
    [
      'a header that must not be there',
      virtualService(
        `match: [{withoutHeaders: {x: {}}}], ${toShop}`,
        `match: [{headers: {x: {}}}], ${toShop}`,
      ),
      [],
    ],
    [
      'the same regular expression',
      virtualService(
        `match: [{uri: {regex: "/a.*"}}], ${toShop}`,
        `match: [{uri: {regex: "/a.*"}}], ${toShop}`,
      ),
      ['route/unreachable'],
    ],
    [
      'a regular expression and a path',
      virtualService(`match: [{uri: {regex: "/a.*"}}], ${toShop}`, `match: [{uri: {exact: /ab}}], ${toShop}`),
      [],
    ],
    [
      'a prefix in upper case',
      virtualService(`match: [{uri: {prefix: /A}}], ${toShop}`, `match: [{uri: {prefix: /a}}], ${toShop}`),
      [],
    ],
    [
      'a prefix in upper case, if case does not matter',
      virtualService(
        `match: [{uri: {prefix: /A}, ignoreUriCase: true}], ${toShop}`,
        `match: [{uri: {prefix: /a}}], ${toShop}`,
      ),
      ['route/unreachable'],
    ],
    [
      'an earlier rule for some workloads',
      virtualService(`match: [{sourceLabels: {app: x}}], ${toShop}`, toShop),
      [],
    ],
    [
      'a later rule for some workloads',
      virtualService(
        `match: [{uri: {prefix: /}}], ${toShop}`,
        `match: [{sourceLabels: {app: x}}], ${toShop}`,
      ),
      ['route/unreachable'],
    ],
    ['an earlier rule for another port', virtualService(`match: [{port: 80}], ${toShop}`, toShop), []],
    [
      'an earlier rule for a gateway',
      object(
        'VirtualService',
        'shop',
        `{hosts: [shop.example.com, shop], gateways: [edge, mesh], http: [{match: [{gateways: [edge]}], ` +
          `${toShop}}, {${toShop}}]}`,
      ),
      [],
    ],
    [
      'an earlier rule for all gateways that there are',
      object(
        'VirtualService',
        'shop',
        `{hosts: [shop.example.com, shop], gateways: [edge, mesh], http: [{match: [{gateways: [edge, ` +
          `mesh]}], ${toShop}}, {${toShop}}]}`,
      ),
      ['route/unreachable'],
    ],
    [
      'a match too many in one rule',
      virtualService(`match: [{uri: {prefix: /a}}, {uri: {prefix: /a/b}}], ${toShop}`),
      ['route/redundant-match'],
    ],
  ])('%s', async (_, text, codes) => {
    expect(await codesOf(text)).toEqual(codes)
  })
})

describe('mirrors that go round', () => {
  test.each<[string, string, readonly string[]]>([
    ['there and back', mirroring('shop', 'shadow') + mirroring('shadow', 'shop'), ['mirror/loop']],
    [
      'by a third host',
      mirroring('shop', 'shadow') + mirroring('shadow', 'ledger') + mirroring('ledger', 'shop'),
      ['mirror/loop'],
    ],
    ['a chain', mirroring('shop', 'shadow') + mirroring('shadow', 'ledger'), []],
    [
      'a subset of the host itself',
      object('DestinationRule', 'shop', '{host: shop, subsets: [{name: v2, labels: {version: v2}}]}') +
        virtualService(`${toShop}, mirror: {host: shop, subset: v2}`),
      [],
    ],
  ])('%s', async (_, text, codes) => {
    expect(await codesOf(text)).toEqual(codes)
  })
})

const onEdge = (hosts: string, gateways: string): string =>
  object('VirtualService', 'shop', `{hosts: [${hosts}], gateways: [${gateways}], http: [{${toShop}}]}`)

describe('hosts and gateways', () => {
  test.each<[string, string, readonly string[]]>([
    ['a host for the mesh, one for the gateway', onEdge('shop, shop.example.com', 'mesh, edge'), []],
    ["a wildcard that covers the server's host", onEdge('"*.example.com"', 'edge'), []],
    ['every host', onEdge('"*"', 'edge'), []],
    [
      'a host that the gateway lacks',
      onEdge('shop.example.com, shop.example.org', 'edge'),
      ['gateway/host-mismatch'],
    ],
    ['a gateway that has none of the hosts', onEdge('shop', 'mesh, edge'), ['gateway/host-mismatch']],
    [
      'a gateway that does not exist',
      onEdge('shop.example.org', 'edge, egde'),
      ['gateway/host-mismatch', 'gateway/unknown'],
    ],
    [
      'a server for VirtualServices of another namespace',
      object(
        'Gateway',
        'inner',
        '{selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ' +
          'hosts: [other/a.example.com]}]}',
      ) + onEdge('a.example.com', 'inner'),
      ['gateway/host-mismatch'],
    ],
    [
      'a selector whose label nothing else has',
      object(
        'Gateway',
        'inner',
        '{selector: {app: gate}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ' +
          '[a.example.com]}]}',
      ),
      ['gateway/selects-nothing'],
    ],
    [
      'a selector whose label has the name of a method',
      object(
        'Gateway',
        'inner',
        '{selector: {constructor: gate}, servers: [{port: {number: 80, name: http, protocol: HTTP}, ' +
          'hosts: [a.example.com]}]}',
      ),
      [],
    ],
    [
      'a selector about which nothing is known',
      object(
        'Gateway',
        'inner',
        '{selector: {gate: inner}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ' +
          '[a.example.com]}]}',
      ),
      [],
    ],
    [
      'two objects for a host of a gateway, apart',
      onEdge('shop.example.com', 'edge').replace(toShop, `match: [{uri: {prefix: /a}}], ${toShop}`) +
        onEdge('shop.example.com', 'edge').replace('name: shop', 'name: other'),
      [],
    ],
    [
      "two objects for a host of a gateway, one in the other's way",
      onEdge('shop.example.com', 'edge') +
        onEdge('shop.example.com', 'edge').replace('name: shop', 'name: other'),
      ['virtual-host/conflict'],
    ],
    [
      'a host outside the cluster that nothing defines',
      object('VirtualService', 'out', `{hosts: [api.example.net], http: [{${toShop}}]}`),
      [],
    ],
  ])('%s', async (_, text, codes) => {
    expect(await codesOf(text)).toEqual(codes)
  })
})

const policy = (name: string, rest: string): string =>
  object('DestinationRule', name, `{host: shop, ${rest}}`)
const limits = 'trafficPolicy: {connectionPool: {http: {http2MaxRequests: 5}}}'

describe('policies', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'a second one with other subsets adds them',
      policy('a', `${limits}, subsets: [{name: v1, labels: {version: v1}}]`) +
        policy('b', 'subsets: [{name: v2, labels: {version: v2}}]'),
      [],
    ],
    [
      'a second one with the same subset',
      policy('a', 'subsets: [{name: v1, labels: {version: v1}}]') +
        policy('b', 'subsets: [{name: v1, labels: {version: v2}}]'),
      ['policy/duplicate-host'],
    ],
    [
      'two for clients of different namespaces',
      policy('a', `${limits}, exportTo: [default]`) + policy('b', `${limits}, exportTo: [other]`),
      [],
    ],
    [
      'one for everyone, one for some',
      policy('a', limits) + policy('b', `${limits}, exportTo: [other]`),
      ['policy/duplicate-host'],
    ],
    [
      'a wildcard host is not looked up',
      object('DestinationRule', 'a', `{host: "*.nowhere.example", ${limits}}`),
      [],
    ],
    [
      'deprecated settings, at every level',
      policy(
        'a',
        'trafficPolicy: {outlier_detection: {consecutive_errors: 3}}, subsets: [{name: v1, labels: ' +
          '{version: v1}, trafficPolicy: {loadBalancer: {consistentHash: {minimumRingSize: 8, ' +
          'useSourceIp: true}}}}]',
      ),
      ['field/deprecated'],
    ],
  ])('%s', async (_, text, codes) => {
    expect(await codesOf(text)).toEqual(codes)
  })
})

describe('copies', () => {
  const inClusters = (kind: string, text: string): string =>
    text.replace('{name: shop}', `{name: shop, annotations: {shadowplane.io/mirror-clusters: ${kind}}}`)
  const noTimeout = virtualService(`${toShop}, timeout: 0s, mirror: {host: shadow}`)
  test.each<[string, string, readonly string[]]>([
    ['timeout: 0s in a shared cluster', inClusters('shared', noTimeout), ['mirror/without-timeout']],
    ['timeout: 0s in a cluster of their own', inClusters('dedicated', noTimeout), []],
    ['timeout: 0s', noTimeout, []],
    ['no timeout written', virtualService(`${toShop}, mirror: {host: shadow}`), []],
    [
      'a host with several ports, in the mesh',
      object(
        'VirtualService',
        'ledger',
        '{hosts: [ledger], http: [{route: [{destination: {host: ledger}}]}]}',
      ),
      [],
    ],
    ['endpoints of which nothing is told', virtualService(`${toShop}, mirror: {host: shadow}`), []],
  ])('%s', async (_, text, codes) => {
    expect(await codesOf(text)).toEqual(codes)
  })
})

test.each([
  ['', 'POST, PUT, PATCH, DELETE'],
  ['method: {exact: GET}', ''],
  ['method: {regex: GET|HEAD|OPTIONS}', ''],
  ['method: {regex: "GET|POST"}', 'POST'],
  ['method: {prefix: P}', 'POST, PUT, PATCH'],
  ['method: {regex: "[A-Z]+"}', 'POST, PUT, PATCH, DELETE'],
])('with %s, the methods that write and are copied are: %s', async (match, methods) => {
  const folder = folderWith({
    'these.yaml': virtualService(
      `match: [{uri: {prefix: /a}${match === '' ? '' : `, ${match}`}}], ${toShop}, mirror: {host: shadow}`,
    ),
  })
  const { found } = await validation([around, join(folder, 'these.yaml')], { least: 'info', hide: [] })
  const said = found
    .filter(({ diagnostic }) => diagnostic.code === 'mirror/write-methods')
    .map(({ diagnostic }) => / ([A-Z, ]+) are copied/.exec(diagnostic.message)?.[1])
  expect(said).toEqual(methods === '' ? [] : [methods])
})
