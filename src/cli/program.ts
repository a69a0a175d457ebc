import { Command, CommanderError } from 'commander'
import { printableLines } from '../diagnostics/foreign-text.ts'
import { UsageError } from '../errors.ts'
import { version } from '../version.ts'
import { bootstrapCommand } from './bootstrap-command.ts'
import { convertCommand } from './convert-command.ts'
import { demoCommand } from './demo-command.ts'
import { explainCodeCommand } from './explain/explain-code.ts'
import { explainCommand } from './explain/explain-command.ts'
import { replayCommand } from './replay/replay-command.ts'
import { installCommand } from './install-command.ts'
import { serveCommand } from './serve.ts'
import { statusCommand } from './status/status-command.ts'
import { tapCommand } from './tap/tap-command.ts'
import { translateCommand } from './translate-command.ts'
import { validateCommand } from './validate-command.ts'

/**
 * Runs a command line. The exit status: 0 ok, 1 diagnostics of severity error, 2 wrong usage, 70 a bug of
 * ours.
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('shadowplane')
    .description(
      'A control plane that makes stock Envoy proxies mirror production traffic: it reads the YAML that ' +
        'says what is ' +
        'mirrored, and serves it to stock Envoys.',
    )
    .version(version())
    .addCommand(serveCommand())
    .addCommand(translateCommand())
    .addCommand(validateCommand())
    .addCommand(convertCommand())
    .addCommand(explainCommand())
    .addCommand(explainCodeCommand())
    .addCommand(statusCommand())
    .addCommand(tapCommand())
    .addCommand(replayCommand())
    .addCommand(bootstrapCommand())
    .addCommand(installCommand())
    .addCommand(demoCommand())
  for (const command of [program, ...program.commands])
    command.exitOverride().showHelpAfterError('(--help says more)')
  try {
    await program.parseAsync(argv, { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : 0
  } catch (error) {
    return exitStatusOf(error)
  }
}

function exitStatusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof UsageError) {
    process.stderr.write(`shadowplane: ${printableLines(error.message)}\n`)
    return 2
  }
  process.stderr.write(
    `shadowplane: this is a bug of shadowplane: ` +
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return 70
}
