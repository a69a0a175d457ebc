import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** An address of this machine that is none of loopback's network: EndpointSlices have none of those. */
export interface LocalAddress {
  readonly address: string
  /** Why there is none; then `address` is that of loopback. */
  readonly obstacle: string | undefined
  remove(): Promise<void>
}

/**
 * Gives the loopback device an address of 198.18.0.0/15, which RFC 2544 keeps for measurements, until it is
 * removed. Other machines do not reach it. One that an earlier run has left is taken over. Needs root and
 * Linux's `ip`.
 */
export async function addLocalAddress(): Promise<LocalAddress> {
  const address = `198.18.${(process.pid >> 8) & 255}.${process.pid & 255}`
  const change = (action: 'add' | 'del') => run('ip', ['address', action, `${address}/32`, 'dev', 'lo'])
  try {
    await change('add')
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    if (!/File exists|already assigned/.test(reason))
      return {
        address: '127.0.0.1',
        obstacle: `no address can be added to the loopback device: ${reason.trim()}`,
        remove: async () => {},
      }
  }
  return {
    address,
    obstacle: undefined,
    remove: async () => {
      await change('del').catch(() => undefined)
    },
  }
}
