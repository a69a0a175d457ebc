import { nodeArgs, startMeasured } from './measured-process.ts'
import type { MeasuredProcess } from './measured-process.ts'
import { mainProgram } from './serve-process.ts'

export interface QuietServeOptions {
  readonly folder: string
  /** A folder for a CPU profile. */
  readonly profile: string | undefined
  readonly signal: AbortSignal
}

/** `shadowplane serve` as people run it, whose log is not kept: what is measured is seen from its proxies. */
export function startQuietServe({ folder, profile, signal }: QuietServeOptions): Promise<MeasuredProcess> {
  const args = [
    ...nodeArgs(mainProgram, profile),
    'serve',
    '--config',
    folder,
    '--listen',
    '127.0.0.1:0',
    '--admin',
    '127.0.0.1:0',
  ]
  return startMeasured({ command: process.execPath, args, listening: /serving xDS on ([^,\s]+)/, signal })
}
