import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'

/** Which processors Envoy has for itself, and which all others share. */
export interface Pinning {
  readonly isPinned: boolean
  /** Moves every thread of an Envoy to the processors of its own. */
  envoy(pid: number): void
}

/**
 * Moves this process, and all that it starts, off the last processors of the machine, which become Envoy's;
 * with taskset(1) of util-linux. On a machine with one processor, or without taskset, nothing is moved.
 */
export function pinned(workers: number): Pinning {
  // Not availableParallelism(), which knows what this has moved already.
  const processors = cpus().length
  const own = Math.min(workers, processors - 1)
  const none: Pinning = { isPinned: false, envoy: () => {} }
  if (own < 1) return none
  const first = processors - own
  try {
    move(process.pid, `0-${first - 1}`)
  } catch {
    return none
  }
  return { isPinned: true, envoy: (pid) => move(pid, `${first}-${processors - 1}`) }
}

function move(pid: number, processors: string): void {
  execFileSync('taskset', ['-a', '-p', '-c', processors, String(pid)], { stdio: 'ignore' })
}
