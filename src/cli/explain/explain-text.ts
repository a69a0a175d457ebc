import { renderByteSize } from '../../model/byte-size.ts'
import { percentageOf } from '../../model/fraction.ts'
import type { Millionths } from '../../model/fraction.ts'
import { rejectedClusterName } from '../../model/names.ts'
import type { ClusterState } from '../../simulate/cluster.ts'
import type { SimulatedMirror } from '../../simulate/forward.ts'
import type { ReceivedRequest, SimulatedRequest } from '../../simulate/request.ts'
import type {
  ExplainedDestination,
  ExplainedForward,
  ExplainedRoute,
  Explanation,
  Whence,
} from './explain-report.ts'

/** Lines beside a label in the margin; only the first line has the label. */
type Entry = readonly [margin: string, ...lines: readonly string[]]

const marginWidth = 14
/** Rules that were passed over are many at times; `-o json` has them all. */
const mostPassedOver = 30

/** For people: what becomes of the request, from the listener to each copy. */
export function renderExplanation(
  request: SimulatedRequest,
  explained: Explanation,
  notes: readonly string[],
): string {
  const entries = [
    ['proxy', describeProxy(explained.proxy), ...notes],
    ...listenerEntries(explained),
    ...routeEntries(explained),
    ...outcomeEntries(request, explained),
    ...passedOverEntries(explained),
  ] satisfies readonly Entry[]
  const title = `${request.method} ${request.scheme}://${request.authority}${request.path}`
  return `${[title, '', ...entries.flatMap(lines)].join('\n')}\n`
}

export function describeProxy({
  role,
  namespace,
  labels,
}: Pick<Explanation['proxy'], 'role' | 'namespace' | 'labels'>): string {
  const shown = Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  return `${role} in namespace ${namespace}${shown === '' ? '' : `, labels ${shown}`}`
}

function lines([margin, ...text]: Entry): readonly string[] {
  return text.map((line, index) => `${(index === 0 ? margin : '').padEnd(marginWidth)}${line}`)
}

function listenerEntries({ listener, virtualHost }: Explanation): readonly Entry[] {
  if (listener === undefined) return []
  const { name, address, port, routeConfiguration } = listener
  const host: readonly Entry[] =
    virtualHost === undefined
      ? []
      : [
          [
            'virtual host',
            `${virtualHost.name}, by its domain ${virtualHost.domain}`,
            ...virtualHost.from.map((from) => `from ${describeWhence(from)}`),
          ],
        ]
  return [
    [
      'listener',
      `${name} at ${address}:${port}` +
        (routeConfiguration === undefined ? '' : `, route configuration ${routeConfiguration}`),
    ],
    ...host,
  ]
}

function routeEntries({ route }: Explanation): readonly Entry[] {
  if (route === undefined) return []
  const share =
    route.millionths === 1_000_000 ? [] : [`taken by ${percent(route.millionths)} of such requests`]
  const filters = Object.entries(route.filters).map(
    ([name, config]) =>
      `${name} ${JSON.stringify(config, (key, value: unknown) => (key === '@type' ? undefined : value))}`,
  )
  return [
    ['route', ...describeRoute(route), ...share],
    ...(filters.length === 0 ? [] : [['filters', ...filters] satisfies Entry]),
  ]
}

function describeRoute({ name, match, from }: ExplainedRoute): readonly string[] {
  return [`${name === '' ? '' : `${name}: `}${match}`, ...(from === undefined ? [] : [describeWhence(from)])]
}

function outcomeEntries(request: SimulatedRequest, { outcome, proxy }: Explanation): readonly Entry[] {
  switch (outcome.kind) {
    case 'forward':
      return forwardEntries(request, outcome)
    case 'redirect':
      return [
        [
          'answer',
          `${outcome.redirection.status}, location ${outcome.redirection.location}`,
          'nothing is forwarded, and nothing mirrored',
        ],
      ]
    case 'direct-response':
      return [
        [
          'answer',
          `${outcome.status} by Envoy ` +
            `itself${outcome.body === '' ? '' : `: ${JSON.stringify(outcome.body)}`}`,
          'nothing is forwarded, and nothing mirrored',
        ],
      ]
    case 'tcp':
      return [['answer', `not taken for HTTP: the connection goes to ${outcome.cluster}`]]
    case 'refused': {
      const ports =
        outcome.status === undefined && proxy.listensOn.length > 0
          ? [`it listens on ${proxy.listensOn.join(', ')}`]
          : []
      return [
        [
          'answer',
          `${outcome.status === undefined ? 'no connection' : outcome.status}: ${outcome.because}`,
          ...ports,
        ],
      ]
    }
  }
}

function forwardEntries(
  request: SimulatedRequest,
  { destinations, mirrors, timeout, retries }: ExplainedForward,
): readonly Entry[] {
  const retry =
    retries === null
      ? 'no retries'
      : `${retries.attempts} ${retries.attempts === 1 ? 'retry' : 'retries'} on ` +
        `${retries.on}${retries.statuses.length === 0 ? '' : ` (${retries.statuses.join(', ')})`}`
  const down = destinations.filter(({ failure }) => failure !== undefined)
  const copies = mirrors.flatMap((mirror): readonly Entry[] => [
    [
      'mirror',
      `${percent(mirror.millionths)} to ${mirror.cluster}`,
      describeState(mirror.state),
      `Host ${mirror.authorities.join(' or ')}`,
      ...bodyLimit(mirror),
      ...(mirror.from === undefined ? [] : [describeWhence(mirror.from)]),
      ...(mirror.runtimeKey === '' ? [] : [`runtime key ${mirror.runtimeKey}`]),
    ],
  ])
  return [
    ...destinations.map((destination): Entry => ['to', ...destinationLines(request, destination)]),
    ['timeout', `${Number.parseFloat(timeout) === 0 ? 'none' : timeout}, ${retry}`],
    ...(copies.length === 0 ? [['mirror', 'none'] satisfies Entry] : copies),
    ...(copies.length > 0 && down.length > 0
      ? [
          [
            '',
            `nothing is copied of requests for ${[...new Set(down.map(shownCluster))].join(', ')}: they ` +
              `are answered with ${[...new Set(down.map(({ failure }) => failure))].join(' or ')}`,
          ] satisfies Entry,
        ]
      : []),
  ]
}

function bodyLimit({ maxBody, withheld }: Pick<SimulatedMirror, 'maxBody' | 'withheld'>): readonly string[] {
  if (maxBody === undefined) return []
  return [
    `copies bodies up to ` +
      renderByteSize(maxBody) +
      (withheld ? ': this request is not copied, its Content-Length is larger' : ''),
  ]
}

function destinationLines(
  { method }: SimulatedRequest,
  destination: ExplainedDestination,
): readonly string[] {
  const { share, state, failure, authority, path, headersSet, headersRemoved } = destination
  const part = share === 1 ? '' : `, ${Number((share * 100).toFixed(4))} % of them`
  const target = `${shownCluster(destination)}${part}`
  if (isRejected(destination)) return [target, `no request is sent there: answered with ${failure ?? 503}`]
  return [
    target,
    `${describeState(state)}${failure === undefined ? '' : `: answered with ${failure}`}`,
    `${method} ${path}, Host ${authority}`,
    ...headersSet.map(([name, value]) => `${name}: ${value}`),
    ...(headersRemoved.length === 0 ? [] : [`without ${headersRemoved.join(', ')}`]),
  ]
}

/** A rejected backend has no name that its user would know. */
function shownCluster(destination: ExplainedDestination): string {
  return isRejected(destination) ? 'a rejected backend' : destination.cluster
}

function isRejected({ cluster }: ExplainedDestination): boolean {
  return cluster === rejectedClusterName
}

const mostEndpoints = 5

function describeState(state: ClusterState): string {
  switch (state.kind) {
    case 'missing':
      return 'Envoy has no such cluster'
    case 'dns':
      return `by DNS: ${state.names.join(', ')}`
    case 'original-destination':
      return 'where the client was going'
    case 'endpoints': {
      const { ready, unready } = state
      const shown =
        ready.length === 0
          ? ''
          : `: ${ready.slice(0, mostEndpoints).join(', ')}${ready.length > mostEndpoints ? ', …' : ''}`
      return (
        `${ready.length} ${ready.length === 1 ? 'endpoint' : 'endpoints'} ` +
        `ready${shown}${unready === 0 ? '' : `; ${unready} not ready`}`
      )
    }
  }
}

function passedOverEntries({ passedOver, route }: Explanation): readonly Entry[] {
  if (passedOver.length === 0) return []
  const shown = passedOver.slice(0, mostPassedOver).flatMap((each): readonly string[] => {
    const [first = '', ...rest] = describeRoute(each)
    return [`${each.index + 1}. ${first}`, ...rest.map((line) => `   ${line}`), `   ${each.because}`]
  })
  const more =
    passedOver.length > mostPassedOver
      ? [`… and ${passedOver.length - mostPassedOver} more (-o json has all)`]
      : []
  return [[route === undefined ? 'no match' : 'before it', ...shown, ...more]]
}

function describeWhence({ object, file, line, column }: Whence): string {
  return file === undefined ? object : `${object}, ${file}:${line}:${column}`
}

function percent(millionths: number): string {
  return `${percentageOf(millionths as Millionths)} %`
}

/** How the proxy changed the request before it looked for a route; undefined if it did not. */
export function normalizationNote(
  { path }: SimulatedRequest,
  received: ReceivedRequest | undefined,
): string | undefined {
  return received === undefined || received.path === path
    ? undefined
    : `it normalizes the path to ${received.path}`
}
