/**
 * Buffers for messages under way, used again: a thousand megabytes that are each read once cost more to
 * allocate than to read.
 */
const free = new Map<number, Buffer[]>()
const smallest = 12 // 4 KiB
const keptOfEach = 1_500

/** A buffer of this length, until `takeBack`. */
export function lend(length: number): Buffer {
  const kept = free.get(sizeClass(length))?.pop()
  return (kept ?? Buffer.allocUnsafeSlow(2 ** sizeClass(length))).subarray(0, length)
}

export function takeBack({ buffer, length }: Buffer): void {
  const kept = free.get(sizeClass(length)) ?? []
  free.set(sizeClass(length), kept)
  if (kept.length < keptOfEach) kept.push(Buffer.from(buffer))
}

function sizeClass(length: number): number {
  return Math.max(smallest, Math.ceil(Math.log2(Math.max(1, length))))
}
