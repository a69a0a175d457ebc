import { expect, onTestFinished } from 'vitest'
import { createXdsServer } from '../../src/server/ads.ts'
import type { XdsServer, XdsServerOptions } from '../../src/server/ads.ts'
import type { XdsEvent } from '../../src/server/event.ts'
import type { Resource } from '../../src/xds/resource.ts'
import { settableSnapshots } from '../support/settable-snapshots.ts'
import type { SettableSnapshots } from '../support/settable-snapshots.ts'
import { within } from '../support/within.ts'
import { connect } from '../support/xds-client.ts'
import type { ClientOptions, Mode, XdsClient } from '../support/xds-client.ts'
import { secret } from '../support/xds-resources.ts'

export const modes: readonly Mode[] = ['sotw', 'delta']

/** A real server on a free port whose snapshot the test sets. */
export interface World {
  readonly address: string
  readonly server: XdsServer
  readonly snapshots: SettableSnapshots
  readonly events: readonly XdsEvent[]
  set(...resources: readonly Resource[]): void
  connect(mode: Mode, options?: Omit<ClientOptions, 'mode'>): XdsClient
  /** The first event of this kind, past or to come. */
  event<Kind extends XdsEvent['kind']>(kind: Kind): Promise<Extract<XdsEvent, { readonly kind: Kind }>>
}

export function world(...initial: readonly Resource[]): Promise<World> {
  return worldWith({}, ...initial)
}

/** As `world`, of a server with these options. */
export async function worldWith(
  options: Partial<XdsServerOptions>,
  ...initial: readonly Resource[]
): Promise<World> {
  const events: XdsEvent[] = []
  const watchers = new Set<() => void>()
  const snapshots = settableSnapshots([...initial, ...barriers])
  const server = createXdsServer({
    ...options,
    snapshots,
    observe: (event) => {
      events.push(event)
      for (const look of [...watchers]) look()
    },
  })
  const address = await server.listen('127.0.0.1:0')
  onTestFinished(() => server.close())
  return {
    address,
    server,
    snapshots,
    events,
    set: (...resources) => snapshots.set([...resources, ...barriers]),
    connect: (mode, more) => {
      const client = connect(address, { ...more, mode })
      onTestFinished(() => client.close())
      return client
    },
    event: (kind) =>
      within(
        5_000,
        `the event ${kind}`,
        new Promise((resolve) => {
          const look = (): void => {
            const found = events.find((event) => event.kind === kind)
            if (found !== undefined) resolve(found as Extract<XdsEvent, { readonly kind: typeof kind }>)
          }
          watchers.add(look)
          look()
        }),
      ),
  }
}

const barriers = Array.from({ length: 20 }, (_, number) => secret(`barrier-${number}`))

/**
 * Shows that the server has nothing more to say. Secrets come last in the order of types, so anything else
 * that was due would come before the answer to this request.
 */
export async function expectNothingMore(client: XdsClient): Promise<void> {
  const name = `barrier-${client.names('secret').length}`
  client.subscribe('secret', client.mode === 'sotw' ? [...client.names('secret'), name] : [name])
  const response = await client.next()
  expect({ type: response.type, names: response.names }).toMatchObject({
    type: 'secret',
    names: expect.arrayContaining([name]),
  })
  client.ack('secret')
}
