import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { runProgram } from '../../src/cli/program.ts'

export const projectRoot = join(import.meta.dirname, '../..')

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly cwd?: string
}

const bound = 60_000

/** Runs `shadowplane` as a process of its own, to its end. */
export function shadowplane(
  args: readonly string[],
  { input = '', cwd = projectRoot }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectRoot, 'src/main.ts'), ...args], {
      cwd,
      timeout: bound,
      killSignal: 'SIGKILL',
    })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    child.once('error', reject)
    child.once('close', (status) => {
      resolve({ status, ...output })
    })
    child.stdin.end(input)
  })
}

let earlier: Promise<unknown> = Promise.resolve()

/**
 * Runs a command line in this process: for tables of what a command says, where starting the program each
 * time would cost more than all that is tested. One at a time, as there is one standard output; not for
 * commands that a signal ends.
 */
export function command(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = earlier.then(() => runHere(args, options))
  earlier = outcome.catch(() => undefined)
  return outcome
}

async function runHere(
  args: readonly string[],
  { input = '', cwd = projectRoot }: RunOptions,
): Promise<Outcome> {
  const output = { stdout: '', stderr: '' }
  const { exitCode } = process
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin') ?? {}
  const folder = process.cwd()
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write }
  const collect =
    (name: keyof typeof output) =>
    (text: Uint8Array | string): boolean => {
      output[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
      return true
    }
  process.chdir(cwd)
  process.exitCode = undefined
  Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(input)]), configurable: true })
  process.stdout.write = collect('stdout')
  process.stderr.write = collect('stderr')
  try {
    return { status: await runProgram(args), ...output }
  } finally {
    process.stdout.write = writes.stdout
    process.stderr.write = writes.stderr
    Object.defineProperty(process, 'stdin', stdin)
    process.exitCode = exitCode
    process.chdir(folder)
  }
}
