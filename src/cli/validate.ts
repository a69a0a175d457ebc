import { Command, Option } from 'commander'
import type { Severity } from '../diagnostics/codes.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { renderGithub, renderJson, renderText } from '../diagnostics/render.ts'
import { atLeast, countDistinct } from '../diagnostics/severity.ts'
import { findEnvoy } from '../envoy/binary.ts'
import { validateEnvoyConfig } from '../envoy/process.ts'
import { staticConfig } from '../envoy/static-config.ts'
import type { Pipeline } from '../pipeline.ts'
import type { ScopeKey } from '../xds/scope.ts'
import { hasErrors, readOffline } from './offline.ts'
import { portabilityOf } from './portability.ts'
import { resourcesOf } from './resources.ts'
import { addSettingsFlags } from './settings-flags.ts'
import type { SettingsFlags } from './settings-flags.ts'

interface Flags extends SettingsFlags {
  readonly file: readonly string[]
  readonly output: 'text' | 'json' | 'github'
  readonly severity: Severity
  readonly portability?: true
  /** A path, or true for the flag alone. */
  readonly envoy?: string | true
}

/** `shadowplane validate`: every diagnostic, for every proxy that the configuration addresses. Exit status 1 on an error. */
export function validateCommand(): Command {
  return addSettingsFlags(new Command('validate')
    .summary('check files, and print what is wrong with them')
    .description(`Prints every diagnostic of these files, for every proxy that they address: each Gateway's, and a sidecar in each namespace. \
No proxy needs to be connected. The exit status is 1 if there is an error. Informations are counted, and printed with \
--severity info. \`shadowplane explain-code CODE\` says what a code means and what to write instead.

With --envoy a real Envoy judges the result too (envoy --mode validate).`)
    .requiredOption('-f, --file <path...>', 'files and directories to read; - is standard input')
    .addOption(new Option('-o, --output <format>', 'how to print: for people, for programs, or as annotations of GitHub Actions').choices(['text', 'json', 'github']).default('text'))
    .addOption(new Option('--severity <least>', 'print what is at least this severe').choices(['error', 'warning', 'info']).default('warning'))
    .option('--portability', 'warn where the vendors\' own controllers are known to do otherwise than the files say, or than shadowplane does')
    .option('--envoy [file]', 'let a real Envoy judge too (default: $ENVOY_BIN, PATH, the cache, else a download)'))
    .action(validate)
}

async function validate(flags: Flags): Promise<void> {
  const offline = await readOffline(flags.file, flags)
  const refused = flags.envoy === undefined ? [] : await judgeByEnvoy(offline.pipeline, flags.envoy)
  const elsewhere = flags.portability === true ? portabilityOf(offline) : []
  const diagnostics = [...offline.diagnostics(), ...offline.pipeline.advice(), ...offline.pipeline.expired(Date.now()), ...elsewhere, ...refused]
  const shown = atLeast(flags.severity, diagnostics)
  const render = { text: renderText, json: renderJson, github: renderGithub }[flags.output]
  process.stdout.write(render(shown, offline.locate))
  if (flags.output === 'text' && shown.length === 0) process.stdout.write('nothing to report\n')
  if (flags.output === 'text') process.stderr.write(summary(diagnostics, flags.severity))
  if (hasErrors(diagnostics)) process.exitCode = 1
}

/** Counts, and where to read more; '' where there is nothing. It is for people, so it goes to standard error. */
function summary(diagnostics: readonly Diagnostic[], least: Severity): string {
  const counts = countDistinct(diagnostics)
  const counted = (['error', 'warning', 'info'] as const).filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${plural(severity, counts[severity])}`)
  if (counted.length === 0) return ''
  const hidden = atLeast(least, diagnostics).length < diagnostics.length ? '; --severity info prints all of them' : ''
  return `${counted.join(', ')}${hidden}; shadowplane explain-code CODE says more\n`
}

const words: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'information' }

function plural(severity: Severity, count: number): string {
  return count === 1 ? words[severity] : `${words[severity]}s`
}

async function judgeByEnvoy(pipeline: Pipeline, envoy: string | true): Promise<readonly Diagnostic[]> {
  const { path } = await findEnvoy({ flag: envoy === true ? undefined : envoy, env: process.env, progress: (line) => { console.error(line) } })
  const scopes = pipeline.read.entries(pipeline.addressedScopes)
  for (const [key, scope] of scopes) pipeline.connect(key as ScopeKey, scope)
  pipeline.flush()
  const found: Diagnostic[] = []
  for (const [key, scope] of scopes) {
    const answer = await validateEnvoyConfig(path, staticConfig(resourcesOf(pipeline, key as ScopeKey)))
    if (answer === undefined) continue
    found.push({ code: 'xds/nack', severity: 'error', message: `Envoy refuses what a ${scope.role} in namespace ${scope.namespace} would get: ${answer}` })
  }
  return found
}
