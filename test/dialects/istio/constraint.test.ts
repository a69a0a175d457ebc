import { describe, expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'
import { virtualService } from './text.ts'

const answered = 'requests that it matches are answered with 500'
const unread = 'other rules take its requests, because its matches cannot be read'

/** Each of these in one object would have Envoy refuse everything that is sent along with it. */
describe('a value that Envoy would refuse is refused at its line, and costs one rule', () => {
  const good = '- name: good\n  route: [{destination: {host: reviews}}]'
  test.each([
    ['match: [{headers: {"": {exact: x}}}]', 'match[0].headers[""] is an empty name', unread],
    ['match: [{queryParams: {"": {exact: x}}}]', 'match[0].queryParams[""] is an empty name', unread],
    ['match: [{uri: {regex: ""}}]', 'match[0].uri.regex is empty, must be a regular expression', unread],
    [
      'match: [{headers: {x: {prefix: ""}}}]',
      'match[0].headers.x.prefix is empty, must have at least one character',
      answered,
    ],
    [
      'match: [{headers: {x: {regex: ""}}}]',
      'match[0].headers.x.regex is empty, must be a regular expression',
      answered,
    ],
    [
      'match: [{method: {prefix: ""}}]',
      'match[0].method.prefix is empty, must have at least one character',
      unread,
    ],
    ['rewrite: {authority: "a\\nb"}', 'rewrite.authority is "a\\nb", must be one line', answered],
    ['rewrite: {uri: "/a\\nb"}', 'rewrite.uri is "/a\\nb", must be one line', answered],
    [
      'rewrite: {uriRegexRewrite: {match: "", rewrite: x}}',
      'rewrite.uriRegexRewrite.match is empty, must be a regular expression',
      answered,
    ],
    ['retries: {attempts: 1, backoff: 0s}', 'retries.backoff is "0s", must be more than 0s', answered],
  ])('%s', (fields, said, consequence) => {
    const result = translateFirst(
      virtualService(`- name: bad\n  route: [{destination: {host: reviews}}]\n  ${fields}\n${good}`),
    )
    expect(result.found.map((each) => each.replace(/^\S+ /, ''))).toEqual([
      `field/invalid-value spec.http[0].${said}: ${consequence}`,
    ])
    expect(result.rejected).toBe(true)
    expect(result.routeTables[0]?.routes.map(({ action }) => action.kind)).toEqual(
      consequence === answered ? ['direct-response', 'forward'] : ['forward'],
    )
  })

  test.each([
    'match: [{uri: {prefix: ""}}]',
    'match: [{uri: {exact: ""}}]',
    'match: [{headers: {x: {exact: ""}}}]',
  ])('%s is none of them', (fields) => {
    expect(
      translateFirst(virtualService(`route: [{destination: {host: reviews}}]\n${fields}`)).found,
    ).toEqual([])
  })

  test.each([
    [
      'loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 100}}}',
      'loadBalancer.consistentHash.maglev.tableSize is 100, must be a prime number up to 5000011',
    ],
    [
      'loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 5000021}}}',
      'loadBalancer.consistentHash.maglev.tableSize is 5000021, must be a prime number up to 5000011',
    ],
    [
      'loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: 9000000}}}',
      'loadBalancer.consistentHash.ringHash.minimumRingSize is 9000000, must be at most 8388608',
    ],
    [
      'loadBalancer: {consistentHash: {httpHeaderName: ""}}',
      'loadBalancer.consistentHash.httpHeaderName is empty, must have at least one character',
    ],
    [
      'loadBalancer: {consistentHash: {httpCookie: {name: ""}}}',
      'loadBalancer.consistentHash.httpCookie.name is empty, must have at least one character',
    ],
    [
      'connectionPool: {tcp: {connectTimeout: 0s}}',
      'connectionPool.tcp.connectTimeout is "0s", must be more than 0s',
    ],
    ['outlierDetection: {interval: 0s}', 'outlierDetection.interval is "0s", must be more than 0s'],
    [
      'outlierDetection: {baseEjectionTime: 0s}',
      'outlierDetection.baseEjectionTime is "0s", must be more than 0s',
    ],
  ])('%s', (policy, said) => {
    const result = translateFirst(
      `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: a, ` +
        `trafficPolicy: {${policy}}, subsets: [{name: v1}]}\n`,
    )
    expect(result.found.map((each) => each.replace(/^\S+ /, ''))).toEqual([
      `field/invalid-value spec.trafficPolicy.${said}`,
    ])
    expect(
      result.policies.map(({ settings, subsets }) => [settings.all, subsets.map(({ name }) => name)]),
    ).toEqual([[{}, ['v1']]])
  })

  test('a DNS endpoint without an address', () => {
    const result = translateFirst(
      'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x}\nspec: {hosts: ' +
        '[x.example], ports: [{number: 80, name: http}], resolution: DNS, endpoints: [{weight: 2}, ' +
        '{address: a.example}]}\n',
    )
    expect(result.found.map((each) => each.replace(/^\S+ /, ''))).toEqual([
      'field/required endpoints[0].address is required',
    ])
    expect(result.endpoints[0]?.endpoints.map(({ address }) => address)).toEqual(['a.example'])
  })
})
