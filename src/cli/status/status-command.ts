import { Command, Option } from 'commander'
import { addConnectionFlags } from '../admin-connection.ts'
import type { StatusFlags } from './status.ts'

/**
 * `shadowplane status`: who has what, asked of a running control plane. Exit status 1 when a proxy refuses
 * something.
 */
export function statusCommand(): Command {
  return addConnectionFlags(
    new Command('status')
      .summary('who has what, and who refuses it')
      .description(
        `Asks a running control plane what each connected proxy has, by type: SYNCED (it has answered for ` +
          `all that it should have), \
STALE (something is unanswered, or not yet sent), or NACKED, with what Envoy says and the ` +
          `file:line:column that it comes from. \
Beside each stands how many resources it holds.

The exit status is 1 if a proxy that is shown is NACKED, 2 if the control plane cannot be reached.`,
      )
      .option('--server <host:port>', 'the admin listener of the control plane', '127.0.0.1:18001')
      .option('--proxy <id>', 'only this one, by its node id, or by the number of its stream, as in "#7"')
      .addOption(
        new Option(
          '--config <proxy>',
          "print what this proxy holds, in the shape of Envoy's /config_dump",
        ).conflicts(['proxy', 'watch']),
      )
      .option('--watch', 'show it again with every change')
      .addOption(
        new Option('-o, --output <format>', 'for people, or for programs')
          .choices(['text', 'json'])
          .default('text'),
      ),
  ).action(async (flags: StatusFlags) => {
    const { status } = await import('./status.ts')
    await status(flags)
  })
}
