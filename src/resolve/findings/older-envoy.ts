import type { LabelKey } from '../../model/labels.ts'
import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { BackendPolicy, BackendSettings } from '../../model/backend.ts'
import { newerCommand, releasesOf } from '../../model/format-release.ts'
import type { HeaderChanges, HeaderOperations, RouteTable } from '../../model/route.ts'
import { settingsOf } from '../policy.ts'
import type { Choice } from '../shared-scope.ts'
import { newestMinor } from '../../xds/envoy-version.ts'
import type { Scope } from '../../xds/scope.ts'

// An Envoy rejects a whole resource because of an unknown command in a header's format, and logs a warning
// for an unknown field. Settings that are newer than a proxy are therefore left out for it, and reported.

/** A value without the parts that the proxies of a scope do not support, and the findings about them. */
export interface Understood<T> {
  readonly value: T
  readonly diagnostics: readonly Diagnostic[]
}

/** Header changes without the values that the scope's Envoy does not know. */
export function understoodHeaders(
  changes: HeaderChanges,
  { olderEnvoy }: Scope,
  origin: Origin | undefined,
): Understood<HeaderChanges> {
  if (olderEnvoy === undefined) return { value: changes, diagnostics: [] }
  const newer = valuesOf(changes).flatMap(([name, value]) => {
    const command = newerCommand(value, olderEnvoy)
    return command === undefined ? [] : [{ name, ...command }]
  })
  if (newer.length === 0) return { value: changes, diagnostics: [] }
  return {
    value: { request: known(changes.request, olderEnvoy), response: known(changes.response, olderEnvoy) },
    diagnostics: newer.flatMap(({ name, written, since }) =>
      origin === undefined ? [] : [leftOut(origin, `the header ${name} with ${written}`, since)],
    ),
  }
}

function valuesOf({ request, response }: HeaderChanges): readonly (readonly [string, string])[] {
  return [request.set, request.add, response.set, response.add].flatMap((values) => Object.entries(values))
}

function known({ set, add, remove }: HeaderOperations, minor: number): HeaderOperations {
  const those = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => newerCommand(value, minor) === undefined))
  return { set: those(set), add: those(add), remove }
}

const budgetIntervalSince = 39

/**
 * Settings without the fields that the scope's Envoy does not support. `origin`: the place of the settings.
 */
export function understoodSettings(
  settings: BackendSettings,
  { olderEnvoy }: Scope,
  origin: Origin | undefined,
): Understood<BackendSettings> {
  const { retryBudget } = settings
  if (olderEnvoy === undefined || olderEnvoy >= budgetIntervalSince || retryBudget?.interval === undefined)
    return { value: settings, diagnostics: [] }
  const { interval: _, ...budget } = retryBudget
  const diagnostics =
    origin === undefined ? [] : [leftOut(origin, 'the interval of the retry budget', budgetIntervalSince)]
  return { value: { ...settings, retryBudget: budget }, diagnostics }
}

function leftOut(origin: Origin, what: string, since: number): Diagnostic {
  return finding('xds/older-envoy', origin, {
    message: `${what} is left out for connected Envoys older than 1.${since}, which do not know it`,
    hint: `upgrade these proxies to Envoy 1.${since} or newer`,
  })
}

/** The releases of Envoy that brought something that the table uses, as keys of `chosenLabels`. */
export function releasesNeededBy({ routes }: RouteTable): readonly LabelKey[] {
  const changes = routes.flatMap(({ headers, action }) => [
    headers,
    ...(action.kind === 'forward' ? action.destinations.map((each) => each.headers) : []),
  ])
  return changes
    .flatMap(valuesOf)
    .flatMap(([, value]) => releasesOf(value))
    .map(releaseKey)
}

/** Like `releasesNeededBy`, for a policy. */
export function releasesNeededByPolicy(
  policy: Pick<BackendPolicy, 'settings' | 'subsets'>,
): readonly LabelKey[] {
  return settingsOf(policy).some(({ retryBudget }) => retryBudget?.interval !== undefined)
    ? [releaseKey(budgetIntervalSince)]
    : []
}

function releaseKey(minor: number): LabelKey {
  return `Envoy 1.${minor}`
}

/**
 * The scope with the oldest Envoy version that lacks the same features, so that such proxies share. Without a
 * version if it makes no difference.
 */
export function sharedRelease(scope: Scope, { isChosenBy }: Pick<Choice, 'isChosenBy'>): Scope {
  const { olderEnvoy, ...rest } = scope
  if (olderEnvoy === undefined) return scope
  const lacking = Array.from({ length: newestMinor - olderEnvoy }, (_, index) => olderEnvoy + 1 + index).find(
    (minor) => isChosenBy(releaseKey(minor)),
  )
  return lacking === undefined ? rest : { ...rest, olderEnvoy: lacking - 1 }
}
