import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { secretManifest } from '../../bench/support/tls/tls-manifests.ts'
import { pods, service } from '../scenarios/supplied.ts'
import { loggedBackend } from '../support/logged-backend.ts'
import { realProxy } from '../support/real-proxy.ts'
import { serve } from '../support/serving.ts'

/**
 * The traffic of Emissary's own shadow test: the primary speaks TLS, the shadow plain HTTP, and the rewrite
 * applies to both.
 */
const mappings = [
  ['target', '/app/mark/', 'https://target'],
  ['weighted-target', '/app/weighted-mark/', 'https://target'],
  ['shadow', '/app/mark/', 'shadow', 'shadow: true'],
  ['weighted-shadow', '/app/weighted-mark/', 'shadow', 'shadow: true, weight: 10'],
]
  .map(
    ([name, prefix, target, fields]) =>
      `apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: ${name}}
spec: {hostname: "*", prefix: ${prefix}, rewrite: /mark/, service: ` +
      `"${target}"${fields === undefined ? '' : `, ${fields}`}}
---
`,
  )
  .join('')

/** An HTTPS server on loopback that says who it is in `x-backend`. It ends with the test. */
async function secureTarget(): Promise<{ readonly port: number; readonly paths: readonly string[] }> {
  const { certificate, privateKey } = createAuthority('test').issue({ name: 'target', names: ['target'] })
  const paths: string[] = []
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    paths.push(request.url ?? '')
    response.setHeader('x-backend', 'target').end('{}')
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  )
  return { port: (server.address() as AddressInfo).port, paths }
}

function bucketsOf(urls: readonly string[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const url of urls) {
    const bucket = Number(/^\/mark\/(\d+)$/.exec(url)?.[1])
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  }
  return counts
}

test(
  'Mappings with shadow: true on a real Envoy: each marked bucket has its ten copies, the weighted ' +
    "ones some, and no answer is the shadow's",
  async () => {
    const [target, shadow] = [await secureTarget(), await loggedBackend('shadow')]
    const targetObjects =
      service({ name: 'target', port: 443 }) +
      pods({ name: 'target' }, [[{ ...shadow, name: 'target', port: target.port }, { app: 'target' }]])
    const serving = await serve({
      'mappings.yaml': mappings,
      'around.yaml':
        targetObjects +
        service({ name: 'shadow', port: 80 }) +
        pods({ name: 'shadow' }, [[shadow, { app: 'shadow' }]]),
    })
    expect(serving.mistakes()).toEqual([])
    const proxy = await realProxy({
      role: 'gateway',
      namespace: 'default',
      labels: { ambassador_id: 'default' },
      xds: serving.xds,
      listener: 8080,
    })
    const requests = [
      ...Array.from({ length: 100 }, (_, index) => `/app/mark/${index % 10}`),
      ...Array.from({ length: 500 }, (_, index) => `/app/weighted-mark/${100 + (index % 10)}`),
    ]
    for (const path of requests)
      expect((await proxy.ask({ path, host: 'app.example' })).backend).toBe('target')
    await proxy.settled()
    expect(target.paths).toHaveLength(requests.length)
    const buckets = bucketsOf(shadow.arrivals.map(({ url }) => url))
    for (let bucket = 0; bucket < 10; bucket += 1) expect(buckets.get(bucket)).toBe(10)
    const weighted = [...buckets]
      .filter(([bucket]) => bucket >= 100)
      .reduce((sum, [, count]) => sum + count, 0)
    // 10 % of 500: six standard deviations are 40.
    expect(weighted).toBeGreaterThan(10)
    expect(weighted).toBeLessThan(90)
    expect(buckets.has(Number.NaN)).toBe(false)
    expect(new Set(shadow.arrivals.map(({ host }) => host))).toEqual(new Set(['app.example-shadow']))
  },
)

test('a Host with a tlsSecret: TLS on its Listener, and plain requests are redirected there', async () => {
  const shop = await loggedBackend('shop')
  const issued = createAuthority('test').issue({ name: 'shop.example', names: ['shop.example'] })
  const listener = (
    name: string,
    port: number,
    fields: string,
  ): string => `apiVersion: getambassador.io/v3alpha1
kind: Listener
metadata: {name: ${name}}
spec: {port: ${port}, ${fields}, hostBinding: {namespace: {from: ALL}}}
---
`
  const text = `${listener('https', 8443, 'protocol: HTTPS, securityModel: SECURE')}${listener('http', 8080, 'protocol: HTTP, securityModel: XFP')}apiVersion: getambassador.io/v3alpha1
kind: Host
metadata: {name: shop}
spec: {hostname: shop.example, tlsSecret: {name: shop-certificate}}
---
apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: shop}
spec: {hostname: shop.example, prefix: /, service: shop}
---
`
  const around = service({ name: 'shop', port: 80 }) + pods({ name: 'shop' }, [[shop, { app: 'shop' }]])
  const serving = await serve({
    'mappings.yaml': text,
    'around.yaml': around,
    'secret.yaml': secretManifest({ name: 'shop-certificate', issued }),
  })
  expect(serving.mistakes()).toEqual([])
  const identity = {
    role: 'gateway',
    namespace: 'default',
    labels: { ambassador_id: 'default' },
    xds: serving.xds,
  } as const
  const secure = await realProxy({ ...identity, listener: 8443 })
  const answer = await new Promise<string>((resolve, reject) => {
    const options = {
      host: secure.address,
      port: secure.port,
      servername: 'shop.example',
      rejectUnauthorized: false,
      headers: { host: 'shop.example' },
    }
    get(options, (response) => {
      response.resume()
      resolve(`${response.statusCode} ${String(response.headers['x-backend'])}`)
    }).once('error', reject)
  })
  expect(answer).toBe('200 shop')
  const plain = await realProxy({ ...identity, listener: 8080 })
  const { status, headers } = await plain.ask({ path: '/a', host: 'shop.example' })
  expect([status, headers['location']]).toEqual([301, 'https://shop.example/a'])
})
