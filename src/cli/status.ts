import { setTimeout as pause } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { parseHostPort } from '../config.ts'
import { UsageError } from '../sources/source.ts'
import type { StatusReport } from '../status/report.ts'
import { adminClient } from './status-client.ts'
import { renderStatus } from './status-text.ts'

interface Flags {
  readonly server: string
  readonly proxy?: string
  readonly config?: string
  readonly watch?: true
  readonly output: 'text' | 'json'
}

/** `shadowplane status`: who has what, asked of a running control plane. Exit status 1 when a proxy refuses something. */
export function statusCommand(): Command {
  return new Command('status')
    .summary('who has what, and who refuses it')
    .description(`Asks a running control plane what each connected proxy has, by type: SYNCED (it has answered for all that it should have), \
STALE (something is unanswered, or not yet sent), or NACKED, with what Envoy says and the file:line:column that it comes from. \
Beside each stands how many resources it holds.

The exit status is 1 if a proxy that is shown is NACKED, 2 if the control plane cannot be reached.`)
    .option('--server <host:port>', 'the admin listener of the control plane', '127.0.0.1:18001')
    .option('--proxy <id>', 'only this one, by its node id, or by the number of its stream, as in "#7"')
    .addOption(new Option('--config <proxy>', 'print what this proxy holds, in the shape of Envoy\'s /config_dump').conflicts(['proxy', 'watch']))
    .option('--watch', 'show it again with every change')
    .addOption(new Option('-o, --output <format>', 'for people, or for programs').choices(['text', 'json']).default('text'))
    .action(status)
}

async function status(flags: Flags): Promise<void> {
  parseHostPort('--server', flags.server)
  const client = adminClient(flags.server)
  if (flags.config !== undefined) {
    const { text } = await client.get(`/config_dump?proxy=${encodeURIComponent(flags.config)}`)
    process.stdout.write(text)
    return
  }
  const path = flags.proxy === undefined ? '/status' : `/status/proxies/${encodeURIComponent(flags.proxy)}`
  const { text } = await client.get(path)
  show(text, flags)
  if (flags.watch === true) await watch(flags, async () => client.get(path))
}

const pollInterval = 1_000 // milliseconds

/** Until a signal ends it. A control plane that is away for a while, or a proxy that is, is a line, not the end. */
async function watch(flags: Flags, ask: () => Promise<{ readonly text: string; readonly changed: boolean }>): Promise<void> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { stopped.abort() })
  // Whoever read the output has gone.
  process.stdout.on('error', () => { stopped.abort() })
  let problem: string | undefined
  while (!stopped.signal.aborted) {
    await pause(pollInterval, undefined, { signal: stopped.signal }).catch(() => undefined)
    if (stopped.signal.aborted) return
    try {
      const { text, changed } = await ask()
      if (changed || problem !== undefined) show(text, flags)
      problem = undefined
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      if (problem !== error.message) process.stderr.write(`shadowplane: ${error.message}\n`)
      problem = error.message
    }
  }
}

const clearScreen = '\x1b[H\x1b[2J\x1b[3J'

function show(text: string, { output, watch: watched }: Flags): void {
  const report = JSON.parse(text) as StatusReport
  const before = watched === true && output === 'text' ? (process.stdout.isTTY ? clearScreen : '') : ''
  const after = watched === true && output === 'text' && !process.stdout.isTTY ? '\n' : ''
  process.stdout.write(`${before}${output === 'json' ? text : renderStatus(report)}${after}`)
  process.exitCode = report.counts.NACKED > 0 ? 1 : 0
}
