import type { Severity } from '../diagnostics/codes.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { renderGithub, renderJson, renderText } from '../diagnostics/render.ts'
import { atLeast, countDistinct } from '../diagnostics/severity.ts'
import { findEnvoy } from '../envoy/binary.ts'
import { validateEnvoyConfig } from '../envoy/process.ts'
import { staticConfig } from '../envoy/static-config.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { ScopeKey } from '../xds/scope.ts'
import { hasErrors, readOffline } from './offline.ts'
import { portabilityOf } from './portability.ts'
import { resourcesOf } from './resources.ts'
import type { SettingsFlags } from './flags/settings-flags.ts'

/** The flags of the command, as `validate-command.ts` reads them. */
export interface ValidateFlags extends SettingsFlags {
  readonly file: readonly string[]
  readonly output: 'text' | 'json' | 'github'
  readonly severity: Severity
  readonly portability?: true
  /** A path, or true for the flag alone. */
  readonly envoy?: string | true
}

/** Prints what is wrong with the files; sets the exit status. */
export async function validate(flags: ValidateFlags): Promise<void> {
  const offline = await readOffline(flags.file, flags)
  const refused = flags.envoy === undefined ? [] : await judgeByEnvoy(offline.pipeline, flags.envoy)
  const elsewhere = flags.portability === true ? portabilityOf(offline) : []
  const diagnostics = [
    ...offline.diagnostics(),
    ...offline.pipeline.advice(),
    ...offline.pipeline.expired(Date.now()),
    ...elsewhere,
    ...refused,
  ]
  const shown = atLeast(flags.severity, diagnostics)
  const render = { text: renderText, json: renderJson, github: renderGithub }[flags.output]
  process.stdout.write(render(shown, offline.locate))
  if (flags.output === 'text' && shown.length === 0) process.stdout.write('nothing to report\n')
  if (flags.output === 'text') process.stderr.write(summary(diagnostics, flags.severity))
  if (hasErrors(diagnostics)) process.exitCode = 1
}

/**
 * Counts, and where to read more; '' if there is nothing. It is for people, so it is written to standard
 * error.
 */
function summary(diagnostics: readonly Diagnostic[], least: Severity): string {
  const counts = countDistinct(diagnostics)
  const counted = (['error', 'warning', 'info'] as const)
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${plural(severity, counts[severity])}`)
  if (counted.length === 0) return ''
  const hidden =
    atLeast(least, diagnostics).length < diagnostics.length ? '; --severity info prints all of them' : ''
  return `${counted.join(', ')}${hidden}; shadowplane explain-code CODE says more\n`
}

const words: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }

function plural(severity: Severity, count: number): string {
  return count === 1 ? words[severity] : `${words[severity]}s`
}

async function judgeByEnvoy(pipeline: Pipeline, envoy: string | true): Promise<readonly Diagnostic[]> {
  const { path } = await findEnvoy({
    flag: envoy === true ? undefined : envoy,
    env: process.env,
    progress: (line) => {
      console.error(line)
    },
  })
  const scopes = pipeline.read.entries(pipeline.addressedScopes)
  for (const [key, scope] of scopes) pipeline.connect(key as ScopeKey, scope)
  pipeline.flush()
  const found: Diagnostic[] = []
  for (const [key, scope] of scopes) {
    const answer = await validateEnvoyConfig(path, staticConfig(resourcesOf(pipeline, key as ScopeKey)))
    if (answer === undefined) continue
    found.push({
      code: 'xds/nack',
      severity: 'error',
      message: `Envoy refuses what a ${scope.role} in namespace ${scope.namespace} would get: ${answer}`,
    })
  }
  return found
}
