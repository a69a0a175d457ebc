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
const local =
  reason === undefined
    ? await addLocalAddress()
    : { address: '127.0.0.1', obstacle: reason, remove: async () => {} }
const ground = clusterGround(local)

beforeAll(async () => {
  if (local.obstacle === undefined) await ground.open()
})
afterAll(async () => {
  await ground.close()
  await local.remove()
})

describe(
  `the published scenarios in a ` +
    `cluster${local.obstacle === undefined ? '' : ` (SKIPPED: ${local.obstacle})`}`,
  () => {
    describe('emissary-mapping', () => {
      emissaryMapping(ground)
    })
    describe('gateway-httproute', () => {
      gatewayHttpRoute(ground)
    })
    describe('gloo-routeoption', () => {
      glooRouteOption(ground)
    })
    describe('istio-cross-cluster', () => {
      istioCrossCluster(ground)
    })
    describe('mesh-httproute-goreplay', () => {
      meshHttpRoute(ground)
    })
  },
)

test.skipIf(local.obstacle !== undefined)('what kubectl reads back of all this', () => {
  const lines = [...new Set(ground.readBack)].toSorted()
  console.log(lines.join('\n'))
  const accepted =
    'by shadowplane.io/gateway-controller: Accepted True (Accepted), ResolvedRefs True (ResolvedRefs)'
  // No Service selects the proxies of the scenarios.
  const programmed = 'Accepted True (Accepted), Programmed False (AddressNotAssigned)'
  const listener =
    'listener http, 1 attached: Accepted True (Accepted), Conflicted False (NoConflicts), ResolvedRefs ' +
    'True (ResolvedRefs), Programmed True (Programmed)'
  expect(lines.filter((line) => !line.includes(' Event '))).toEqual([
    `Gateway gloo-system/http ${programmed}`,
    `Gateway gloo-system/http ${listener}`,
    `Gateway infra/http ${programmed}`,
    `Gateway infra/http ${listener}`,
    'GatewayClass shadowplane Accepted True (Accepted)',
    `HTTPRoute default/httpbin at httpbin ${accepted}`,
    `HTTPRoute httpbin/httpbin-mirror at http ${accepted}`,
    `HTTPRoute httpbin/httpbin-shadow at http ${accepted}`,
  ])
  // The published manifests are right, except for the second shadow. An object that comes before the ones it
  // needs is right as well.
  expect(lines.filter((line) => line.includes(' Event '))).toEqual([
    expect.stringMatching(
      /^Mapping default\/second-shadow Event Warning MappingSecondShadow: spec\.shadow: .*\[mapping\/second-shadow\]$/,
    ),
  ])
})
