import { createHash } from 'node:crypto'
import type { DeniedClient } from '../observe/denials.ts'
import type { LocateOrigin } from '../diagnostics/placed.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ClientState } from '../server/status/client-state.ts'
import { heldResources } from '../observe/held.ts'
import { statusReport } from '../observe/status-report.ts'
import type { StatusReport } from '../observe/status-report.ts'
import { select } from '../observe/selection.ts'
import { configDump } from '../xds/config-dump.ts'

/** The control plane, as far as the admin listener asks it. */
export interface Administered {
  /** Undefined while the sources can be read, else one line; the last good state is served all the same. */
  readonly outage: () => string | undefined
  /** Undefined once proxies are served, else one line. */
  readonly notReady: () => string | undefined
  readonly clients: () => readonly ClientState[]
  readonly diagnostics: () => StatusReport['diagnostics']
  /** Clients that were turned away for who they are, of late. */
  readonly denied: () => readonly DeniedClient[]
  /** Finds origins in the manifests as they are now. */
  readonly locate: () => LocateOrigin
  readonly metrics: Metrics
}

export interface Question {
  readonly method: string
  readonly url: string
  readonly ifNoneMatch: string | undefined
}

export interface Answer {
  readonly status: number
  readonly mediaType: string
  readonly body: string
  readonly etag?: string
}

type Route = (question: URL, administered: Administered) => Answer | Promise<Answer>

const routes: Readonly<Record<string, Route>> = {
  '/healthz': (_, { outage }) => health(outage()),
  '/readyz': (_, { notReady }) => health(notReady()),
  '/status': (_, administered) => status(administered, administered.clients()),
  '/config_dump': ({ searchParams }, administered) =>
    proxyConfig(searchParams.get('proxy') ?? '', administered),
  '/metrics': async (_, { metrics }) => {
    const exposition = await metrics.exposition()
    return { status: 200, mediaType: exposition.mediaType, body: exposition.text }
  },
}

const proxyPath = '/status/proxies/'
const paths = `there are ${[...Object.keys(routes), `${proxyPath}ID`].toSorted().join(', ')}`

/** Answers GET on the paths above; anything else gets a 4xx that says what to ask instead. */
export async function answerTo(
  { method, url, ifNoneMatch }: Question,
  administered: Administered,
): Promise<Answer> {
  const asked = URL.parse(url, 'http://admin')
  if (asked === null) return text(400, `not a path: ${url}`)
  const route = asked.pathname.startsWith(proxyPath) ? oneProxy : routes[asked.pathname]
  if (route === undefined) return text(404, `no such path: ${asked.pathname}\n${paths}`)
  if (method !== 'GET' && method !== 'HEAD') return text(405, `${method} is not answered here: use GET`)
  const answer = await route(asked, administered)
  return answer.etag !== undefined && answer.etag === ifNoneMatch
    ? { ...answer, status: 304, body: '' }
    : answer
}

function health(problem: string | undefined): Answer {
  return text(problem === undefined ? 200 : 503, problem ?? 'ok')
}

const oneProxy: Route = ({ pathname }, administered) => {
  const name = decoded(pathname.slice(proxyPath.length))
  if (name === undefined || name === '')
    return text(
      400,
      `write ${proxyPath}ID with the node id of a proxy, percent-encoded, or %23 and the number of its ` +
        `stream`,
    )
  const selection = select(administered.clients(), name)
  return 'problem' in selection ? text(404, selection.problem) : status(administered, selection.clients)
}

function status(
  { diagnostics, outage, denied, locate }: Administered,
  clients: readonly ClientState[],
): Answer {
  return json(
    statusReport({
      clients,
      diagnostics: diagnostics(),
      outage: outage(),
      denied: denied(),
      locate: locate(),
    }),
  )
}

function proxyConfig(name: string, administered: Administered): Answer {
  if (name === '')
    return text(
      400,
      'write /config_dump?proxy=ID with the node id of a proxy, percent-encoded, or %23 and the number of ' +
        'its stream',
    )
  const selection = select(administered.clients(), name)
  if ('problem' in selection) return text(404, selection.problem)
  const types = selection.clients.flatMap((client) => [...client.types.keys()])
  if (new Set(types).size === types.length) return json(configDump(heldResources(selection.clients), 'all'))
  const streams = selection.clients.map(({ proxy }) => `#${proxy.stream}`)
  return text(409, `${streams.length} proxies have the id ${name}: ask for ${streams.join(' or ')}`)
}

function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

function json(value: unknown): Answer {
  const body = `${JSON.stringify(value, null, 2)}\n`
  return {
    status: 200,
    mediaType: 'application/json',
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
  }
}

function text(code: number, line: string): Answer {
  return { status: code, mediaType: 'text/plain; charset=utf-8', body: `${line}\n` }
}
