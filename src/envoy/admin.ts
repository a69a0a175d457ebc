import type { Message } from '../xds/proto.ts'

/** A running Envoy's admin interface. Every call is bounded and rejects with an Error that names the path. */
export interface EnvoyAdmin {
  /**
   * `/config_dump` as Envoy prints it, endpoints included; or one repeated field of it, as
   * `dynamic_route_configs` (an error while it is empty).
   */
  configDump(resource?: string): Promise<Message<'envoy.admin.v3.ConfigDump'>>
  /** Counters and gauges whose name matches the regular expression. */
  stats(filter: string): Promise<ReadonlyMap<string, number>>
  /** True once Envoy has all that it waits for at its start. False while it does not answer. */
  isReady(): Promise<boolean>
}

const timeout = 10_000

/** `address`: `host:port`. */
export function envoyAdmin(address: string): EnvoyAdmin {
  return {
    configDump: async (resource) =>
      JSON.parse(
        await get(
          address,
          resource === undefined ? '/config_dump?include_eds' : `/config_dump?resource=${resource}`,
        ),
      ) as Message<'envoy.admin.v3.ConfigDump'>,
    stats: async (filter) => parseStats(await get(address, `/stats?filter=${encodeURIComponent(filter)}`)),
    isReady: () =>
      get(address, '/ready').then(
        () => true,
        () => false,
      ),
  }
}

async function get(address: string, path: string): Promise<string> {
  const response = await fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(timeout) })
  const body = await response.text()
  if (!response.ok)
    throw new Error(`Envoy's admin interface answered ${path} with ${response.status}: ${body.trim()}`)
  return body
}

/** Lines `name: 12`; histograms, which are not plain numbers, are left out. */
function parseStats(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').map((line) => /^(.+): (\d+)$/.exec(line))
  return new Map(
    lines.flatMap((match) => (match?.[1] === undefined ? [] : [[match[1], Number(match[2])] as const])),
  )
}
