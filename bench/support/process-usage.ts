import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/** The resources that a process has used, from Linux's /proc (proc(5)). */
export interface ProcessUsage {
  /** User and system time of all its threads, in milliseconds; it advances in steps of 10. */
  readonly cpu: number
  /** Resident memory now, in bytes. */
  readonly memory: number
  /** The most that it was since the process began, or since `forgetPeak`. */
  readonly peak: number
}

export function usageOf(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold blanks: utime and stime are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) * tick,
    memory: kibibytes('VmRSS'),
    peak: kibibytes('VmHWM'),
  }
}

/** Resets the peak to the present memory of the process. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** Milliseconds of one unit of utime. */
const tick = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
