import { expect, test } from 'vitest'
import { formatMistake } from '../../src/dialects/reading/header-format.ts'
import { formatCommands } from '../../src/dialects/reading/format-command.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { validateEnvoyConfig } from '../../src/envoy/process.ts'
import { staticConfig } from '../../src/envoy/static-config.ts'
import { resourceTypes } from '../../src/xds/resource-types.ts'
import { configure, resourcesOf, sidecar } from '../support/configuration.ts'

/**
 * Envoy's answer to a configuration with headers of these values; written past our own check, which is what
 * is compared with it.
 */
async function envoySays(values: readonly string[]): Promise<string | undefined> {
  const set = values.map((_, index) => `x-${index}: "value-${index}-"`).join(', ')
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http: [{route: [{destination: {host: a}}], headers: {request: {set: {${set}}}}}]
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {ports: [{name: http, port: 80}]}
`
  const { pipeline, resources } = configure(text)
  resources(sidecar(), 'route')
  const config = JSON.stringify(
    staticConfig(resourceTypes.flatMap(({ name }) => resourcesOf(pipeline, sidecar(), name))),
  )
  const { path } = await findEnvoy({ env: process.env })
  const replaced = values.reduce(
    (all, value, index) => all.replaceAll(`"value-${index}-"`, () => JSON.stringify(value)),
    config,
  )
  return validateEnvoyConfig(path, JSON.parse(replaced))
}

const accepted = [
  '%%',
  '%REQ(x?:path):3%',
  '%START_TIME(%s.%3f)%',
  '%CEL(size(request.path) > 3)%',
  '%METADATA(ROUTE:a:b)%',
  '%FILTER_STATE(a:FIELD:b)%',
  '%PATH(NQ:ORIG)%',
  '%PER_REQUEST_STATE(a)%',
]

test('Envoy takes every command, as our table has it', async () => {
  const alone = [...formatCommands]
    .filter(([, { argument }]) => argument !== 'required')
    .map(([name]) => `%${name}%`)
  const values = [...accepted, ...alone]
  expect(values.filter((value) => formatMistake(value) !== undefined)).toEqual([])
  expect(await envoySays(values)).toBeUndefined()
})

test.each([
  '50%',
  '%%%',
  '%FOO%',
  '%req(x)%',
  '%REQ(x)',
  '%REQ%',
  '%REQ()%',
  '%REQ(a?b?c)%',
  '%REQ(a b)%',
  '%REQ(x):a%',
  '%PROTOCOL(x)%',
  '%PROTOCOL:5%',
  '%START_TIME(%s):3%',
  '%METADATA(NODE:a)%',
  '%FILTER_STATE(a:FIELD)%',
  '%PATH(X)%',
  '%COMMON_DURATION(a)%',
  '%GRPC_STATUS(number)%',
  '%PER_REQUEST_STATE%',
])('neither Envoy nor we take %s', async (value) => {
  expect(formatMistake(value)).toBeDefined()
  expect(await envoySays([value])).toBeDefined()
})
