import {
  altStatName,
  boundedMirrors,
  headlessMirrors,
  istioMetadata,
  noAutoMtls,
  noIstioFilters,
  ownMirrorClusters,
  unusedBlackHole,
  secretsOverAds,
  typedNames,
} from './cluster-adjustments.ts'
import {
  deadMirrors,
  exactRounding,
  onlyPort,
  perMillion,
  queryParameterOrder,
  refusedMirrors,
  roundsToZero,
  runtimeKeys,
  shadowHost,
} from './mirror-adjustments.ts'
import type { Adjustment } from './pair.ts'
import { grpcTimeout, retriable503, strayVirtualHosts } from './route-adjustments.ts'

const notInOutput: Adjustment = (pair) => pair

/**
 * The effect of each difference of docs/istio-differences.md on the comparison, by its id there, in the order
 * of application: parts that are left out as a whole come first, then mirrors that are dropped, then the form
 * of those that remain.
 */
export const adjustments: Readonly<Record<string, Adjustment>> = {
  'unused-black-hole': unusedBlackHole,
  'stray-virtual-host': strayVirtualHosts,
  'secrets-over-ads': secretsOverAds,
  'typed-names': typedNames,
  'istio-metadata': istioMetadata,
  'no-istio-filters': noIstioFilters,
  'no-auto-mtls': noAutoMtls,
  'alt-stat-name': altStatName,
  'headless-mirror': headlessMirrors,
  'refused-values': refusedMirrors,
  'rounds-to-zero': roundsToZero,
  'only-port': onlyPort,
  'dead-mirror': deadMirrors,
  'per-million': perMillion,
  'exact-rounding': exactRounding,
  'shadow-host': shadowHost,
  'runtime-key': runtimeKeys,
  'own-mirror-cluster': ownMirrorClusters,
  'bounded-mirrors': boundedMirrors,
  'retriable-503': retriable503,
  'grpc-timeout': grpcTimeout,
  'query-parameter-order': queryParameterOrder,
  'one-bad-document': notInOutput,
  'dynamic-dns': notInOutput,
  'gateway-tcp': notInOutput,
  'tls-details': notInOutput,
  networks: notInOutput,
  'policy-selector': notInOutput,
  tunnel: notInOutput,
  'proxy-protocol': notInOutput,
  'zone-aware': notInOutput,
  'sidecar-ingress': notInOutput,
  'outlier-codes': notInOutput,
  'jwt-claims': notInOutput,
  'mesh-defaults': notInOutput,
}
