import type { FilterChain, Listener } from './configuration.ts'
import type { SimulatedRequest } from './request.ts'

/**
 * The listener that a connection reaches: that of its port, of its very address before that of every address;
 * else the one that takes redirected connections.
 */
export function chooseListener(
  listeners: readonly Listener[],
  { address, port }: Pick<SimulatedRequest, 'address' | 'port'>,
): Listener | undefined {
  const ofPort = listeners.filter((listener) => portOf(listener) === port)
  return (
    ofPort.find((listener) => addressOf(listener) === address) ??
    ofPort.find((listener) => ['0.0.0.0', '::'].includes(addressOf(listener))) ??
    ofPort[0] ??
    listeners.find(({ use_original_dst: handsOver }) => handsOver === true)
  )
}

export function portOf({ address }: Listener): number | undefined {
  return address?.socket_address?.port_value
}

export function addressOf({ address }: Listener): string {
  return address?.socket_address?.address ?? ''
}

type ChainMatch = NonNullable<FilterChain['filter_chain_match']>

/**
 * The filter chain by original port, SNI, transport and application protocol, in Envoy's order, the closest
 * first; it never goes back to a wider one.
 */
export function chooseFilterChain(
  { filter_chains: chains = [], default_filter_chain: otherwise }: Listener,
  request: SimulatedRequest,
): FilterChain | undefined {
  const name = request.scheme === 'https' ? request.address.toLowerCase() : ''
  const steps: readonly ((match: ChainMatch) => number)[] = [
    ({ destination_port: port }) => (port === undefined ? 0 : port === request.port ? 1 : -1),
    ({ server_names: names = [] }) =>
      names.length === 0 ? 0 : Math.max(...names.map((pattern) => closeness(pattern.toLowerCase(), name))),
    ({ transport_protocol: protocol = '' }) =>
      protocol === '' ? 0 : protocol === (request.scheme === 'https' ? 'tls' : 'raw_buffer') ? 1 : -1,
    ({ application_protocols: protocols = [] }) =>
      protocols.length === 0
        ? 0
        : protocols.includes(request.scheme === 'https' ? 'h2' : 'http/1.1')
          ? 1
          : -1,
  ]
  const left = steps.reduce<readonly FilterChain[]>((remaining, closest) => {
    const marks = remaining.map((chain) => closest(chain.filter_chain_match ?? {}))
    const best = Math.max(...marks)
    return best < 0 ? [] : remaining.filter((_, index) => marks[index] === best)
  }, chains)
  return left[0] ?? otherwise
}

/** An exact server name before every wildcard, a longer wildcard before a shorter one. */
function closeness(pattern: string, name: string): number {
  if (pattern === name) return Number.MAX_SAFE_INTEGER
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) ? pattern.length : -1
}
