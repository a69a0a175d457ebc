import { writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { onTestFinished, expect, test } from 'vitest'
import { measureRotation } from '../../bench/certificate-rotation.ts'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { freePort } from '../../bench/support/free-port.ts'
import { saveByRename } from '../../bench/support/saved-file.ts'
import { startServe } from '../../bench/support/serve-process.ts'
import { startLoad } from '../../bench/support/steady-load.ts'
import { startTlsBackend } from '../../bench/support/tls/tls-backend.ts'
import { requestOnce } from '../../bench/support/tls/tls-load.ts'
import { secretManifest } from '../../bench/support/tls/tls-manifests.ts'
import { serviceManifests } from '../../bench/support/service-manifests.ts'
import { startBackend } from '../../src/demo/backend.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { setting } from '../support/envoy-setting.ts'
import { folderWith } from '../support/folder.ts'
import { waitFor } from '../support/wait-for.ts'

test(
  'certificates are replaced under load, at the gateway and behind it: no request fails, both sides ' +
    'see the new ones',
  async () => {
    const { expectations } = await measureRotation({
      ...(await setting()),
      modes: ['delta', 'sotw'],
      lanes: 2,
      rotations: 2,
      requests: 40,
    })
    expect(expectations.filter(({ held }) => !held)).toEqual([])
  },
)

/** Servers and routes for four hosts; `backend` speaks TLS and asks for a certificate, `plain` does not. */
function manifests(ports: { readonly backend: number; readonly plain: number }): string {
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [a.example]
    tls: {httpsRedirect: true}
  - port: {number: 443, name: https-a, protocol: HTTPS}
    hosts: [a.example]
    tls: {mode: SIMPLE, credentialName: a, minProtocolVersion: TLSV1_3}
  - port: {number: 443, name: https-b, protocol: HTTPS}
    hosts: [b.example]
    tls: {mode: MUTUAL, credentialName: b}
  - port: {number: 443, name: tls, protocol: TLS}
    hosts: [c.example]
    tls: {mode: PASSTHROUGH}
  - port: {number: 443, name: https-late, protocol: HTTPS}
    hosts: [late.example]
    tls: {mode: SIMPLE, credentialName: late}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge}
spec:
  hosts: [a.example, b.example, late.example]
  gateways: [edge]
  http:
  - route: [{destination: {host: plain}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: passed}
spec:
  hosts: [c.example]
  gateways: [edge]
  tls:
  - match: [{sniHosts: [c.example]}]
    route: [{destination: {host: backend}}]
---
${serviceManifests('plain', '127.0.0.1').replace('port: 8080', `port: ${ports.plain}`)}---
${serviceManifests('backend', '127.0.0.1').replace('port: 8080', `port: ${ports.backend}`)}`
}

test(
  'one port serves hosts with their own certificates, with clients verified, and passed through; HTTP ' +
    'is redirected; a Secret may come late',
  async () => {
    const { binary, signal } = await setting()
    const keep = keeper()
    const [servers, clients] = [createAuthority('servers'), createAuthority('clients')]
    const names = ['a.example', 'b.example', 'c.example', 'late.example'] as const
    const [a, b, c, late] = names.map((name) => servers.issue({ name, names: [name] }))
    const client = clients.issue({ name: 'client', names: [] })
    if (a === undefined || b === undefined || c === undefined || late === undefined)
      throw new Error('no certificates')
    const backend = keep(await startTlsBackend({ name: 'backend', own: c, authority: clients.certificate }))
    const plain = keep(await startBackend({ name: 'plain', port: 0, onRequest: () => {} }))
    const folder = folderWith({
      'edge.yaml': manifests({ backend: backend.port, plain: plain.port }),
      'secrets.yaml': [
        secretManifest({ name: 'a', issued: a }),
        secretManifest({ name: 'b', issued: b }),
        secretManifest({ name: 'b-cacert', issued: b, authority: clients.certificate }),
      ].join('---\n'),
    })
    const serve = keep(await startServe({ paths: [folder], signal }))
    const [http, https] = [await freePort(), await freePort()]
    const envoy = keep(
      await startEnvoy({
        binary,
        bootstrap: bootstrap({
          ...defaultBootstrap,
          role: 'gateway',
          bindAddress: '127.0.0.1',
          portMap: { 80: http, 443: https },
          xds: serve.xds,
        }),
      }),
    )
    await envoy.ready()
    const ask = (host: string, shown?: typeof client) =>
      requestOnce({
        port: https,
        host,
        authority: servers.certificate,
        ...(shown === undefined ? {} : { shown }),
      })

    await waitFor({
      what: 'Envoy to answer over TLS',
      signal,
      look: async () => 'fingerprint' in (await ask('a.example')) || undefined,
    })
    expect(await ask('a.example')).toEqual({ fingerprint: a.fingerprint })
    expect(await ask('b.example')).toHaveProperty('failure')
    expect(await ask('b.example', client)).toEqual({ fingerprint: b.fingerprint })
    expect(await ask('b.example', servers.issue({ name: 'stranger', names: [] }))).toHaveProperty('failure')
    expect(await ask('c.example', client)).toEqual({ fingerprint: c.fingerprint })
    expect(backend.seen.get(client.fingerprint)).toBe(1)
    expect(await ask('unknown.example')).toHaveProperty('failure')
    expect(await ask('late.example')).toHaveProperty('failure')

    expect(await redirected(http, 'a.example')).toEqual([301, 'https://a.example/x'])

    writeFileSync(join(folder, 'late.yaml'), secretManifest({ name: 'late', issued: late }))
    await waitFor({
      what: 'the late Secret',
      signal,
      look: async () => 'fingerprint' in (await ask('late.example')) || undefined,
    })
    expect(await ask('late.example')).toEqual({ fingerprint: late.fingerprint })
    expect(serve.of('nacked')).toEqual([])
    await expect(version(https, 'a.example', servers.certificate)).resolves.toBe('TLSv1.3')
  },
)

/** A gateway's one route to a Service, whose DestinationRule and Secret come with it if it has TLS. */
function routed(to: 'plain' | 'secure', port: number, more = ''): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - route: [{destination: {host: ${to}}}]
---
${serviceManifests(to, '127.0.0.1').replace('port: 8080', `port: ${port}`)}${more}`
}

test.each(['delta', 'sotw'] as const)(
  'a route moves to a new destination with mutual TLS under load, and back: no request fails (%s)',
  async (mode) => {
    const { binary, signal } = await setting()
    const keep = keeper()
    const authority = createAuthority('all')
    const secure = keep(
      await startTlsBackend({
        name: 'shop',
        own: authority.issue({ name: 'secure', names: ['secure.internal'] }),
        authority: authority.certificate,
      }),
    )
    const plain = keep(await startBackend({ name: 'shop', port: 0, onRequest: () => {} }))
    const gateway =
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec:\n  servers:\n  - ' +
      'port: {number: 80, name: http, protocol: HTTP}\n    hosts: ["*"]\n'
    const rule =
      `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: secure}
spec:
  host: secure
  trafficPolicy: {tls: {mode: MUTUAL, credentialName: client, sni: secure.internal, subjectAltNames: ` +
      `[secure.internal]}}
---
${secretManifest({ name: 'client', issued: authority.issue({ name: 'client', names: [] }), authority: authority.certificate })}`
    const folder = folderWith({ 'edge.yaml': gateway, 'shop.yaml': routed('plain', plain.port) })
    const serve = keep(await startServe({ paths: [folder], signal }))
    const port = await freePort()
    const envoy = keep(
      await startEnvoy({
        binary,
        bootstrap: bootstrap({
          ...defaultBootstrap,
          role: 'gateway',
          bindAddress: '127.0.0.1',
          portMap: { 80: port },
          xds: serve.xds,
          mode,
        }),
      }),
    )
    await envoy.ready()
    await waitFor({ what: 'Envoy to answer', signal, look: async () => (await answers(port)) || undefined })
    const load = keep(startLoad({ port, rate: 200, hosts: { 'shop.example': 'shop' } }))
    const requests = (): number => [...secure.seen.values()].reduce((sum, each) => sum + each, 0)
    for (let round = 0; round < 3; round += 1) {
      await load.more(30, signal)
      const before = requests()
      await saveByRename(join(folder, 'shop.yaml'), routed('secure', secure.port, rule))
      await waitFor({
        what: 'requests over mutual TLS',
        signal,
        look: () => requests() > before + 20 || undefined,
      })
      await saveByRename(join(folder, 'shop.yaml'), routed('plain', plain.port))
      await load.more(30, signal)
    }
    await load.close()
    expect(load.tally()).toMatchObject({ failed: 0, failure: undefined })
    expect(serve.of('nacked')).toEqual([])
  },
)

test.each(['delta', 'sotw'] as const)(
  'what needs a Secret that does not exist fails, never in plain text, and holds up nothing else (%s)',
  async (mode) => {
    const { binary, signal } = await setting()
    const keep = keeper()
    const asked: string[] = []
    const backend = keep(
      await startBackend({
        name: 'shop',
        port: 0,
        onRequest: ({ host }) => {
          asked.push(host)
        },
      }),
    )
    const service = (name: string): string =>
      serviceManifests(name, '127.0.0.1').replace('port: 8080', `port: ${backend.port}`)
    const routeTo = (name: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}}
spec:
  hosts: [${name}.example]
  gateways: [edge]
  http:
  - route: [{destination: {host: ${name}}}]
---
${service(name)}---
`
    const secured = (name: string): string => `${routeTo(name)}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec:
  host: ${name}
  trafficPolicy: {tls: {mode: MUTUAL, credentialName: ${name}-none}}
---
`
    const edge = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*"]
    tls: {mode: SIMPLE, credentialName: edge-none}
`
    const folder = folderWith({ 'edge.yaml': edge, 'a.yaml': routeTo('a') + secured('b') })
    const serve = keep(await startServe({ paths: [folder], signal }))
    const [http, https] = [await freePort(), await freePort()]
    const envoy = keep(
      await startEnvoy({
        binary,
        bootstrap: bootstrap({
          ...defaultBootstrap,
          role: 'gateway',
          bindAddress: '127.0.0.1',
          portMap: { 80: http, 443: https },
          xds: serve.xds,
          mode,
        }),
      }),
    )
    const serves = (name: string) =>
      waitFor({
        what: `Envoy to serve ${name}`,
        signal,
        look: async () => (await statusOf(http, `${name}.example`)) === 200 || undefined,
      })
    await serves('a')
    expect(await statusOf(http, 'b.example')).toBe(503)
    writeFileSync(join(folder, 'c.yaml'), secured('c') + routeTo('d'))
    await serves('d')
    expect(await statusOf(http, 'c.example')).toBe(503)
    expect(new Set(asked)).toEqual(new Set(['a.example', 'd.example']))
    expect(
      await requestOnce({ port: https, host: 'a.example', authority: createAuthority('nobody').certificate }),
    ).toHaveProperty('failure')
    await envoy.ready()
    expect(serve.of('nacked')).toEqual([])
  },
)

function statusOf(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).once('error', () => resolve(undefined))
  })
}

function keeper(): <T extends { close(): Promise<unknown> }>(part: T) => T {
  return (part) => {
    onTestFinished(async () => {
      await part.close()
    })
    return part
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    }).once('error', () => resolve(false))
  })
}

function redirected(port: number, host: string): Promise<readonly [number | undefined, string | undefined]> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/x', headers: { host }, agent: false }, (response) => {
      response.resume()
      resolve([response.statusCode, response.headers.location])
    }).once('error', reject)
  })
}

function version(port: number, servername: string, ca: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername, ca }, () => {
      resolve(socket.getProtocol())
      socket.destroy()
    }).once('error', reject)
  })
}
