import { isIP } from 'node:net'
import { z } from 'zod'
import type { Manifest } from '../../../manifest/manifest.ts'

const loose = z.looseObject({
  static: z.looseObject({ hosts: z.array(z.looseObject({ addr: z.string() })) }),
})

/**
 * The only host name of a static Upstream; undefined for addresses, several names and Upstreams of another
 * type.
 */
export function staticHostName(upstream: Manifest | undefined): string | undefined {
  const hosts = loose.safeParse(upstream?.object['spec']).data?.static.hosts ?? []
  const names = [...new Set(hosts.map(({ addr }) => addr))].filter((addr) => isIP(addr) === 0)
  const [only, ...more] = names
  return more.length === 0 ? only : undefined
}
