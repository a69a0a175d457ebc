import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { byCertificate } from '../../src/identity/certificate-identity.ts'
import { parseSpiffeId, urisOf } from '../../src/identity/spiffe.ts'

const authority = createAuthority('test')

function shown(...names: readonly string[]) {
  const certificate = new X509Certificate(authority.issue({ name: 'x', names }).certificate)
  return { certificate: { kind: 'trusted', certificate }, authorization: [] } as const
}

const identify = byCertificate('cluster.local')
const own = 'spiffe://cluster.local/ns/shop/sa/edge'

test('a certificate is of the namespace in its one URI, whatever else it names', async () => {
  expect(await identify(shown('edge.shop.svc', own, '10.0.0.1'))).toEqual({ name: own, namespace: 'shop' })
})

test.each([
  [['edge.shop.svc'], 'has no URI among its names'],
  [[own, 'spiffe://cluster.local/ns/bank/sa/edge'], 'has 2 URIs among its names'],
  [['https://cluster.local/ns/shop/sa/edge'], 'names https://cluster.local/ns/shop/sa/edge: write'],
  [['spiffe://elsewhere/ns/shop/sa/edge'], 'of another trust domain than cluster.local'],
  [[`${own}/more`], 'write spiffe://cluster.local/ns/NAMESPACE/sa/ACCOUNT'],
])('%j is refused', async (names, reason) => {
  expect(await identify(shown(...names))).toMatchObject({
    code: 'UNAUTHENTICATED',
    reason: expect.stringContaining(reason),
  })
})

test('a name that contains another one is one name', async () => {
  const tricky = `a.example, URI:${own}`
  expect(urisOf(shown(tricky).certificate.certificate)).toEqual([expect.stringContaining('a.example')])
  expect(await identify(shown(tricky))).toHaveProperty('reason')
})

test.each(['spiffe://d/ns/a/sa/b', 'spiffe://a.b-c/ns/x-1/sa/y.z'])('%s is a SPIFFE id', (text) => {
  expect(parseSpiffeId(text)?.text).toBe(text)
})

test.each([
  'spiffe://d/ns/a',
  'spiffe://D/ns/a/sa/b',
  'spiffe://d/ns/A/sa/b',
  'spiffe://d/ns//sa/b',
  'spiffe://d/ns/a/sa/b?x',
  'spiffe://u@d/ns/a/sa/b',
])('%s is none', (text) => {
  expect(parseSpiffeId(text)).toBeUndefined()
})
