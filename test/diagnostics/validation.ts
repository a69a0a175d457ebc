import { Command } from 'commander'
import { readOffline } from '../../src/cli/offline.ts'
import { portabilityOf } from '../../src/cli/portability.ts'
import { addSettingsFlags } from '../../src/cli/flags/settings-flags.ts'
import type { SettingsFlags } from '../../src/cli/flags/settings-flags.ts'
import type { Severity } from '../../src/diagnostics/codes.ts'
import { sortDiagnostics } from '../../src/diagnostics/located.ts'
import type { LocatedDiagnostic } from '../../src/diagnostics/located.ts'
import { renderText } from '../../src/diagnostics/render.ts'
import { atLeast } from '../../src/diagnostics/severity.ts'

export interface Validation {
  /** The output of `validate`. */
  readonly text: string
  readonly found: readonly LocatedDiagnostic[]
}

interface Asked {
  readonly least: Severity
  /** Cut off the names of files. */
  readonly hide: readonly string[]
  readonly portability?: boolean
}

/** `shadowplane validate` without a process of its own. */
export async function validation(
  paths: readonly string[],
  { least, hide, portability }: Asked,
): Promise<Validation> {
  const offline = await readOffline(
    paths,
    addSettingsFlags(new Command()).parse([], { from: 'user' }).opts<SettingsFlags>(),
  )
  const shown = atLeast(least, [
    ...offline.diagnostics(),
    ...offline.pipeline.advice(),
    ...(portability === true ? portabilityOf(offline) : []),
  ])
  const text = hide.reduce((whole, prefix) => whole.replaceAll(prefix, ''), renderText(shown, offline.locate))
  return { text: text === '' ? 'nothing to report\n' : text, found: sortDiagnostics(shown, offline.locate) }
}
