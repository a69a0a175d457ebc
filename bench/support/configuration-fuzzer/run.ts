import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import type { Json, JsonObject } from '../../../src/manifest/manifest.ts'
import { refusalReason } from '../../../src/observe/refusals.ts'
import { translateAlone } from './alone.ts'
import type { Resources, Translations } from './alone.ts'
import { caseOf, home, keyOf, read } from './case.ts'
import type { Case } from './case.ts'
import { differences, general, check } from './check.ts'
import type { Defect } from './check.ts'
import type { Candidate } from './mistake.ts'
import { candidates } from './mistake.ts'
import { scopesAt } from './proxies.ts'
import { startCaseServer } from './case-server.ts'
import type { Outcome, CaseServer, CaseServerOptions } from './case-server.ts'

export interface RunOptions extends Omit<CaseServerOptions, 'mode'> {
  readonly seed: number
  readonly count: number
  /** Configurations that are served together. */
  readonly batch: number
  readonly progress: (done: number, found: number) => void
  /** Milliseconds after which no further batch is begun. */
  readonly enough?: number
}

/** A defect, and the case that shows it. */
export interface Found extends Defect {
  readonly subject: Case
}

export interface RunResult {
  readonly valid: number
  readonly halfValid: number
  /** Taken whole by both proxies. */
  readonly accepted: number
  readonly found: readonly Found[]
}

/** After so many batches the proxies are started again, each sixth time with SotW. */
const batchesPerServer = 8

/**
 * Draws configurations, serves them to real Envoys in batches, and checks each. The same seed gives the same
 * ones.
 */
export async function runConfigurations(options: RunOptions): Promise<RunResult> {
  const found: Found[] = []
  const counts = { valid: 0, halfValid: 0, accepted: 0 }
  const checker = openChecker(options)
  const began = performance.now()
  try {
    for (
      let start = 0, batch = 0;
      start < options.count && performance.now() - began < (options.enough ?? Infinity);
      start += options.batch, batch += 1
    ) {
      options.signal.throwIfAborted()
      const arrangement = batch % 3 === 2 ? ('together' as const) : ('apart' as const)
      const cases = draw(options, start).map((each, slot) =>
        caseOf(each, { id: start + slot, slot, arrangement }),
      )
      if (batch % batchesPerServer === 0)
        await checker.renew(Math.floor(batch / batchesPerServer) % 6 === 3 ? 'sotw' : 'delta')
      const of = await checker.try(cases)
      found.push(...of)
      counts.valid += cases.filter(({ kind }) => kind === 'valid').length
      counts.halfValid += cases.filter(({ kind }) => kind === 'half-valid').length
      counts.accepted += cases.filter(
        (each) => !of.some(({ subject, kind }) => subject === each && isEnvoys(kind)),
      ).length
      options.progress(start + cases.length, found.length)
    }
    return { ...counts, found }
  } finally {
    await checker.close()
  }
}

/** The cases of one batch, from a seed of its own, so that a batch can be run alone. */
function draw({ seed, count, batch }: RunOptions, start: number): readonly Candidate[] {
  return fc.sample(candidates, {
    seed: (seed + start * 7919) % 2 ** 31,
    numRuns: Math.min(batch, count - start),
  })
}

export function isEnvoys(kind: Defect['kind']): boolean {
  return kind === 'refused by Envoy' || kind === 'crash' || kind === 'not settled'
}

/** The proxies of the day, and what they say of cases. */
export interface Checker {
  try(cases: readonly Case[]): Promise<readonly Found[]>
  /** Without any proxy. */
  check(subject: Case): readonly Defect[]
  renew(mode: CaseServerOptions['mode']): Promise<void>
  close(): Promise<void>
}

export function openChecker(options: Omit<CaseServerOptions, 'mode'>): Checker {
  let server: CaseServer | undefined
  let mode: CaseServerOptions['mode'] = 'delta'
  const scopes = scopesAt(options.addresses)
  const attempt = (subject: Case): Translations | Error => {
    try {
      return translateAlone(subject, scopes)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
  const renew: Checker['renew'] = async (next) => {
    mode = next
    await server?.close()
    server = await startCaseServer({ ...options, mode })
  }
  /** A fault that origins do not locate is found by halving, with proxies that know nothing of it. */
  const serve = async (cases: readonly Case[]): Promise<Served> => {
    if (server === undefined) await renew(mode)
    const outcome = await server?.serve(cases)
    if (outcome === undefined) return { found: [], resources: undefined }
    const { refused, rest } = blamed(cases, outcome)
    const isWhole = outcome.crash === undefined && outcome.unsettled === undefined && rest.length === 0
    if (isWhole) {
      const others = cases.filter((each) => !refused.some(({ subject }) => subject === each))
      const again =
        refused.length > 0 && mode === 'sotw' && others.length > 0 ? (await serve(others)).found : []
      return { found: [...refused, ...again, ...failed(cases, outcome)], resources: outcome.resources }
    }
    await renew(mode)
    const [only] = cases
    if (cases.length > 1) {
      const halves = [
        await serve(cases.slice(0, cases.length / 2)),
        await serve(cases.slice(cases.length / 2)),
      ]
      return { found: halves.flatMap(({ found }) => found), resources: undefined }
    }
    return {
      found: only === undefined ? [] : [...refused, ...foundIn(only, outcome, rest)],
      resources: undefined,
    }
  }
  return {
    renew,
    check: (subject) => checked(subject, attempt(subject)),
    try: async (cases) => {
      const alone: { readonly subject: Case; readonly translations: Translations | Error }[] = []
      for (const subject of cases) {
        alone.push({ subject, translations: attempt(subject) })
        // So that the streams' keepalive is answered meanwhile.
        await setImmediate()
      }
      const own = alone.flatMap(({ subject, translations }) =>
        checked(subject, translations).map((defect) => ({ ...defect, subject })),
      )
      const isBroken = (subject: Case): boolean =>
        own.some((each) => each.subject === subject && each.kind === 'transform failed')
      const { found, resources } = await serve(cases.filter((each) => !isBroken(each)))
      const influenced = hasOwnView(cases)
        ? []
        : alone
            .filter(({ subject }) => !isBroken(subject))
            .flatMap(({ subject, translations }) =>
              translations instanceof Error
                ? []
                : influences(subject, translations.written.resources, resources),
            )
      return [...own, ...found, ...influenced]
    },
    close: async () => {
      await server?.close()
    },
  }
}

/** Nothing may ever throw for what a user writes. */
function checked(subject: Case, translations: Translations | Error): readonly Defect[] {
  if (!(translations instanceof Error)) return check(subject, translations)
  return [
    {
      kind: 'transform failed',
      signature: general(translations.message),
      text: translations.stack ?? translations.message,
    },
  ]
}

interface Served {
  readonly found: readonly Found[]
  /** Undefined if the cases were not served all at once, or not to delta proxies. */
  readonly resources: Resources | undefined
}

/** True if a Sidecar says what the judging sidecar sees, also of the other configurations. */
function hasOwnView(cases: readonly Case[]): boolean {
  return cases.some(
    ({ place, objects }) => place.namespace === home && objects.some(({ kind }) => kind === 'Sidecar'),
  )
}

/**
 * Resources that the listeners of several configurations may share; a port has a blackhole only while it has
 * no other virtual host.
 */
const shared = /^\S+ (?:(?:listener|route|runtime|secret) |virtual-host \S+\/blackhole:)/

/** The result of a configuration does not depend on its neighbours. */
function influences(subject: Case, alone: Resources, together: Resources | undefined): readonly Found[] {
  if (together === undefined || selectsAll(subject)) return []
  return differences(new Map([...alone].filter(([name]) => !shared.test(name))), together).map((text) => ({
    kind: 'dropped sibling',
    signature: `beside others: ${general(text)}`,
    text: `beside the other configurations of the batch ${text}`,
    subject,
  }))
}

/**
 * A ServiceEntry whose selector names no labels selects every workload of its namespace, including those of
 * its neighbours.
 */
function selectsAll({ objects }: Case): boolean {
  return objects.some(({ kind, spec }) => {
    const selector = kind === 'ServiceEntry' && isObject(spec) ? spec['workloadSelector'] : undefined
    return (
      isObject(selector) && Object.keys(isObject(selector['labels']) ? selector['labels'] : {}).length === 0
    )
  })
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** A resource that a proxy lacks says nothing about the configuration. */
const missingFile = /filesystem watch|Invalid path/

interface Blame {
  readonly refused: readonly Found[]
  /** Refusals that no object of a case is an origin of. */
  readonly rest: readonly string[]
}

function blamed(cases: readonly Case[], { refused }: Outcome): Blame {
  const owners = new Map(
    cases.flatMap((subject) => subject.objects.map((object) => [keyOf(read(object)), subject] as const)),
  )
  const found = refused
    .filter(({ message }) => !missingFile.test(message))
    .map(({ resource, message }) => {
      const subjects = [
        ...new Set(resource.origins.flatMap(({ object }) => owners.get(objectKey(object)) ?? [])),
      ]
      const reason = `${resource.type} ${JSON.stringify(resource.name)}: ${refusalReason(message)}`
      return {
        reason,
        blame:
          subjects.length === 1
            ? subjects.map((subject): Found => ({
                kind: 'refused by Envoy',
                signature: general(
                  `${resource.type} ${refusalReason(message).replaceAll(resource.name, '…')}`,
                ),
                text: reason,
                subject,
              }))
            : [],
      }
    })
  return {
    refused: found.flatMap(({ blame }) => blame),
    rest: found.filter(({ blame }) => blame.length === 0).map(({ reason }) => reason),
  }
}

function foundIn(subject: Case, { crash, unsettled }: Outcome, rest: readonly string[]): readonly Found[] {
  const defect = (kind: Defect['kind'], text: string): Found => ({
    kind,
    signature: general(text),
    text,
    subject,
  })
  return [
    ...(crash === undefined ? [] : [defect('crash', crash)]),
    ...(crash !== undefined || unsettled === undefined ? [] : [defect('not settled', unsettled)]),
    ...rest.map((text) => defect('refused by Envoy', text)),
  ]
}

/**
 * Faults that appear only beside others, or after them; the rest is found when a configuration is translated
 * alone.
 */
function failed(cases: readonly Case[], { failures, leftBehind }: Outcome): readonly Found[] {
  const [first] = cases
  if (first === undefined) return []
  const left: readonly Found[] =
    leftBehind.length === 0
      ? []
      : [
          {
            kind: 'left behind',
            signature: 'beside others',
            text:
              `${leftBehind.length} resources of the batch before are still there, such as ` +
              (leftBehind[0] ?? ''),
            subject: first,
          },
        ]
  return [
    ...left,
    ...failures
      .filter((message) => !/\bc\d+\b/.test(message))
      .map((text): Found => ({ kind: 'transform failed', signature: general(text), text, subject: first })),
  ]
}
