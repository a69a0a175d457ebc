import type { FieldPath } from '../../../src/diagnostics/diagnostic.ts'

/** Fields whose keys the user chooses. */
const freeMaps = new Set([
  'labels',
  'selector',
  'matchLabels',
  'annotations',
  'set',
  'add',
  'withoutHeaders',
  'queryParams',
  'sourceLabels',
  'to',
])

/** True for a map whose keys are the user's: an unknown key in it is no mistake by itself. */
export function isFreeMap(path: FieldPath): boolean {
  const key = String(path.at(-1))
  if (key === 'headers') return typeof path.at(-2) === 'number' && path.at(-3) === 'match'
  if (key === 'ports') return path.at(-3) === 'endpoints' || path.length === 2 // of workloads; those of services are lists
  return freeMaps.has(key)
}

/** True within the headers that a rule or a destination sets or adds. */
export function isHeaders(path: FieldPath): boolean {
  return path.some((step, index) => (step === 'set' || step === 'add') && path[index - 2] === 'headers')
}

const required: Readonly<Record<string, readonly string[]>> = {
  VirtualService: [
    'http.*.route',
    'http.*.redirect',
    'http.*.directResponse',
    'http.*.route.*.destination',
    'http.*.route.*.destination.host',
    'http.*.mirror.host',
    'http.*.mirrors.*.destination',
    'http.*.mirrors.*.destination.host',
    'http.*.directResponse.status',
    'tls.*.match',
    'tls.*.route',
    'tls.*.match.*.sniHosts',
    'tls.*.route.*.destination',
    'tls.*.route.*.destination.host',
  ],
  DestinationRule: [
    '',
    'host',
    'subsets.*.name',
    'trafficPolicy.portLevelSettings.*.port',
    'trafficPolicy.loadBalancer.consistentHash.httpCookie.name',
  ],
  ServiceEntry: ['', 'hosts', 'ports.*.number', 'ports.*.name'],
  Gateway: ['servers.*.port', 'servers.*.port.number', 'servers.*.hosts'],
  Sidecar: ['egress.*.hosts'],
  Service: ['ports.*.port'],
}

const nonEmptyLists: Readonly<Record<string, readonly string[]>> = {
  VirtualService: ['http.*.route', 'tls.*.match', 'tls.*.route', 'tls.*.match.*.sniHosts'],
  ServiceEntry: ['hosts'],
  Gateway: ['servers.*.hosts'],
  Sidecar: ['egress.*.hosts'],
}

/** True for a field that its kind requires. */
export function isRequired(kind: string, path: FieldPath): boolean {
  return (required[kind] ?? []).includes(pattern(path))
}

export function emptyListIsWrong(kind: string, path: FieldPath): boolean {
  return (nonEmptyLists[kind] ?? []).includes(pattern(path))
}

/** Below `spec`, as `http.*.mirror`. */
function pattern(path: FieldPath): string {
  return path
    .slice(1)
    .map((step) => (typeof step === 'number' ? '*' : step))
    .join('.')
}
