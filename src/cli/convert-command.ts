import { Command, Option } from 'commander'
import { writableNames } from '../convert/writable-names.ts'
import { addSettingsFlags } from './flags/settings-flags.ts'
import type { ConvertFlags } from './convert.ts'

/**
 * `shadowplane convert`: routes and mirrors of one dialect in another. Exit status 1 if the input has errors;
 * the rest is written all the same.
 */
export function convertCommand(): Command {
  return addSettingsFlags(
    new Command('convert')
      .summary('write routes and mirrors in another dialect')
      .description(
        `Writes the routing and mirroring of these files in another dialect, as YAML. A comment marks each ` +
          `setting that the other dialect cannot express; \
the number of them goes to standard error. Services and other objects of Kubernetes are taken ` +
          `as given. \
The exit status is 1 if the files have errors, or if requests would be answered with an error as ` +
          `something could not be carried; the rest is written all the same.`,
      )
      .requiredOption('-f, --file <path...>', 'files and directories to read; - is standard input')
      .addOption(new Option('--to <dialect>', 'what to write').choices(writableNames).makeOptionMandatory())
      .option('-o, --output <file>', 'where to write; otherwise to standard output'),
  ).action(async (flags: ConvertFlags) => {
    const { convertFiles } = await import('./convert.ts')
    await convertFiles(flags)
  })
}
