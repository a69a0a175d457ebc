import type { Diagnostic, Origin } from '../diagnostics/diagnostic.ts'
import { finding } from '../diagnostics/finding.ts'
import type { BackendSettings } from '../model/backend.ts'
import { newerCommand } from '../model/format-release.ts'
import type { HeaderChanges, HeaderOperations } from '../model/route.ts'
import type { Scope } from '../xds/scope.ts'

// An Envoy refuses a whole resource for a header's format that it does not know, and logs a warning for an unknown field. What is
// newer than a proxy is therefore left out for it, and reported.

/** What is left for the proxies of a scope, and what they lack. */
export interface Understood<T> {
  readonly value: T
  readonly diagnostics: readonly Diagnostic[]
}

/** Header changes without the values that the scope's Envoy does not know. */
export function understoodHeaders(changes: HeaderChanges, { olderEnvoy }: Scope, origin: Origin | undefined): Understood<HeaderChanges> {
  if (olderEnvoy === undefined) return { value: changes, diagnostics: [] }
  const parts = [changes.request.set, changes.request.add, changes.response.set, changes.response.add]
  const newer = parts.flatMap((values) => Object.entries(values)).flatMap(([name, value]) => {
    const command = newerCommand(value, olderEnvoy)
    return command === undefined ? [] : [{ name, ...command }]
  })
  if (newer.length === 0) return { value: changes, diagnostics: [] }
  return {
    value: { request: known(changes.request, olderEnvoy), response: known(changes.response, olderEnvoy) },
    diagnostics: newer.flatMap(({ name, written, since }) => origin === undefined ? [] : [leftOut(origin, { what: `the header ${name} with ${written}`, since, olderEnvoy })]),
  }
}

function known({ set, add, remove }: HeaderOperations, minor: number): HeaderOperations {
  const those = (values: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(values).filter(([, value]) => newerCommand(value, minor) === undefined))
  return { set: those(set), add: those(add), remove }
}

const budgetIntervalSince = 39

/** Settings without the fields that the scope's Envoy does not know. `origin`: where the settings were written. */
export function understoodSettings(settings: BackendSettings, { olderEnvoy }: Scope, origin: Origin | undefined): Understood<BackendSettings> {
  const { retryBudget } = settings
  if (olderEnvoy === undefined || olderEnvoy >= budgetIntervalSince || retryBudget?.interval === undefined) return { value: settings, diagnostics: [] }
  const { interval: _, ...budget } = retryBudget
  const diagnostics = origin === undefined ? [] : [leftOut(origin, { what: 'the interval of the retry budget', since: budgetIntervalSince, olderEnvoy })]
  return { value: { ...settings, retryBudget: budget }, diagnostics }
}

interface LeftOut {
  readonly what: string
  /** Minor version of the Envoy that brought it. */
  readonly since: number
  readonly olderEnvoy: number
}

function leftOut(origin: Origin, { what, since, olderEnvoy }: LeftOut): Diagnostic {
  return finding('xds/older-envoy', origin, {
    message: `${what} is left out for the connected Envoys 1.${olderEnvoy}, which do not know it`,
    hint: `upgrade these proxies to Envoy 1.${since} or newer`,
  })
}
