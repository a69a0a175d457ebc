import { execFile } from 'node:child_process'

/**
 * How a program ended. `status` is undefined when it could not be started or was killed; `output` is both
 * streams, trimmed.
 */
export interface Ended {
  readonly status: number | undefined
  readonly output: string
}

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds after which the program is killed. */
  readonly timeout: number
}

/** Runs a program to its end. Never rejects, and never takes longer than `timeout`. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const bounds = {
    env: options.env,
    timeout: options.timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 64 << 20,
  } as const
  return new Promise((resolve) => {
    execFile(command, args, bounds, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim()
      if (error === null) return resolve({ status: 0, output })
      const reason = error.killed === true ? `killed after ${options.timeout / 1000} s` : error.message
      resolve({
        status: typeof error.code === 'number' ? error.code : undefined,
        output: output === '' ? reason : output,
      })
    })
  })
}
