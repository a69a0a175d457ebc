import { writeFile } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { renderText } from '../diagnostics/render.ts'
import { atLeast } from '../diagnostics/severity.ts'
import { convert, writableDialects } from '../dialects/conversion.ts'
import { UsageError } from '../sources/source.ts'
import { commentCount, conversionText } from './convert-text.ts'
import { convertibleOf } from './convertible.ts'
import { hasErrors, readOffline } from './offline.ts'
import { addSettingsFlags } from './settings-flags.ts'
import type { SettingsFlags } from './settings-flags.ts'

interface Flags extends SettingsFlags {
  readonly file: readonly string[]
  readonly to: string
  readonly output?: string
}

/** `shadowplane convert`: routes and mirrors of one dialect in another. Exit status 1 if the input has errors; the rest is written all the same. */
export function convertCommand(): Command {
  return addSettingsFlags(new Command('convert')
    .summary('write routes and mirrors in another dialect')
    .description(`Writes the routing and mirroring of these files in another dialect, as YAML. What that dialect cannot say stands in a comment \
where it is missing, and is counted on standard error. Services and other objects of Kubernetes are taken as given. \
The exit status is 1 if the files have errors; the rest is written all the same.`)
    .requiredOption('-f, --file <path...>', 'files and directories to read; - is standard input')
    .addOption(new Option('--to <dialect>', 'what to write').choices([...writableDialects.keys()]).makeOptionMandatory())
    .option('-o, --output <file>', 'where to write; otherwise to standard output'))
    .action(convertFiles)
}

async function convertFiles(flags: Flags): Promise<void> {
  const dialect = writableDialects.get(flags.to)
  if (dialect === undefined) throw new UsageError(`--to ${flags.to}: there are ${[...writableDialects.keys()].join(', ')}`)
  const offline = await readOffline(flags.file, flags)
  const conversion = convert(convertibleOf(offline.pipeline, offline.settings), dialect)
  const text = conversionText(conversion)
  if (flags.output === undefined) process.stdout.write(text)
  else await writeFile(flags.output, text)
  const diagnostics = offline.diagnostics()
  process.stderr.write(renderText(atLeast('error', diagnostics), offline.locate))
  process.stderr.write(`${counted(conversion.objects.length, 'object')} written; ${counted(commentCount(conversion), 'thing')} could not be carried${commentCount(conversion) === 0 ? '' : ', see the comments'}\n`)
  if (hasErrors(diagnostics)) process.exitCode = 1
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
