/** A protobuf Duration in JSON, from milliseconds: `2.5s` (protobuf JSON mapping). */
export function duration(milliseconds: number): `${number}s` {
  return `${milliseconds / 1000}s`
}
