import { Hono } from 'hono'
import { answerOf, etagOf, jsonOf, revalidated, textOf } from './answer.ts'
import type { DeniedClient } from '../observe/denials.ts'
import type { LocateOrigin } from '../diagnostics/located.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ClientState } from '../server/status/client-state.ts'
import { heldResources } from '../observe/held.ts'
import { statusReport } from '../observe/status-report.ts'
import type { StatusReport } from '../observe/status-report.ts'
import { configDump } from '../xds/config-dump.ts'
import { didYouMean } from '../diagnostics/did-you-mean.ts'

/** The state of the control plane that the admin listener shows. */
export interface Administered {
  /** Undefined while the sources can be read, else one line; the last good state is served all the same. */
  readonly outage: () => string | undefined
  /** Undefined once proxies are served, else one line. */
  readonly notReady: () => string | undefined
  readonly clients: () => readonly ClientState[]
  readonly diagnostics: () => StatusReport['diagnostics']
  /** Clients that were denied recently. */
  readonly denied: () => readonly DeniedClient[]
  /** Finds origins in the manifests as they are now. */
  readonly locate: () => LocateOrigin
  readonly metrics: Metrics
}

/** 200 once proxies are served. */
export function readiness({ notReady }: Pick<Administered, 'notReady'>): Response {
  return health(notReady())
}

export async function exposition({ metrics }: Pick<Administered, 'metrics'>): Promise<Response> {
  const { mediaType, text } = await metrics.exposition()
  return answerOf({ mediaType, body: text })
}

/** Health, metrics, and what each connected proxy has. */
export function statusRoutes(administered: Administered): Hono {
  const { clients } = administered
  return new Hono()
    .get('/healthz', () => health(administered.outage()))
    .get('/readyz', () => readiness(administered))
    .get('/metrics', () => exposition(administered))
    .get('/status', (c) => status(c.req.raw, administered, clients()))
    .get(`${proxyPath}:id{.*}`, (c) => {
      const name = decodeURIComponent(new URL(c.req.url).pathname.slice(proxyPath.length))
      if (name === '') return problem(400, `write ${proxyPath}ID with ${proxyId}`)
      const selection = select(clients(), name)
      return 'problem' in selection
        ? problem(404, selection.problem)
        : status(c.req.raw, administered, selection.clients)
    })
    .get('/config_dump', (c) => proxyConfig(c.req.raw, c.req.query('proxy') ?? '', clients()))
}

const proxyPath = '/status/proxies/'
const proxyId = 'the node id of a proxy, percent-encoded, or %23 and the number of its stream'

function health(reason: string | undefined): Response {
  return problem(reason === undefined ? 200 : 503, reason ?? 'ok')
}

function status(
  request: Request,
  { diagnostics, outage, denied, locate }: Administered,
  clients: readonly ClientState[],
): Response {
  const report = statusReport({
    clients,
    diagnostics: diagnostics(),
    outage: outage(),
    denied: denied(),
    locate: locate(),
  })
  return json(request, report)
}

function proxyConfig(request: Request, name: string, clients: readonly ClientState[]): Response {
  if (name === '') return problem(400, `write /config_dump?proxy=ID with ${proxyId}`)
  const selection = select(clients, name)
  if ('problem' in selection) return problem(404, selection.problem)
  const types = selection.clients.flatMap((client) => [...client.types.keys()])
  if (new Set(types).size === types.length)
    return json(request, configDump(heldResources(selection.clients), 'all'))
  const streams = selection.clients.map(({ proxy }) => `#${proxy.stream}`)
  return problem(409, `${streams.length} proxies have the id ${name}: use ${streams.join(' or ')}`)
}

function json(request: Request, value: unknown): Response {
  const content = jsonOf(value)
  return revalidated(request, { ...content, etag: etagOf(content.body) })
}

function problem(code: number, line: string): Response {
  return answerOf({ ...textOf(line), status: code })
}

/** The clients with a name, or the reason why there are none. */
type Selection = { readonly clients: readonly ClientState[] } | { readonly problem: string }

/** By node id, or by stream as `#7`, for proxies that share an id or have none. */
function select(clients: readonly ClientState[], name: string): Selection {
  const stream = /^#(\d+)$/.exec(name)?.[1]
  const found = clients.filter(({ proxy }) =>
    stream === undefined ? proxy.id === name : proxy.stream === Number(stream),
  )
  if (found.length > 0) return { clients: found }
  if (clients.length === 0) return { problem: `no proxy ${JSON.stringify(name)}: none is connected` }
  const near = didYouMean(
    name,
    clients.map(({ proxy }) => proxy.id),
  )
  return {
    problem:
      `no proxy ${JSON.stringify(name)} is connected; ` +
      (near === undefined ? `there are ${listed(clients)}` : `did you mean ${near}?`),
  }
}

const mostListed = 5

function listed(clients: readonly ClientState[]): string {
  const names = clients.map(({ proxy }) => (proxy.id === '' ? `#${proxy.stream}` : proxy.id))
  const rest = names.length - mostListed
  return `${names.slice(0, mostListed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
