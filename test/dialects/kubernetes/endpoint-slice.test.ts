import { expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'

function slice(addressType: string, addresses: readonly string[]): string {
  return [
    'apiVersion: discovery.k8s.io/v1',
    'kind: EndpointSlice',
    'metadata: {name: shop, labels: {kubernetes.io/service-name: shop}}',
    `addressType: ${addressType}`,
    'ports: [{name: http, port: 8080}]',
    'endpoints:',
    ...addresses.map((address) => `- addresses: [${JSON.stringify(address)}]`),
    '---',
    'apiVersion: v1',
    'kind: Service',
    'metadata: {name: shop}',
    'spec: {ports: [{name: http, port: 80}]}',
    '',
  ].join('\n')
}

test('an address that is none costs its endpoint', () => {
  const { endpoints, found } = translateFirst(slice('IPv4', ['10.0.0.1', 'unix:///x', '10.0.0.2']))
  expect(found).toEqual([
    '8:15 field/invalid-value endpoints[1].addresses[0] is "unix:///x", must be an IP address',
  ])
  expect(endpoints).toMatchObject([{ endpoints: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] }])
})

test('names are addresses of a slice of names, which nothing is done with', () => {
  expect(translateFirst(slice('FQDN', ['shop.example.com']))).toMatchObject({ found: [], endpoints: [] })
})
