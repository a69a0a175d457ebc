import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { HostPort } from '../../src/envoy/bootstrap.ts'
import { nodeArgs, startMeasured } from './measured-process.ts'

/** A server with one resource, whichever it is: both read the same lines. */
export interface OneResourceProcess {
  readonly pid: number
  readonly xds: HostPort
  /** Sets the resource; resolves when the server has it, which may be after the first streams have it. */
  set(marker: string, size: number): Promise<void>
  close(): Promise<void>
}

/** A program that serves one resource. */
export interface Contender {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** With `profile`, a CPU profile is written to that folder. */
export function shadowplane(profile: string | undefined): Contender {
  return {
    name: 'shadowplane',
    command: process.execPath,
    args: nodeArgs(join(import.meta.dirname, 'one-resource-server.ts'), profile),
  }
}

const peerSource = join(import.meta.dirname, '../peers/go-control-plane')
const buildTimeout = 300_000

/** Builds go-control-plane's server into a folder. `missing` says why it cannot be measured here. */
export function buildGoControlPlane(folder: string): Contender | { readonly missing: string } {
  const command = join(folder, 'go-control-plane')
  const built = spawnSync('go', ['build', '-o', command, '.'], {
    cwd: peerSource,
    encoding: 'utf8',
    timeout: buildTimeout,
  })
  if (built.error !== undefined)
    return { missing: `go-control-plane is not measured: ${built.error.message}` }
  if (built.status !== 0)
    return { missing: `go-control-plane is not measured, as it does not build: ${built.stderr.trim()}` }
  return { name: 'go-control-plane LinearCache', command, args: [] }
}

export async function startContender(
  { command, args }: Contender,
  signal: AbortSignal,
): Promise<OneResourceProcess> {
  const server = await startMeasured({ command, args, listening: /^listening (\S+)$/, signal })
  return {
    pid: server.pid,
    xds: server.xds,
    set: async (marker, size) => {
      const done = server.line(new RegExp(`^set ${marker}$`))
      server.write(`set ${marker} ${size}`)
      await done
    },
    close: server.close,
  }
}
