import { expect, onTestFinished, test } from 'vitest'
import { node } from '../../src/envoy/node.ts'
import { EnvoyDouble } from '../support/envoy-double.ts'
import { gatewayProxy, serve } from '../support/serving.ts'
import type { Serving } from '../support/serving.ts'

const files = {
  'edge.yaml':
    `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  - headers: {response: {set: {x-group: "%DOWNSTREAM_TLS_GROUP%", x-kept: "%PROTOCOL%"}}}
    route:
    - destination: {host: shop.test}
      headers: {request: {add: {x-count: "%ROUTE_RESOLUTION_COUNT%"}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop}
spec: {hosts: [shop.test], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, ` +
    `endpoints: [{address: 127.0.0.1}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop.test
  trafficPolicy: {retryBudget: {percent: 30, budgetInterval: 5s}}
`,
}

/** All that an Envoy 1.`minor` holds, as text. */
async function held({ xds }: Serving, minor: number): Promise<string> {
  const version = {
    user_agent_name: 'envoy',
    user_agent_build_version: { version: { major_number: 1, minor_number: minor, patch: 2 } },
  }
  const proxy = new EnvoyDouble(xds, { mode: 'sotw', node: { ...node(gatewayProxy), ...version } })
  onTestFinished(() => proxy.close())
  await proxy.until(
    'clusters and routes',
    (each) => each.held('cluster').size > 0 && each.held('route').size > 0,
  )
  return JSON.stringify([...proxy.held('cluster').values(), ...proxy.held('route').values()])
}

test('what an older Envoy does not know is left out for it alone, and reported at its line', async () => {
  const serving = await serve(files)
  const newest = await held(serving, 40)
  for (const part of ['budget_interval', '%DOWNSTREAM_TLS_GROUP%', '%ROUTE_RESOLUTION_COUNT%', '%PROTOCOL%'])
    expect(newest).toContain(part)
  expect(serving.mistakes()).toEqual([])
  const between = await held(serving, 39)
  for (const part of ['budget_interval', '%DOWNSTREAM_TLS_GROUP%', '%PROTOCOL%'])
    expect(between).toContain(part)
  expect(between).not.toContain('%ROUTE_RESOLUTION_COUNT%')
  const told = await serving.told('xds/older-envoy')
  expect(told).toContain('edge.yaml:15:5 warning xds/older-envoy')
  expect(told).toContain(
    'the header x-count with %ROUTE_RESOLUTION_COUNT% is left out for connected Envoys older than 1.40, ' +
      'which do not know it',
  )
  const oldest = await held(serving, 36)
  expect(oldest).toContain('%PROTOCOL%')
  expect(oldest).toContain('"retry_budget"')
  for (const part of ['budget_interval', '%DOWNSTREAM_TLS_GROUP%', '%ROUTE_RESOLUTION_COUNT%'])
    expect(oldest).not.toContain(part)
})
