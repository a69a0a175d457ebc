import { expect, test } from 'vitest'
import { byToken } from '../../src/identity/token-identity.ts'
import type { ReviewedToken } from '../../src/identity/token-identity.ts'

const good: ReviewedToken = {
  authenticated: true,
  username: 'system:serviceaccount:shop:edge',
  audiences: ['shadowplane'],
  error: '',
}

function identity(answer: ReviewedToken) {
  const asked: string[] = []
  const clock = { now: 0 }
  const review = async (token: string): Promise<ReviewedToken> => {
    asked.push(token)
    return answer
  }
  const authenticate = byToken({ review, audience: 'shadowplane', now: () => clock.now })
  return {
    asked,
    clock,
    ask: (...authorization: readonly string[]) =>
      authenticate({ certificate: { kind: 'none' }, authorization }),
  }
}

test('a token is of the namespace of its account, and is asked for once a minute', async () => {
  const { ask, asked, clock } = identity(good)
  expect(await ask('Bearer a')).toEqual({ name: 'system:serviceaccount:shop:edge', namespace: 'shop' })
  await ask('bearer  a')
  await ask('Bearer b')
  expect(asked).toEqual(['a', 'b'])
  clock.now = 60_001
  await ask('Bearer a')
  expect(asked).toEqual(['a', 'b', 'a'])
})

test.each([
  ['no token', good, []],
  ['two tokens', good, ['Bearer a', 'Bearer b']],
  ['another scheme', good, ['Basic a']],
])('%s is refused without asking', async (_, answer, authorization) => {
  const { ask, asked } = identity(answer)
  expect(await ask(...authorization)).toMatchObject({
    code: 'UNAUTHENTICATED',
    reason: expect.stringContaining('no token was shown'),
  })
  expect(asked).toEqual([])
})

test.each([
  [
    'what the API server refuses',
    { ...good, authenticated: false, error: 'token is expired' },
    'the token is refused: token is expired',
  ],
  [
    'a token of an API server that knows no audiences',
    { ...good, audiences: [] },
    'the token is not for the audience shadowplane',
  ],
  ['a user', { ...good, username: 'admin' }, 'the token is of admin, which is no ServiceAccount'],
  [
    'a user whose name only begins so',
    { ...good, username: 'system:serviceaccount:shop:edge:x' },
    'which is no ServiceAccount',
  ],
])('%s is refused, and asked for again', async (_, answer, reason) => {
  const { ask, asked } = identity(answer)
  expect(await ask('Bearer a')).toMatchObject({
    code: 'UNAUTHENTICATED',
    reason: expect.stringContaining(reason),
  })
  await ask('Bearer a')
  expect(asked).toEqual(['a', 'a'])
})
