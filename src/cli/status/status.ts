import { setTimeout as pause } from 'node:timers/promises'
import { parseHostPort } from '../../control-plane/config.ts'
import { printableJson, printableLines } from '../../diagnostics/foreign-text.ts'
import { UsageError } from '../../errors.ts'
import type { StatusReport } from '../../observe/status-report.ts'
import { connectionOf } from '../admin-connection.ts'
import type { ConnectionFlags } from '../admin-connection.ts'
import { adminClient } from './status-client.ts'
import { renderStatus } from './status-text.ts'

/** The flags of the command, as `status-command.ts` reads them. */
export interface StatusFlags extends ConnectionFlags {
  readonly server: string
  readonly proxy?: string
  readonly config?: string
  readonly watch?: true
  readonly output: 'text' | 'json'
}

/** Prints the state of the proxies, repeatedly with `--watch`; sets the exit status. */
export async function status(flags: StatusFlags): Promise<void> {
  parseHostPort('--server', flags.server)
  const client = adminClient(flags.server, await connectionOf(flags))
  if (flags.config !== undefined) {
    const { text } = await client.get(`/config_dump?proxy=${encodeURIComponent(flags.config)}`)
    process.stdout.write(printableJson(text))
    return
  }
  const path = flags.proxy === undefined ? '/status' : `/status/proxies/${encodeURIComponent(flags.proxy)}`
  const { text } = await client.get(path)
  show(text, flags)
  if (flags.watch === true) await watch(flags, async () => client.get(path))
}

const pollInterval = 1_000 // milliseconds

/**
 * Until a signal ends it. A control plane that is away for a while, or a proxy that is, is a line, not the
 * end.
 */
async function watch(
  flags: StatusFlags,
  ask: () => Promise<{ readonly text: string; readonly changed: boolean }>,
): Promise<void> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stopped.abort()
    })
  // The reader of the output has closed it.
  process.stdout.on('error', () => {
    stopped.abort()
  })
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
      if (problem !== error.message) process.stderr.write(`shadowplane: ${printableLines(error.message)}\n`)
      problem = error.message
    }
  }
}

const clearScreen = '\x1b[H\x1b[2J\x1b[3J'

function show(text: string, { output, watch: watched }: StatusFlags): void {
  const report = JSON.parse(text) as StatusReport
  const before = watched === true && output === 'text' ? (process.stdout.isTTY ? clearScreen : '') : ''
  const after = watched === true && output === 'text' && !process.stdout.isTTY ? '\n' : ''
  process.stdout.write(`${before}${output === 'json' ? printableJson(text) : renderStatus(report)}${after}`)
  process.exitCode = report.counts.NACKED > 0 ? 1 : 0
}
