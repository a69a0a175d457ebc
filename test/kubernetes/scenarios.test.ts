import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { emissaryMapping } from '../scenarios/emissary-mapping.ts'
import { gatewayHttpRoute } from '../scenarios/gateway-httproute.ts'
import { glooRouteOption } from '../scenarios/gloo-routeoption.ts'
import { istioCrossCluster } from '../scenarios/istio-cross-cluster.ts'
import { meshHttpRoute } from '../scenarios/mesh-httproute-goreplay.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { clusterGround } from './support/cluster-ground.ts'
import { noKubectl } from './support/kubectl.ts'
import { addLocalAddress } from './support/local-address.ts'

const reason = noKubectl ?? (sharedIsAbsent ? absentMessage : undefined)
const local = reason === undefined ? await addLocalAddress() : { address: '127.0.0.1', obstacle: reason, remove: async () => {} }
const ground = clusterGround(local)

beforeAll(async () => {
  if (local.obstacle === undefined) await ground.open()
})
afterAll(async () => {
  await ground.close()
  await local.remove()
})

describe(`the published scenarios in a cluster${local.obstacle === undefined ? '' : ` (SKIPPED: ${local.obstacle})`}`, () => {
  describe('emissary-mapping', () => { emissaryMapping(ground) })
  describe('gateway-httproute', () => { gatewayHttpRoute(ground) })
  describe('gloo-routeoption', () => { glooRouteOption(ground) })
  describe('istio-cross-cluster', () => { istioCrossCluster(ground) })
  describe('mesh-httproute-goreplay', () => { meshHttpRoute(ground) })
})

test.skipIf(local.obstacle !== undefined)('what kubectl reads back', () => {
  console.log([...new Set(ground.readBack)].join('\n'))
  expect(ground.readBack).toEqual(expect.any(Array))
})
