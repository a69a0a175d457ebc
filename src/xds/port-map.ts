/** Listener port → port really bound. */
export type PortMap = Readonly<Record<number, number>>

/** More pairs than a proxy has listeners. */
export const mostPortPairs = 256

/** `problem` is an instruction: what to write instead. */
export type ParsedPortMap = { readonly portMap: PortMap } | { readonly problem: string }

const form = 'write pairs of ports from 1 to 65535, such as "80=8080,443=8443"'

/**
 * Reads `80=8080,443=8443`, or an object of ports, in time proportional to its length. Absent and empty give
 * an empty map.
 */
export function parsePortMap(value: unknown): ParsedPortMap {
  const pairs = pairsOf(value)
  if (pairs === undefined) return { problem: form }
  if (pairs.length > mostPortPairs)
    return { problem: `there are ${pairs.length} pairs; write at most ${mostPortPairs}` }
  const bound = new Map<number, number>()
  const taken = new Set<number>()
  for (const [listener, port] of pairs) {
    const [from, to] = [portOf(listener), portOf(port)]
    if (from === undefined || to === undefined) return { problem: form }
    if (bound.has(from)) return { problem: `port ${from} is written twice; write it once` }
    if (taken.has(to)) return { problem: `two ports become ${to}; give each its own` }
    bound.set(from, to)
    taken.add(to)
  }
  return { portMap: Object.fromEntries(bound) }
}

type Pair = readonly [listener: unknown, port: unknown]

/** Undefined if the value has another form. */
function pairsOf(value: unknown): readonly Pair[] | undefined {
  if (value === undefined || value === '') return []
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
  if (typeof value !== 'string') return undefined
  const pairs = value.split(',').map((pair) => pair.split('='))
  return pairs.every((pair) => pair.length === 2)
    ? pairs.map(([listener, port]): Pair => [listener, port])
    : undefined
}

const highestPort = 65_535

function portOf(value: unknown): number | undefined {
  const digits = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
  return port >= 1 && port <= highestPort ? port : undefined
}
