import { expect, test } from 'vitest'
import { configure } from '../support/configuration.ts'

const service =
  'apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{name: http, port: 80}]}\n'

function mapping(resolver: string): string {
  return (
    `${service}---\napiVersion: getambassador.io/v2\nkind: Mapping\nmetadata: {name: shop}\nspec: ` +
    `{prefix: /shop, service: shop, resolver: ${resolver}}\n---\napiVersion: getambassador.io/v2\nkind: ` +
    `KubernetesEndpointResolver\nmetadata: {name: endpoint}\n`
  )
}

test(
  "Emissary's resolver for endpoints is how Services are found, so that nothing is said; another one " +
    'has no effect',
  () => {
    const found = (resolver: string): readonly string[] =>
      configure(mapping(resolver)).found.filter((each) => /unsupported/.test(each))
    expect(found('endpoint')).toEqual([])
    expect(found('consul-dc1')).toEqual([
      expect.stringContaining('field/unsupported resolver is not supported yet'),
    ])
  },
)

test('a mirror of a GRPCRoute is not told to copy GET only', () => {
  const route = (kind: string): string =>
    `${service}---\napiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata: {name: ` +
    `shop}\nspec: {parentRefs: [{group: "", kind: Service, name: shop}], rules: [{backendRefs: [{name: ` +
    `shop, port: 80}], filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shop, port: ` +
    `80}}}]}]}\n`
  const advice = (kind: string): readonly string[] =>
    configure(route(kind))
      .pipeline.advice()
      .map(({ code }) => code)
  expect(advice('HTTPRoute')).toContain('mirror/write-methods')
  expect(advice('GRPCRoute')).not.toContain('mirror/write-methods')
})
