/** A protobuf Duration in JSON, from milliseconds: `2.5s` (protobuf JSON mapping). */
export function duration(milliseconds: number): `${number}s` {
  const seconds = milliseconds / 1000
  // Small numbers would come out as 1e-9.
  const nanoseconds = seconds.toFixed(9)
  const tiny = Number(nanoseconds) === 0 ? '0' : nanoseconds
  return `${seconds < 1e-5 ? tiny : seconds}s` as `${number}s`
}
