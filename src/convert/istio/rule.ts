import type { Json, JsonObject } from '../../manifest/manifest.ts'
import { percentageOf } from '../../model/fraction.ts'
import type {
  CorsPolicy,
  DirectResponse,
  Fault,
  Redirect,
  Route,
  HeaderMatch,
  Match,
  StringMatch,
} from '../../model/route.ts'
import { commentsAt, createRemarks, present } from '../rendered.ts'
import type { Comment, Remarks } from '../rendered.ts'
import { grpcStatusCodes } from '../../dialects/istio/virtual-service/fault.ts'
import type { Backends } from './backend.ts'
import { seconds, writtenForward } from './forward.ts'
import type { RenderedMirror } from './forward.ts'
import { writtenHeaders } from './headers.ts'

/** Istio's HTTPRoute in its written form, with comments and mirrors by their paths within it. */
export interface RenderedRule {
  readonly rule: JsonObject
  readonly mirrors: readonly RenderedMirror[]
  readonly comments: readonly Comment[]
}

export interface RuleSurroundings {
  readonly backends: Backends
  /** The name in `gateways` for an attachment of a route. */
  readonly gatewayName: (key: string) => string
}

/** The rules of routes, in order; routes that differ in their matches only share one. */
export function writtenRules(routes: readonly Route[], around: RuleSurroundings): readonly RenderedRule[] {
  return routes
    .flatMap((route) => rulesOf(route, around))
    .reduce<readonly RenderedRule[]>((rules, next) => {
      const last = rules.at(-1)
      const joined = last === undefined ? undefined : joinedRule(last, next)
      return joined === undefined ? [...rules, next] : [...rules.slice(0, -1), joined]
    }, [])
}

/** Empty if it cannot be expressed; more than one if a path in segments is replaced. */
function rulesOf(route: Route, { backends, gatewayName }: RuleSurroundings): readonly RenderedRule[] {
  const matching = createRemarks()
  const conditions = writtenConditions(route, route.applies.attachedTo?.map(gatewayName), matching)
  if (conditions === undefined) return [{ rule: {}, mirrors: [], comments: matching.comments }]
  const written = writtenPaths(route.match).map((uri): RenderedRule => {
    const remarks = createRemarks()
    const isBelow = route.match.path.kind === 'segments' && uri?.['prefix'] !== undefined
    const { fields, mirrors } = actionFields(
      isBelow ? belowSegments(route) : atSegments(route),
      backends,
      remarks,
    )
    const match = present<Json>({ uri, ...conditions })
    const rule = present<Json>({
      name: route.name === '' ? undefined : route.name,
      match: Object.keys(match).length === 0 ? undefined : [match],
      ...fields,
    })
    return { rule, mirrors, comments: remarks.comments }
  })
  return written
}

/** Both as one, if only their matches differ. */
function joinedRule(first: RenderedRule, second: RenderedRule): RenderedRule | undefined {
  const { match, ...rest } = first.rule
  const { match: otherMatch, ...otherRest } = second.rule
  if (
    !Array.isArray(match) ||
    !Array.isArray(otherMatch) ||
    JSON.stringify([rest, first.comments]) !== JSON.stringify([otherRest, second.comments])
  )
    return undefined
  return JSON.stringify(optionsOf(first)) === JSON.stringify(optionsOf(second))
    ? {
        ...first,
        rule: { ...first.rule, match: [...(match as readonly Json[]), ...(otherMatch as readonly Json[])] },
      }
    : undefined
}

function optionsOf({ mirrors }: RenderedRule): readonly unknown[] {
  return mirrors.map(({ mirror: { host, cluster, limits } }) => [host, cluster, limits])
}

/** The replacement without a slash at its end, if the prefix has one. */
function belowSegments(route: Route): Route {
  const { action } = route
  const slashed = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`)
  if (action.kind === 'forward' && action.rewrite.prefix !== undefined) {
    return {
      ...route,
      action: { ...action, rewrite: { ...action.rewrite, prefix: slashed(action.rewrite.prefix) } },
    }
  }
  if (action.kind !== 'redirect') return route
  if (takesSegmentsAway(route))
    return { ...route, action: { ...action, path: { kind: 'prefix', value: '/' } } }
  return action.path?.kind === 'prefix'
    ? { ...route, action: { ...action, path: { ...action.path, value: slashed(action.path.value) } } }
    : route
}

function atSegments(route: Route): Route {
  return route.action.kind === 'redirect' && takesSegmentsAway(route)
    ? { ...route, action: { ...route.action, path: { kind: 'path', value: '/' } } }
    : route
}

/** A regular expression that matches exactly these segments, and replaces them by nothing. */
function takesSegmentsAway({
  action,
  match: {
    path: { kind, value },
  },
}: Route): boolean {
  if (action.kind !== 'redirect' || action.path?.kind !== 'regex' || kind !== 'segments') return false
  return action.path.substitution === '/' && action.path.pattern.replaceAll('\\', '') === `^${value}/?`
}

interface ActionFields {
  readonly fields: JsonObject
  readonly mirrors: readonly RenderedMirror[]
}

function actionFields(
  { action, headers, fault, cors, match }: Route,
  backends: Backends,
  remarks: Remarks,
): ActionFields {
  const aside = {
    fault: writtenFault(fault),
    corsPolicy: writtenCors(cors, remarks),
    headers: writtenHeaders(headers),
  }
  switch (action.kind) {
    case 'forward': {
      const { fields, mirrors } = writtenForward(action, backends, remarks)
      // Istio takes neither beside a direct response.
      const { fault: _, ...others } = aside
      return {
        fields: { ...fields, ...present<Json>(fields['directResponse'] === undefined ? aside : others) },
        mirrors,
      }
    }
    case 'redirect':
      return {
        fields: {
          ...writtenRedirect(action, match, remarks),
          ...present<Json>({ ...aside, fault: undefined }),
        },
        mirrors: [],
      }
    case 'direct-response':
      return {
        fields: { directResponse: writtenResponse(action), ...present<Json>({ ...aside, fault: undefined }) },
        mirrors: [],
      }
  }
}

function writtenFault(fault: Fault | undefined): JsonObject | undefined {
  if (fault === undefined) return undefined
  const { delay, abort } = fault
  const status =
    abort === undefined
      ? {}
      : abort.status.kind === 'http'
        ? { httpStatus: abort.status.code }
        : {
            grpcStatus:
              Object.entries(grpcStatusCodes).find(([, code]) => code === abort.status.code)?.[0] ??
              'UNKNOWN',
          }
  return present<Json>({
    delay:
      delay === undefined
        ? undefined
        : {
            fixedDelay: seconds(delay.duration),
            percentage: { value: Number(percentageOf(delay.fraction)) },
          },
    abort:
      abort === undefined
        ? undefined
        : { ...status, percentage: { value: Number(percentageOf(abort.fraction)) } },
  })
}

function writtenCors(cors: CorsPolicy | undefined, remarks: Remarks): JsonObject | undefined {
  if (cors === undefined) return undefined
  const { origins, methods, headers, exposedHeaders, maxAge, credentials, unmatchedPreflights } = cors
  if (maxAge !== undefined && (maxAge < 1 || !Number.isInteger(maxAge)))
    remarks.add(['corsPolicy'], `not carried, a maximum age of ${maxAge} s: Istio takes whole seconds from 1`)
  const list = (values: readonly string[]): readonly string[] | undefined =>
    values.length === 0 ? undefined : values
  return present<Json>({
    allowOrigins: origins.length === 0 ? undefined : origins.map(({ kind, value }) => ({ [kind]: value })),
    allowMethods: list(methods),
    allowHeaders: list(headers),
    exposeHeaders: list(exposedHeaders),
    maxAge: maxAge === undefined || maxAge < 1 || !Number.isInteger(maxAge) ? undefined : `${maxAge}s`,
    allowCredentials: credentials,
    unmatchedPreflights: unmatchedPreflights === 'answer' ? 'IGNORE' : undefined,
  })
}

/**
 * There is no field for replacing a path by a regular expression: except for removed segments, its requests
 * are answered with 500.
 */
function writtenRedirect(
  { host, path, scheme, port, code }: Redirect,
  { path: matched }: Route['match'],
  remarks: Remarks,
): JsonObject {
  if (path?.kind === 'regex') {
    remarks.add(
      [],
      `not carried, a redirect that replaces ${path.pattern} of the path (of ${matched.value}): its ` +
        `requests are answered with 500`,
    )
    return { directResponse: { status: 500 } }
  }
  return {
    redirect: present<Json>({
      scheme,
      authority: host,
      uri: path?.kind === 'path' ? path.value : undefined,
      prefixRewrite: path?.kind === 'prefix' ? path.value : undefined,
      port: typeof port === 'number' ? port : undefined,
      derivePort:
        port === 'of the listener'
          ? 'FROM_REQUEST_PORT'
          : host === undefined && path === undefined && scheme === undefined && port === undefined
            ? 'FROM_PROTOCOL_DEFAULT'
            : undefined,
      redirectCode: code,
    }),
  }
}

function writtenResponse({ status, body }: DirectResponse): JsonObject {
  return present<Json>({
    status,
    body: body === undefined ? undefined : 'text' in body ? { string: body.text } : { bytes: body.base64 },
  })
}

/** The comments of the rules in a list at a path. */
export function ruleComments(
  rules: readonly RenderedRule[],
  path: readonly (string | number)[],
): readonly Comment[] {
  return rules.flatMap(({ comments }, index) => commentsAt([...path, index], comments))
}

/**
 * The HTTPMatchRequest of a route without its path; undefined, with a comment, if Istio cannot express it:
 * two conditions on one header.
 */
function writtenConditions(
  { match, applies, statPrefix }: Route,
  gateways: readonly string[] | undefined,
  remarks: Remarks,
): JsonObject | undefined {
  const { headers, queryParameters, caseSensitive } = match
  const pseudo = headers.filter(isPseudo)
  const [has, hasNot] = [
    headers.filter((each) => !each.invert && !isPseudo(each)),
    headers.filter(({ invert }) => invert),
  ]
  const repeated = [has, hasNot, pseudo, queryParameters].map(repeatedName).find((name) => name !== undefined)
  if (repeated !== undefined) {
    remarks.add(
      [],
      `not carried, a match with two conditions on ${repeated}: Istio's maps take one for each name`,
    )
    return undefined
  }
  const port = applies.port
  return present<Json>({
    ignoreUriCase: caseSensitive === false ? true : undefined,
    ...Object.fromEntries(pseudo.map((each) => [each.name.slice(1), stringMatch(each.match)])),
    headers: matchesByName(has),
    withoutHeaders: matchesByName(hasNot),
    queryParams: matchesByName(queryParameters),
    port,
    gateways: gateways === undefined ? undefined : [...gateways],
    sourceLabels: applies.proxyLabels === undefined ? undefined : { ...applies.proxyLabels },
    sourceNamespace: applies.proxyNamespace,
    statPrefix: statPrefix === '' ? undefined : statPrefix,
  })
}

/**
 * The uri of a match, `undefined` for every path. Segments become two matches: the path itself, and the paths
 * below it.
 */
function writtenPaths({ path: { kind, value } }: Match): readonly (JsonObject | undefined)[] {
  if (kind === 'segments') return [{ exact: value }, { prefix: `${value}/` }]
  return [kind === 'prefix' && value === '/' ? undefined : { [kind]: value }]
}

const pseudoHeaders = [':method', ':authority', ':scheme']

/** Conditions that have fields of their own. */
function isPseudo({ name, match, invert }: HeaderMatch): boolean {
  return pseudoHeaders.includes(name) && !invert && match.kind !== 'present'
}

function repeatedName(matches: readonly { readonly name: string }[]): string | undefined {
  const names = matches.map(({ name }) => name)
  return names.find((name, index) => names.indexOf(name) !== index)
}

function matchesByName(
  matches: readonly { readonly name: string; readonly match: StringMatch }[],
): JsonObject | undefined {
  return matches.length === 0
    ? undefined
    : Object.fromEntries(matches.map(({ name, match }) => [name, stringMatch(match)]))
}

function stringMatch(match: StringMatch): JsonObject {
  return match.kind === 'present' ? {} : { [match.kind]: match.value }
}
