import type { FieldPath, ObjectId } from '../../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import { checkedFilters } from './checked-filters.ts'
import type { PlacedFilter } from './checked-filters.ts'
import { corsOf } from './cors.ts'
import { mirrorIn } from './declared-mirror.ts'
import { destinationsOf } from './destinations.ts'
import type { BackendRef } from './destinations.ts'
import type { Filter } from './filter.ts'
import { changesBy } from './header-changes.ts'
import { mirrorOf } from './mirror.ts'
import { redirectOf, rewriteOf } from './redirect.ts'
import type { RouteContext } from './route-context.ts'
import type { AttachKey } from '../../../model/attach.ts'
import { attachToObject } from '../../../model/attach.ts'
import type { Mirror } from '../../../model/mirror.ts'
import type {
  Action,
  CorsPolicy,
  Destination,
  DirectResponse,
  Forward,
  HeaderChanges,
  Match,
  Route,
} from '../../../model/route.ts'
import type { Report } from '../../reading/report.ts'
import type { InvalidReason } from './route-conditions.ts'

export interface PlacedMatch {
  readonly match: Match
  readonly precedence: string
  readonly path: FieldPath
}

/** A rule of either kind of route, its matches read. */
export interface PlacedRule {
  readonly index: number
  readonly name: string | undefined
  readonly path: FieldPath
  readonly matches: readonly PlacedMatch[]
  /**
   * The PathPrefix of its only match, without a slash at its end; undefined if a prefix cannot be replaced.
   */
  readonly prefix: string | undefined
  /** The rule's name in the runtime keys of its mirrors: its own name, otherwise its matches. */
  readonly key: string
  readonly filters: readonly (Filter | undefined)[]
  readonly backendRefs: readonly (BackendRef | undefined)[]
  readonly patience: Pick<Forward, 'timeout' | 'noTimeout' | 'retry'>
}

/** One route for each match of a rule, in their order. */
export function routesOf(rule: PlacedRule, context: RouteContext): readonly Route[] {
  const { manifest } = context.report
  const { id, apiVersion } = manifest
  const built = ruleActionOf(rule, context)
  return rule.matches.map(({ match, precedence, path }): Route => ({
    name: rule.name ?? '',
    match,
    applies: {},
    precedence,
    ...(built.attachTo.length === 0 ? {} : { attachTo: built.attachTo }),
    action: built.action,
    headers: built.headers,
    fault: undefined,
    cors: built.cors,
    statPrefix: undefined,
    metadata: {
      namespace: id.group,
      config: `/apis/${apiVersion}/namespaces/${id.namespace}/${id.kind.toLowerCase()}s/${id.name}`,
    },
    origin: { object: id, path },
  }))
}

interface RuleAction {
  readonly action: Action
  readonly headers: HeaderChanges
  readonly cors: CorsPolicy | undefined
  readonly attachTo: readonly AttachKey[]
}

/** Every part is read in any case, so that all mistakes are found. */
function ruleActionOf(rule: PlacedRule, context: RouteContext): RuleAction {
  const { report, protocol, conditions } = context
  const { usable, unusable } = checkedFilters(rule.filters, {
    report,
    path: [...rule.path, 'filters'],
    types: protocol.filterTypes,
  })
  const headers = changesBy(usable, report)
  const extensions = extensionsOf(usable, context)
  const { destinations, mirrors: ofBackend } = destinationsOf(
    rule.backendRefs,
    [...rule.path, 'backendRefs'],
    context,
  )
  const mirrors = [...usable.flatMap(mirrorIn), ...ofBackend]
    .map((each) => mirrorOf(each, rule, context))
    .filter((mirror) => mirror !== undefined)
  const invalid = unusable ?? checkCombination(rule, usable, report)
  if (invalid !== undefined) conditions.invalidRule(rule.index, invalid)
  const cors = usable.find(({ type }) => type === 'CORS')
  return {
    action:
      invalid !== undefined || extensions.failed
        ? failure(context)
        : actionOf(rule, { filters: usable, authority: headers.authority, destinations, mirrors }, context),
    headers: headers.changes,
    cors:
      cors?.filter.cors === undefined
        ? undefined
        : corsOf(cors.filter.cors, { report, path: [...cors.path, 'cors'] }),
    attachTo: extensions.attachTo,
  }
}

interface Ingredients {
  readonly filters: readonly PlacedFilter[]
  readonly authority: string | undefined
  readonly destinations: readonly Destination[]
  readonly mirrors: readonly Mirror[]
}

function actionOf(
  rule: PlacedRule,
  { filters, authority, destinations, mirrors }: Ingredients,
  context: RouteContext,
): Action {
  const redirect = filters.find(({ type }) => type === 'RequestRedirect')?.filter.requestRedirect
  const rewrite = filters.find(({ type }) => type === 'URLRewrite')?.filter.urlRewrite
  const { failure: status } = context.protocol
  const prefix = rule.prefix ?? ''
  if (redirect !== undefined) {
    rejectBackends(rule, context)
    noteMirrors(mirrors, 'a redirect', context)
    return redirectOf(redirect, prefix)
  }
  if (destinations.length === 0) {
    noteMirrors(mirrors, `${status}, as no backend has a weight`, context)
    return failure(context)
  }
  const forward = {
    kind: 'forward',
    destinations,
    mirrors,
    ...rule.patience,
    rewrite: rewriteOf(rewrite, { prefix, authority }),
  } as const
  return status === 500 ? { ...forward, missingStatus: status } : forward
}

function failure({ protocol }: RouteContext): DirectResponse {
  return { kind: 'direct-response', status: protocol.failure, body: undefined }
}

function rejectBackends({ backendRefs, path }: PlacedRule, { report }: RouteContext): void {
  if (backendRefs.length === 0) return
  report.reject('filter/incompatible', [...path, 'backendRefs'], {
    message: 'backendRefs are set beside a RequestRedirect, which sends no request on: they have no effect',
    hint: 'remove one of the two',
  })
}

function noteMirrors(mirrors: readonly Mirror[], answer: string, { report }: RouteContext): void {
  for (const { origin } of mirrors)
    report.note('mirror/without-forward', origin.path, {
      message: `the rule answers with ${answer}, so there is nothing to mirror`,
    })
}

interface Extensions {
  /** The objects that ExtensionRefs name, which may attach mirrors to the rule. */
  readonly attachTo: readonly AttachKey[]
  /**
   * One of them has no target: it may not be skipped, so requests are answered with an error
   * (HTTPRouteFilter.extensionRef).
   */
  readonly failed: boolean
}

/** The objects beside the route that its filters of type ExtensionRef name. */
function extensionsOf(filters: readonly PlacedFilter[], context: RouteContext): Extensions {
  const named = filters.flatMap(({ filter: { extensionRef }, type, path }) =>
    type === 'ExtensionRef' && extensionRef !== undefined
      ? [{ extensionRef, path: [...path, 'extensionRef'] }]
      : [],
  )
  const found = named.map(({ extensionRef, path }) => {
    const { namespace } = context.report.manifest.id
    return isThere({ ...extensionRef, namespace }, path, context)
      ? attachToObject({ ...extensionRef, namespace })
      : undefined
  })
  return { attachTo: found.filter((key) => key !== undefined), failed: found.includes(undefined) }
}

function isThere(
  id: ObjectId,
  path: PlacedFilter['path'],
  { report, lookup, conditions, protocol }: RouteContext,
): boolean {
  const consequence = `the rule is answered with ${protocol.failure}`
  if (!lookup.isClaimed(id)) {
    const message = `nothing here reads ${id.kind} of ${id.group === '' ? 'the core group' : id.group}`
    report.note('reference/invalid-kind', [...path, 'kind'], {
      message: `${message}: ${consequence} (ResolvedRefs is False, InvalidKind)`,
    })
    conditions.reference({ reason: 'InvalidKind', message })
    return false
  }
  if (lookup.manifest(id) !== undefined) return true
  const meant = didYouMean(
    id.name,
    lookup.manifestsOf(id, id.namespace).map((each) => each.id.name),
  )
  const message = `there is no ${id.kind} ${id.namespace}/${id.name}`
  report.note('reference/not-found', [...path, 'name'], {
    message: `${message}: ${consequence} (ResolvedRefs is False, BackendNotFound)`,
    hint: meant === undefined ? undefined : `did you mean ${meant}?`,
  })
  conditions.reference({ reason: 'BackendNotFound', message })
  return false
}

/**
 * Refuses filters that are sound each by itself and cannot be applied together, or to the rule's matches. Its
 * requests are answered with an error.
 */
function checkCombination(
  { prefix }: Pick<PlacedRule, 'prefix'>,
  filters: readonly PlacedFilter[],
  report: Report,
): InvalidReason | undefined {
  const redirect = filters.find(({ type }) => type === 'RequestRedirect')
  const rewrite = filters.find(({ type }) => type === 'URLRewrite')
  if (redirect !== undefined && rewrite !== undefined) {
    report.reject('filter/incompatible', [...rewrite.path, 'type'], {
      message:
        'URLRewrite is set beside RequestRedirect, which sends no request on: the rule is answered with 500',
      hint: 'remove one of the two',
    })
    return 'IncompatibleFilters'
  }
  const [at, modifier] =
    redirect !== undefined
      ? [[...redirect.path, 'requestRedirect'], redirect.filter.requestRedirect?.path]
      : [[...(rewrite?.path ?? []), 'urlRewrite'], rewrite?.filter.urlRewrite?.path]
  if (modifier?.type !== 'ReplacePrefixMatch' || prefix !== undefined) return undefined
  report.reject('field/invalid-value', [...at, 'path', 'replacePrefixMatch'], {
    message:
      'replacePrefixMatch needs a rule with exactly one match, of type PathPrefix: the rule is answered ' +
      'with 500',
    hint: 'write a rule for each match',
  })
  return 'UnsupportedValue'
}
