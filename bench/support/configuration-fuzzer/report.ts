import { renderPath } from '../../../src/diagnostics/field-path.ts'
import { yamlOf } from './case.ts'
import type { Case } from './case.ts'
import type { Defect } from './check.ts'
import { isEnvoys, openChecker } from './run.ts'
import type { Checker, Found, RunOptions, RunResult } from './run.ts'
import { shrink } from './shrink.ts'

const kinds: readonly Defect['kind'][] = [
  'refused by Envoy',
  'crash',
  'not settled',
  'left behind',
  'transform failed',
  'dropped sibling',
  'lost by an edit',
  'no diagnostic',
  'wrong line',
  'false alarm',
]

/** The counts of a run, a line each. */
export function counted({ valid, halfValid, accepted, found }: RunResult, seed: number): readonly string[] {
  const cases = (kind: Defect['kind']): number =>
    new Set(found.filter((each) => each.kind === kind).map(({ subject }) => subject.place.id)).size
  return [
    `${valid + halfValid} configurations, seed ${seed}: ${valid} valid, ${halfValid} half-valid`,
    `${accepted} taken whole by Envoy, as gateway and as sidecar`,
    ...kinds.map((kind) => `${String(cases(kind)).padStart(6)}  ${kind}`),
  ]
}

/** Each defect once, with its smallest case. */
export async function described(
  found: readonly Found[],
  options: Omit<RunOptions, 'seed' | 'count' | 'batch' | 'progress'>,
): Promise<readonly string[]> {
  const distinct = [
    ...Map.groupBy(found, ({ kind, signature }) => `${kind}: ${signature}`).values(),
  ].toSorted((a, b) => b.length - a.length)
  const checker = openChecker(options)
  const lines: string[] = []
  try {
    for (const [first, ...others] of distinct) {
      if (first === undefined) continue
      options.signal.throwIfAborted()
      if (isBeside(first)) {
        lines.push(`\n${first.kind} (${others.length + 1} times): ${first.text}`)
        continue
      }
      const subject = await smallest(first, checker)
      lines.push(
        `\n${first.kind} (${others.length + 1} times): ${first.text}`,
        ...(subject.mistake === undefined
          ? []
          : [`the mistake: ${subject.mistake.what} at ${renderPath(subject.mistake.path)}`]),
        yamlOf(subject.objects).replaceAll(/x{200,}/g, (run) => `(${run.length} times x)`),
      )
    }
  } finally {
    await checker.close()
  }
  return lines
}

/** True for what shows only beside other configurations. */
function isBeside({ signature }: Found): boolean {
  return signature.startsWith('beside')
}

/** Pipelines say at once what proxies are not needed for. */
function smallest(first: Found, checker: Checker): Promise<Case> {
  const defects = async (subject: Case): Promise<readonly Defect[]> =>
    isEnvoys(first.kind) ? checker.try([subject]) : checker.check(subject)
  return shrink(first.subject, {
    tries: first.kind === 'not settled' ? 0 : isEnvoys(first.kind) ? 150 : 1000,
    shows: async (subject) =>
      (await defects(subject)).some(
        ({ kind, signature }) => kind === first.kind && signature === first.signature,
      ),
  })
}
