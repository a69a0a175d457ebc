import { didYouMean } from '../diagnostics/did-you-mean.ts'
import type { ClientState } from '../server/status/client-state.ts'

/** The clients with a name, or the reason why there are none. */
export type Selection = { readonly clients: readonly ClientState[] } | { readonly problem: string }

/** By node id, or by stream as `#7`, for proxies that share an id or have none. */
export function select(clients: readonly ClientState[], name: string): Selection {
  const stream = /^#(\d+)$/.exec(name)?.[1]
  const found = clients.filter(({ proxy }) =>
    stream === undefined ? proxy.id === name : proxy.stream === Number(stream),
  )
  if (found.length > 0) return { clients: found }
  if (clients.length === 0) return { problem: `no proxy ${JSON.stringify(name)}: none is connected` }
  const near = didYouMean(
    name,
    clients.map(({ proxy }) => proxy.id),
  )
  return {
    problem:
      `no proxy ${JSON.stringify(name)} is connected; ` +
      (near === undefined ? `there are ${listed(clients)}` : `did you mean ${near}?`),
  }
}

const mostListed = 5

function listed(clients: readonly ClientState[]): string {
  const names = clients.map(({ proxy }) => (proxy.id === '' ? `#${proxy.stream}` : proxy.id))
  const rest = names.length - mostListed
  return `${names.slice(0, mostListed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
