import { expect, test } from 'vitest'
import { BytesInFlight } from '../../src/server/admission/bytes-in-flight.ts'
import type { Sender } from '../../src/server/admission/bytes-in-flight.ts'
import { absent, nothing } from '../../src/server/state/content.ts'
import { plan } from '../../src/server/state/plan.ts'
import { newSubscription } from '../../src/server/state/subscription.ts'
import { resourceTypeByName } from '../../src/xds/resource-types.ts'
import type { ResourceType } from '../../src/xds/resource-types.ts'

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

test('a sender that waits is resumed once there is room for what it would send, and not before', async () => {
  const resumed: string[] = []
  const sender = (name: string): Sender => ({
    resume: () => {
      resumed.push(name)
    },
  })
  const inFlight = new BytesInFlight({ limit: 100, patience: 1_000, schedule: () => () => {} })
  const [first, second, large] = [sender('first'), sender('second'), sender('large')]
  const [some, more] = [inFlight.admit(first, 40), inFlight.admit(second, 40)]
  expect(inFlight.admit(large, 90)).toBeUndefined()
  expect(inFlight.waits(large)).toBe(true)
  some?.release()
  await turn()
  expect(resumed).toEqual([])
  more?.release()
  await turn()
  expect(resumed).toEqual(['large'])
  expect(inFlight.admit(large, 90)).toBeDefined()
  expect(inFlight.waits(large)).toBe(false)
})

test(
  'a client that has been told of names that do not exist holds the very same state while nothing ' +
    'changes for it',
  () => {
    const endpoint = typeNamed('endpoint')
    const held = new Map([
      ['gone', absent],
      ['lost', absent],
    ])
    const interest = { wildcard: false, names: new Set(['gone', 'lost']), explicit: true }
    const subscription = {
      ...newSubscription(endpoint, 'delta'),
      interest,
      held,
      answered: true,
      requested: true,
      fresh: false,
    }
    const never = (): boolean => false
    const view = {
      resources: nothing,
      ownership: { resources: nothing, waits: never, removalWaits: never, awaited: false },
      keeps: never,
      unsettled: false,
    }
    expect(plan(subscription, view)).toMatchObject({ content: undefined, changed: [] })
    expect(plan(subscription, view).after).toBe(held)
  },
)

function typeNamed(name: 'endpoint'): ResourceType {
  const type = resourceTypeByName.get(name)
  if (type === undefined) throw new Error(`there is no type ${name}`)
  return type
}
