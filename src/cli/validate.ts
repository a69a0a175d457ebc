import { Command, Option } from 'commander'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { renderGithub, renderJson, renderText } from '../diagnostics/render.ts'
import { findEnvoy } from '../envoy/binary.ts'
import { validateEnvoyConfig } from '../envoy/process.ts'
import { staticConfig } from '../envoy/static-config.ts'
import type { Pipeline } from '../pipeline.ts'
import type { ScopeKey } from '../xds/scope.ts'
import { hasErrors, readOffline } from './offline.ts'
import { resourcesOf } from './resources.ts'
import { addSettingsFlags } from './settings-flags.ts'
import type { SettingsFlags } from './settings-flags.ts'

interface Flags extends SettingsFlags {
  readonly file: readonly string[]
  readonly output: 'text' | 'json' | 'github'
  /** A path, or true for the flag alone. */
  readonly envoy?: string | true
}

/** `shadowplane validate`: every diagnostic, for every proxy that the configuration addresses. Exit status 1 on an error. */
export function validateCommand(): Command {
  return addSettingsFlags(new Command('validate')
    .summary('check files, and print what is wrong with them')
    .description(`Prints every diagnostic of these files, for every proxy that they address: each Gateway's, and a sidecar in each namespace. \
No proxy needs to be connected. The exit status is 1 if there is an error.

With --envoy a real Envoy judges the result too (envoy --mode validate).`)
    .requiredOption('-f, --file <path...>', 'files and directories to read; - is standard input')
    .addOption(new Option('-o, --output <format>', 'how to print: for people, for programs, or as annotations of GitHub Actions').choices(['text', 'json', 'github']).default('text'))
    .option('--envoy [file]', 'let a real Envoy judge too (default: $ENVOY_BIN, PATH, the cache, else a download)'))
    .action(validate)
}

async function validate(flags: Flags): Promise<void> {
  const offline = await readOffline(flags.file, flags)
  const refused = flags.envoy === undefined ? [] : await judgeByEnvoy(offline.pipeline, flags.envoy)
  const diagnostics = [...offline.diagnostics(), ...refused]
  const render = { text: renderText, json: renderJson, github: renderGithub }[flags.output]
  process.stdout.write(render(diagnostics, offline.locate))
  if (flags.output === 'text' && diagnostics.length === 0) process.stdout.write('nothing to report\n')
  if (hasErrors(diagnostics)) process.exitCode = 1
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
