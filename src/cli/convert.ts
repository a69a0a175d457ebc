import { writeFile } from 'node:fs/promises'
import { renderText } from '../diagnostics/render.ts'
import { atLeast } from '../diagnostics/severity.ts'
import { convert } from '../convert/conversion.ts'
import type { WritableName } from '../convert/writable-names.ts'
import type { SettingsFlags } from './flags/settings-flags.ts'
import { commentCount, conversionText, failureCount } from '../convert/convert-text.ts'
import { convertibleOf } from '../convert/convertible.ts'
import { hasErrors, readOffline } from './offline.ts'

/** The flags of the command, as `convert-command.ts` reads them. */
export interface ConvertFlags extends SettingsFlags {
  readonly file: readonly string[]
  readonly to: WritableName
  readonly output?: string
}

/** Writes the files in another dialect; sets the exit status. */
export async function convertFiles(flags: ConvertFlags): Promise<void> {
  const offline = await readOffline(flags.file, flags)
  const conversion = convert(convertibleOf(offline.pipeline, offline.settings), flags.to)
  const text = conversionText(conversion)
  if (flags.output === undefined) process.stdout.write(text)
  else await writeFile(flags.output, text)
  const diagnostics = offline.diagnostics()
  process.stderr.write(renderText(atLeast('error', diagnostics), offline.locate))
  process.stderr.write(
    `${counted(conversion.objects.length, 'object')} written; ` +
      `${counted(commentCount(conversion), 'thing')} could not be ` +
      `carried${commentCount(conversion) === 0 ? '' : ', see the comments'}\n`,
  )
  const failures = failureCount(conversion)
  if (failures > 0)
    process.stderr.write(
      `error: ${counted(failures, 'rule')} would answer requests with an error, or send them without TLS: ` +
        `complete them by hand, where the comments say so\n`,
    )
  if (failures > 0 || hasErrors(diagnostics)) process.exitCode = 1
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
