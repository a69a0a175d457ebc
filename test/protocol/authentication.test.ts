import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { node } from '../../src/envoy/node.ts'
import { anyCertificate, byCertificate } from '../../src/identity/certificate-identity.ts'
import type { Authenticate, Caller } from '../../src/server/authentication.ts'
import { decode } from '../../src/xds/proto.ts'
import { within } from '../support/within.ts'
import { cluster } from '../support/xds-resources.ts'
import { modes, worldWith } from './world.ts'

const shop = node({ role: 'gateway', namespace: 'shop', labels: { app: 'edge' } })
const ofShop: Authenticate = async () => ({ name: 'edge', namespace: 'shop' })

for (const mode of modes) {
  test(
    `${mode}: a proxy of the namespace of its principal is served, with what it sent before it was ` +
      `known`,
    async () => {
      const world = await worldWith({ authenticate: ofShop }, cluster('a'))
      const client = world.connect(mode, { node: shop })
      client.subscribe('cluster')
      expect((await client.next('cluster')).names).toEqual(['a'])
      expect((await world.event('connected')).proxy.principal).toBe('edge')
    },
  )

  test.each([
    [
      'another namespace',
      node({ role: 'gateway', namespace: 'bank', labels: { app: 'edge' } }),
      'the node says namespace bank, and edge is of namespace shop',
    ],
    [
      'all gateways',
      { id: 'a', cluster: 'b' },
      'the node says no labels, which means the gateways of all namespaces',
    ],
    [
      'all gateways of its namespace',
      { id: 'a', cluster: 'b', metadata: { NAMESPACE: 'shop' } },
      'the node says no labels',
    ],
  ])(`${mode}: it may not be a proxy of %s`, async (_, other, reason) => {
    const world = await worldWith({ authenticate: ofShop }, cluster('a'))
    const client = world.connect(mode, { node: other })
    client.subscribe('cluster')
    expect(await client.status()).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining(reason),
    })
    expect(await world.event('denied')).toMatchObject({
      code: 'PERMISSION_DENIED',
      principal: 'edge',
      proxy: other.id,
    })
    expect(world.server.clients()).toEqual([])
  })

  test(`${mode}: where nobody can be asked, it is turned away for now`, async () => {
    const world = await worldWith(
      { authenticate: () => Promise.reject(new Error('the API server is away')) },
      cluster('a'),
    )
    const client = world.connect(mode, { node: shop })
    client.subscribe('cluster')
    expect(await client.status()).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'it could not be found out who calls: the API server is away',
    })
  })
}

test('a caller shows its headers, and its certificate with whether it is trusted', async () => {
  const [authority, strangers] = [createAuthority('a'), createAuthority('b')]
  const own = authority.issue({ name: 'own', names: ['127.0.0.1'] })
  const callers: Caller[] = []
  const authenticate: Authenticate = async (caller) => {
    callers.push(caller)
    return anyCertificate(caller)
  }
  const world = await worldWith({
    authenticate,
    tls: {
      current: { certificate: own.certificate, key: own.privateKey, clientCa: authority.certificate },
      onChange: () => {},
    },
  })
  const channel = (...pair: readonly Buffer[]) =>
    credentials.createSsl(Buffer.from(authority.certificate), ...pair)
  const [good, bad] = [authority, strangers].map((each) => each.issue({ name: 'client', names: [] }))
  for (const issued of [good, bad, undefined]) {
    const pair = issued === undefined ? [] : [Buffer.from(issued.privateKey), Buffer.from(issued.certificate)]
    const client = world.connect('delta', {
      node: shop,
      credentials: channel(...pair),
      headers: { authorization: 'Bearer x' },
    })
    client.subscribe('cluster')
    if (issued === good) await world.event('connected')
    else await client.status()
  }
  expect(callers.map(({ certificate }) => certificate.kind)).toEqual(['trusted', 'untrusted', 'none'])
  expect(callers.map(({ authorization }) => authorization)).toEqual([
    ['Bearer x'],
    ['Bearer x'],
    ['Bearer x'],
  ])
  expect(world.events.flatMap((event) => (event.kind === 'denied' ? [event.reason] : []))).toEqual([
    'the client certificate (CN=client) was issued by none of the authorities in --xds-client-ca: ' +
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'no client certificate was shown: give Envoy one, as "shadowplane bootstrap --client-cert FILE ' +
      '--client-key FILE" does',
  ])
})

test("client status has the proxies of the caller's namespace, and none for an unknown caller", async () => {
  const byHeader: Authenticate = async ({ authorization: [namespace] }) =>
    namespace === undefined
      ? { code: 'UNAUTHENTICATED', reason: 'who are you?' }
      : { name: namespace, namespace }
  const world = await worldWith({ authenticate: byHeader }, cluster('a'))
  for (const namespace of ['shop', 'bank']) {
    const client = world.connect('delta', {
      node: node({ namespace, labels: {} }),
      headers: { authorization: namespace },
    })
    client.subscribe('cluster')
    await client.next('cluster')
  }
  const ask = (headers: Readonly<Record<string, string>>) => clientStatus(world.address, headers)
  const told = decode('envoy.service.status.v3.ClientStatusResponse', await ask({ authorization: 'bank' }))
  expect(told.config?.map((each) => each.node?.metadata?.['NAMESPACE'])).toEqual(['bank'])
  await expect(ask({})).rejects.toMatchObject({ code: status.UNAUTHENTICATED, details: 'who are you?' })
})

test('a connection that has reached its age ends with the advice to connect again, and others do not', async () => {
  const due: (() => void)[] = []
  const schedule = (milliseconds: number, callback: () => void): (() => void) => {
    if (milliseconds > 3_000_000 && milliseconds < 4_500_000) due.push(callback)
    return () => {}
  }
  const world = await worldWith({ maxConnectionAge: 3_600_000, schedule }, cluster('a'))
  const clients = [1, 2].map(() => world.connect('delta'))
  for (const client of clients) {
    client.subscribe('cluster')
    await client.next('cluster')
  }
  expect(due.length).toBe(2)
  due[0]?.()
  expect(await clients[0]?.status()).toMatchObject({
    code: status.UNAVAILABLE,
    details: 'this connection has reached its age: connect again, to any replica',
  })
  expect(world.server.clients().length).toBe(1)
})

test("a certificate of SPIFFE's form says the namespace", async () => {
  const authority = createAuthority('a')
  const own = authority.issue({ name: 'own', names: ['127.0.0.1'] })
  const issued = authority.issue({ name: 'client', names: ['spiffe://d/ns/bank/sa/x'] })
  const world = await worldWith({
    authenticate: byCertificate('d'),
    tls: {
      current: { certificate: own.certificate, key: own.privateKey, clientCa: authority.certificate },
      onChange: () => {},
    },
  })
  const channel = credentials.createSsl(
    Buffer.from(authority.certificate),
    Buffer.from(issued.privateKey),
    Buffer.from(issued.certificate),
  )
  const client = world.connect('delta', { node: shop, credentials: channel })
  client.subscribe('cluster')
  expect((await client.status()).code).toBe(status.PERMISSION_DENIED)
})

function clientStatus(address: string, headers: Readonly<Record<string, string>>): Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure())
  onTestFinished(() => {
    client.close()
  })
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  const pass = (bytes: Buffer): Buffer => bytes
  return within(
    5_000,
    'client status',
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus',
        pass,
        pass,
        Buffer.alloc(0),
        metadata,
        (error, answer) => {
          if (error === null && answer !== undefined) resolve(answer)
          else reject(error ?? new Error('no answer'))
        },
      )
    }),
  )
}
