/** A protobuf Duration in JSON, from milliseconds: `2.5s` (protobuf JSON mapping). */
export function duration(milliseconds: number): `${number}s` {
  const seconds = milliseconds / 1000
  // Small numbers would come out as 1e-9.
  return `${seconds < 1e-5 ? (Number(seconds.toFixed(9)) === 0 ? '0' : seconds.toFixed(9)) : seconds}s` as `${number}s`
}
