import { renderJson, renderText } from '../../diagnostics/render.ts'
import type { Pipeline } from '../../pipeline/pipeline.ts'
import type { Header, SimulatedRequest } from '../../simulate/request.ts'
import { UsageError } from '../../errors.ts'
import { bareScope, scopeOf } from '../../xds/scope.ts'
import type { Scope } from '../../xds/scope.ts'
import type { SettingsFlags } from '../flags/settings-flags.ts'
import { answerOf, listens, mostLikely } from './explain-proxy.ts'
import type { ProxyAnswer } from './explain-proxy.ts'
import { explanation } from './explain-report.ts'
import type { Explanation } from './explain-report.ts'
import { askedRequest } from './explain-request.ts'
import type { AskedRequest } from './explain-request.ts'
import { describeProxy, normalizationNote, renderExplanation } from './explain-text.ts'
import { readOffline } from '../offline.ts'
import type { Offline } from '../offline.ts'
import { printableJson, printableLines } from '../../diagnostics/foreign-text.ts'

/** The flags of the command, as `explain-command.ts` reads them. */
export interface ExplainFlags extends SettingsFlags {
  readonly file: readonly string[]
  readonly header: readonly Header[]
  readonly role?: 'gateway' | 'sidecar'
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly interception?: true
  readonly proxy?: string
  readonly output: 'text' | 'json'
}

/** Prints what becomes of the request. Throws UsageError for words that name none. */
export async function explain(words: readonly string[], flags: ExplainFlags): Promise<void> {
  const asked = askedRequest({ paths: flags.file, arguments: words }, flags.header)
  if (asked.paths.length === 0) throw new UsageError('explain: name the files to read, as in -f config/')
  const offline = await readOffline(asked.paths, flags)
  const { pipeline } = offline
  const scopes = scopesOf(flags, pipeline)
  const found = answersOf(pipeline, scopes, asked)
  const answer = mostLikely(found.answers)
  if (answer === undefined) throw new UsageError('explain: no proxy')
  const others = found.answers.filter((each) => each !== answer && listens(each))
  const explained = {
    request: found.request,
    answer,
    explanation: explanation({ pipeline, offline, answer }),
    others,
  }
  const chosen = isGiven(flags)
    ? undefined
    : scopes.length === 1
      ? 'the only one that these files address'
      : `chosen of ${scopes.length} that these files address`
  process.stdout.write(
    flags.output === 'json'
      ? printableJson(jsonOf(explained, asked.url, offline))
      : printableLines(textOf(explained, { chosen, moved: found.moved }, offline)),
  )
}

interface Explained {
  readonly request: SimulatedRequest
  readonly answer: ProxyAnswer
  readonly explanation: Explanation
  /** Proxies that listen on the port, too. */
  readonly others: readonly ProxyAnswer[]
}

function jsonOf(
  { request, explanation: found, others }: Explained,
  url: string,
  { locate }: Offline,
): string {
  const { method, authority, path, headers, port } = request
  return `${JSON.stringify(
    {
      request: { method, url, authority, path, headers, port },
      ...found,
      diagnostics: JSON.parse(renderJson(found.diagnostics, locate)) as unknown,
      others: others.map(({ scope: { role, namespace, labels } }) => ({ role, namespace, labels })),
    },
    null,
    2,
  )}\n`
}

/**
 * `chosen`: why it is this proxy, where no flag says which. `moved`: that the request goes to another port
 * than its URL's.
 */
interface Circumstances {
  readonly chosen: string | undefined
  readonly moved: string | undefined
}

function textOf(
  { request, answer, explanation: found, others }: Explained,
  { chosen, moved }: Circumstances,
  { locate }: Offline,
): string {
  const notes = [
    chosen,
    ...others.map(({ scope }) => `listens on port ${request.port} too: ${describeProxy(scope)}`),
    moved,
    normalizationNote(request, answer.simulation.received),
  ].filter((note) => note !== undefined)
  const wrong =
    found.diagnostics.length === 0 ? '' : `\nfound in this rule:\n${renderText(found.diagnostics, locate)}`
  return `${renderExplanation(request, found, notes)}${wrong}`
}

function isGiven({ role, namespace, labels, interception, proxy }: ExplainFlags): boolean {
  return [role, namespace, labels, interception, proxy].some((flag) => flag !== undefined)
}

/** The proxy of the flags, else all that the files address; a sidecar if they address none. */
function scopesOf(flags: ExplainFlags, pipeline: Pipeline): readonly Scope[] {
  const { role = 'gateway', namespace = 'default', labels, interception, proxy } = flags
  if (proxy !== undefined) {
    const read = scopeOf({ id: proxy })
    if ('error' in read) throw new UsageError(`--proxy: ${read.error}`)
    return [pipeline.shared(read.scope)]
  }
  const bare = { ...bareScope(interception === true ? 'sidecar' : role, namespace), labels: labels ?? {} }
  if (interception === true) return [{ ...bare, interception: 'redirect' }]
  if (isGiven(flags)) return [{ ...bare, anyGateway: role === 'gateway' && labels === undefined }]
  const addressed = pipeline.read.entries(pipeline.addressedScopes).map(([, scope]) => scope)
  return addressed.length > 0 ? addressed : [bareScope('sidecar', namespace)]
}

interface Answers {
  readonly request: SimulatedRequest
  readonly answers: readonly ProxyAnswer[]
  /** A note if the request is sent to another port than the default of the URL's scheme. */
  readonly moved?: string
}

/**
 * A URL without a port means the default one; where nobody listens there, and on a single other one, it means
 * that.
 */
function answersOf(
  pipeline: Pipeline,
  scopes: readonly Scope[],
  { request, hasPort }: AskedRequest,
): Answers {
  const answers = scopes.map((scope) => answerOf(pipeline, scope, request))
  const [only, ...more] = new Set(answers.flatMap(({ ports }) => ports))
  if (hasPort || answers.some(listens) || only === undefined || more.length > 0) return { request, answers }
  const moved = { ...request, port: only }
  return {
    request: moved,
    answers: scopes.map((scope) => answerOf(pipeline, scope, moved)),
    moved: `nothing listens on port ${request.port}; ${only} is the only port there is`,
  }
}
