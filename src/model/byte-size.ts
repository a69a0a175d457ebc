const units = { '': 1, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 } as const
const largest = 2 ** 31

/**
 * Reads a number of bytes as Kubernetes writes quantities: `65536`, `64Ki`, `1Mi`. Undefined for anything
 * else, for 0, and from 2 GiB on.
 */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^([1-9]\d{0,9})(Ki|Mi|Gi)?$/.exec(text) ?? []
  const bytes = Number(digits) * units[unit as keyof typeof units]
  return bytes < largest ? bytes : undefined
}

/** Writes a number of bytes so that `parseByteSize` reads it: `1Mi` for 1048576. */
export function renderByteSize(bytes: number): string {
  const unit = (['Gi', 'Mi', 'Ki'] as const).find((each) => bytes % units[each] === 0)
  return unit === undefined ? String(bytes) : `${bytes / units[unit]}${unit}`
}
