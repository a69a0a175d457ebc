import { execFile } from 'node:child_process'
import { access, rename } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Why there is no API server to test against: that is no failure of ours. */
export class NoServer extends Error {}

/** A program of a Go module, and where it is kept. */
export interface GoTool {
  readonly path: string
  /** The folder of its `go.mod`. */
  readonly module: string
  /** Its package. */
  readonly command: string
  /** Flags of the linker. */
  readonly flags: string
}

/**
 * Milliseconds for all builds together: a machine that is slower skips the tests, with a message; compiled
 * packages are kept for the next time.
 */
const mostMinutes = 15
const outOfTime = AbortSignal.timeout(mostMinutes * 60_000)

/**
 * Builds the tool if it does not exist yet. Rejects with NoServer if Go is missing, and if the build takes
 * too long.
 */
export async function goTool(
  { path, module, command, flags }: GoTool,
  progress: (line: string) => void,
): Promise<void> {
  if (await isThere(path)) return
  progress(`building ${command} (about 6 minutes for all, once)`)
  const unfinished = `${path}.${process.pid}`
  try {
    await run(
      'nice',
      [
        'go',
        'build',
        '-trimpath',
        '-buildvcs=false',
        '-ldflags',
        `-s -w ${flags}`,
        '-o',
        unfinished,
        command,
      ],
      { cwd: module, maxBuffer: 1 << 26, signal: outOfTime },
    )
  } catch (thrown) {
    if (outOfTime.aborted)
      throw new NoServer(
        `${command} was not built within ${mostMinutes} minutes: run it again, which goes on from there`,
      )
    const { code, stderr } = thrown as { readonly code?: unknown; readonly stderr?: string }
    if (code === 'ENOENT' || code === 127)
      throw new NoServer('Go is not installed, and neither KUBEBUILDER_ASSETS is set')
    throw new Error(`go build ${command} failed: ${stderr ?? String(thrown)}`, { cause: thrown })
  }
  await rename(unfinished, path)
}

export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
