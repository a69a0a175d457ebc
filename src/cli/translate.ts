import { stringify } from 'yaml'
import { renderText } from '../diagnostics/render.ts'
import { configDump } from '../xds/config-dump.ts'
import { addressOf, bareScope, scopeKey } from '../xds/scope.ts'
import type { Scope } from '../xds/scope.ts'
import { resourcesOf } from './resources.ts'
import { hasErrors, readOffline } from './offline.ts'
import type { DumpSection } from '../xds/config-dump.ts'
import type { SettingsFlags } from './flags/settings-flags.ts'

/** The flags of the command, as `translate-command.ts` reads them. */
export interface TranslateFlags extends SettingsFlags {
  readonly file: readonly string[]
  readonly role?: Scope['role']
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ip?: string
  readonly interception?: true
  readonly type: DumpSection
  readonly output: 'json' | 'yaml'
}

/** Prints what a proxy gets; sets the exit status. */
export async function translate(flags: TranslateFlags): Promise<void> {
  const offline = await readOffline(flags.file, flags)
  const scope = offline.pipeline.shared(scopeOfFlags(flags))
  offline.pipeline.connect(scopeKey(scope), scope)
  offline.pipeline.flush()
  const dump = configDump(resourcesOf(offline.pipeline, scopeKey(scope)), flags.type)
  process.stdout.write(
    flags.output === 'json'
      ? `${JSON.stringify(dump, null, 2)}\n`
      : stringify(dump, { aliasDuplicateObjects: false }),
  )
  const diagnostics = offline.diagnostics()
  process.stderr.write(renderText(diagnostics, offline.locate))
  if (hasErrors(diagnostics)) process.exitCode = 1
}

function scopeOfFlags({
  role = 'gateway',
  namespace = 'default',
  labels,
  ip,
  interception,
}: TranslateFlags): Scope {
  return {
    ...bareScope(role, namespace),
    labels: labels ?? {},
    anyGateway: role === 'gateway' && labels === undefined,
    ...(role === 'gateway' ? addressOf(ip) : {}),
    ...(interception === true && role === 'sidecar' ? { interception: 'redirect' } : {}),
  }
}
