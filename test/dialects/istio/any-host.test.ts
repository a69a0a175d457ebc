import { expect, test } from 'vitest'
import { configure, gateway, sidecar } from '../../support/configuration.ts'

const around = `
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
`

function virtualService(gateways: string): string {
  return (
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: any}\nspec: {hosts: ` +
    `["*"], ${gateways}http: [{name: any, route: [{destination: {host: shop}}]}]}\n`
  )
}

const mistake =
  '20:16 field/invalid-value hosts has "*", which is not allowed for sidecars: no sidecar is given the rules'

test.each([
  ['', [mistake], 0],
  ['gateways: [mesh], ', [mistake], 0],
  ['gateways: [mesh, edge], ', [mistake], 1],
  ['gateways: [edge], ', [], 1],
])(
  'hosts: ["*"] with %s: sidecars are given no rule, as istiod refuses the object',
  (gateways, found, served) => {
    const configuration = configure(around + virtualService(gateways))
    expect(configuration.found.filter((each) => each.includes('invalid-value'))).toEqual(found)
    const named = (scope: typeof gateway): number =>
      configuration.routes(scope).filter(({ name }) => name === 'any').length
    expect([named(gateway), named(sidecar())]).toEqual([served, 0])
  },
)
