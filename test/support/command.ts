import { spawn } from 'node:child_process'
import { join } from 'node:path'

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
export function shadowplane(args: readonly string[], { input = '', cwd = projectRoot }: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectRoot, 'src/main.ts'), ...args], { cwd, timeout: bound, killSignal: 'SIGKILL' })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output.stdout += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { output.stderr += text })
    child.once('error', reject)
    child.once('close', (status) => { resolve({ status, ...output }) })
    child.stdin.end(input)
  })
}
