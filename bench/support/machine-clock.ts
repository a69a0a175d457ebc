/**
 * Milliseconds of the machine's monotonic clock: the same in every process, so that one may begin what
 * another one ends.
 */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
