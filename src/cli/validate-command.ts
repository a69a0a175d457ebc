import { Command, Option } from 'commander'
import { addSettingsFlags } from './flags/settings-flags.ts'
import type { ValidateFlags } from './validate.ts'

/**
 * `shadowplane validate`: every diagnostic, for every proxy that the configuration addresses. Exit status 1
 * on an error.
 */
export function validateCommand(): Command {
  return addSettingsFlags(
    new Command('validate')
      .summary('check files, and print the findings')
      .description(
        `Prints every diagnostic of these files, for every proxy that they address: each Gateway's, and a ` +
          `sidecar in each namespace. \
No proxy needs to be connected. The exit status is 1 if there is an error. Notes are counted, and ` +
          `printed with \
--severity info. \`shadowplane explain-code CODE\` says what a code means and what to write instead.

With --envoy a real Envoy judges the result too (envoy --mode validate).`,
      )
      .requiredOption('-f, --file <path...>', 'files and directories to read; - is standard input')
      .addOption(
        new Option(
          '-o, --output <format>',
          'how to print: for people, for programs, or as annotations of GitHub Actions',
        )
          .choices(['text', 'json', 'github'])
          .default('text'),
      )
      .addOption(
        new Option('--severity <least>', 'print findings of at least this severity')
          .choices(['error', 'warning', 'info'])
          .default('warning'),
      )
      .option(
        '--portability',
        "warn where the vendors' own controllers are known to do otherwise than the files say, or than " +
          'shadowplane does',
      )
      .option(
        '--envoy [file]',
        'let a real Envoy judge too (default: $ENVOY_BIN, PATH, the cache, else a download)',
      ),
  ).action(async (flags: ValidateFlags) => {
    const { validate } = await import('./validate.ts')
    await validate(flags)
  })
}
