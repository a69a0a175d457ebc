import {
  altStatName, boundedMirrors, dnsResolver, headlessEndpoints, interceptionClusters, istioMetadata, noAutoMtls, noIstioFilters, upstreamTls,
} from './cluster-adjustments.ts'
import {
  deadMirrors, exactRounding, onlyPort, perMillion, queryParameterOrder, refusedMirrors, roundsToZero, runtimeKeys, shadowHost,
} from './mirror-adjustments.ts'
import type { Adjustment } from './pair.ts'
import { boundCatchAll, cors, delegates, httpsGateway, protocolDetection, retriable503 } from './route-adjustments.ts'

const notInOutput: Adjustment = (pair) => pair

/**
 * What each difference of docs/istio-differences.md means for the comparison, by its id there, in the order in which they
 * are applied: what is left out whole comes first, then mirrors that are dropped, then the form of those that remain.
 */
export const adjustments: Readonly<Record<string, Adjustment>> = {
  'interception-clusters': interceptionClusters,
  'protocol-detection': protocolDetection,
  'delegate': delegates,
  'https-gateway': httpsGateway,
  'cors': cors,
  'fault': notInOutput,
  'upstream-tls': upstreamTls,
  'dns-resolver': dnsResolver,
  'istio-metadata': istioMetadata,
  'no-istio-filters': noIstioFilters,
  'no-auto-mtls': noAutoMtls,
  'alt-stat-name': altStatName,
  'bound-catch-all': boundCatchAll,
  'headless-endpoints': headlessEndpoints,
  'refused-values': refusedMirrors,
  'rounds-to-zero': roundsToZero,
  'only-port': onlyPort,
  'dead-mirror': deadMirrors,
  'per-million': perMillion,
  'exact-rounding': exactRounding,
  'shadow-host': shadowHost,
  'runtime-key': runtimeKeys,
  'bounded-mirrors': boundedMirrors,
  'retriable-503': retriable503,
  'query-parameter-order': queryParameterOrder,
  'one-bad-document': notInOutput,
}
