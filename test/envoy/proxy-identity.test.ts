import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import type { Authority } from '../../bench/support/tls/certificate.ts'
import { freePort } from '../../bench/support/free-port.ts'
import type { XdsConfig } from '../../src/control-plane/config.ts'
import { parseHostPort } from '../../src/control-plane/config.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import type { EnvoyProcess } from '../../src/envoy/process.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { sdsFiles, sdsPath } from '../../src/envoy/xds-credentials.ts'
import type { XdsCredentials } from '../../src/envoy/xds-credentials.ts'
import { byToken } from '../../src/identity/token-identity.ts'
import { createXdsServer } from '../../src/server/ads.ts'
import type { XdsEvent } from '../../src/server/event.ts'
import { plane } from '../admin/plane.ts'
import type { Plane } from '../admin/plane.ts'
import { secretVolume } from '../support/certificates.ts'
import type { SecretVolume } from '../support/certificates.ts'
import { setting } from '../support/envoy-setting.ts'
import { folderWith } from '../support/folder.ts'
import { settableSnapshots } from '../support/settable-snapshots.ts'
import { waitFor } from '../support/wait-for.ts'

const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {app: edge}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
`

const account = (name: string, namespace = 'shop'): string =>
  `spiffe://cluster.local/ns/${namespace}/sa/${name}`

/** The files that kubelet would put into the volume of a proxy, or of the control plane. */
function tlsFiles(authority: Authority, names: readonly string[]): Readonly<Record<string, string>> {
  const { certificate, privateKey } = authority.issue({ name: 'test', names })
  return { 'tls.crt': certificate, 'tls.key': privateKey, 'ca.crt': authority.certificate }
}

interface Secured extends Plane {
  readonly own: SecretVolume
}

async function secured(authority: Authority, xds: Partial<XdsConfig> = {}): Promise<Secured> {
  const own = secretVolume(join(folderWith({}), 'own'), tlsFiles(authority, ['127.0.0.1']))
  const identity = { kind: 'certificate', trustDomain: 'cluster.local' } as const
  const tls = { certificate: own.file('tls.crt'), key: own.file('tls.key'), clientCa: own.file('ca.crt') }
  return { ...(await plane({ 'gateway.yaml': gateway }, { xds: { identity, tls, ...xds } })), own }
}

interface Proxy {
  readonly envoy: EnvoyProcess
  readonly volume: SecretVolume
}

/** A gateway in namespace shop that shows what it finds among these files: a certificate or a token. */
async function proxy(xdsAddress: string, files: Readonly<Record<string, string>>): Promise<Proxy> {
  const { binary } = await setting()
  const directory = folderWith({})
  const volume = secretVolume(join(directory, 'volume'), files)
  const credentials: XdsCredentials = {
    ca: volume.file('ca.crt'),
    name: '127.0.0.1',
    sdsDirectory: directory,
    certificate:
      'tls.crt' in files ? { file: volume.file('tls.crt'), key: volume.file('tls.key') } : undefined,
    token: 'token' in files ? volume.file('token') : undefined,
  }
  for (const [name, message] of sdsFiles(credentials))
    writeFileSync(sdsPath(name, credentials), stringify(message))
  const options = {
    ...defaultBootstrap,
    role: 'gateway',
    namespace: 'shop',
    labels: { app: 'edge' },
    bindAddress: '127.0.0.1',
    portMap: { 80: await freePort() },
  } as const
  const envoy = await startEnvoy({
    binary,
    bootstrap: bootstrap({ ...options, xds: parseHostPort('xDS', xdsAddress), credentials }),
  })
  onTestFinished(() => envoy.close())
  return { envoy, volume }
}

test(
  "an Envoy with the certificate of a ServiceAccount is served, and status says who it is; the port's " +
    'renewed certificate disturbs no stream',
  async () => {
    const authority = createAuthority('cluster')
    const control = await secured(authority)
    const { envoy } = await proxy(control.xdsAddress, tlsFiles(authority, [account('edge')]))
    await envoy.ready()
    expect((await control.report()).proxies).toMatchObject([
      { namespace: 'shop', principal: account('edge'), status: 'SYNCED' },
    ])
    expect(
      (await envoy.stats('^cluster\\.shadowplane\\.ssl\\.handshake$')).get(
        'cluster.shadowplane.ssl.handshake',
      ),
    ).toBe(1)

    const renewed = tlsFiles(authority, ['127.0.0.1'])
    control.own.replace(renewed)
    const fingerprint = new X509Certificate(renewed['tls.crt'] ?? '').fingerprint256
    await waitFor({
      what: 'the renewed certificate',
      look: async () => (await shownBy(control.xdsAddress)) === fingerprint || undefined,
    })
    expect(control.events.filter(({ kind }) => kind === 'disconnected')).toEqual([])

    control.own.replace({ ...renewed, 'tls.key': tlsFiles(authority, [])['tls.key'] ?? '' })
    await control.event(
      'certificate',
      ({ problem }) => problem?.endsWith('tls.key is not the key of ' + control.own.file('tls.crt')) === true,
    )
    expect(await shownBy(control.xdsAddress)).toBe(fingerprint)
  },
)

test(
  'an Envoy follows its renewed certificate and its renewed authorities, and connects with them once ' +
    'its connection is old',
  async () => {
    const [before, after] = [createAuthority('before'), createAuthority('after')]
    const control = await secured(before, { maxConnectionAge: 1_000 })
    const { envoy, volume } = await proxy(control.xdsAddress, tlsFiles(before, [account('edge')]))
    await envoy.ready()
    volume.replace(tlsFiles(after, [account('renewed')]))
    control.own.replace(tlsFiles(after, ['127.0.0.1']))
    await control.event('disconnected', ({ reason }) => reason.includes('connect again'))
    await control.event('connected', ({ proxy: { principal } }) => principal === account('renewed'))
    expect((await control.report()).proxies).toMatchObject([{ principal: account('renewed') }])
  },
)

test(
  "a stranger's certificate, another trust domain and another namespace are refused, and told why in " +
    "Envoy's log and in status",
  async () => {
    const [authority, strangers] = [createAuthority('cluster'), createAuthority('strangers')]
    const control = await secured(authority)
    const trusting = { 'ca.crt': authority.certificate }
    const refused = [
      {
        files: { ...tlsFiles(strangers, [account('edge')]), ...trusting },
        code: 16,
        reason: 'the client certificate (CN=test) was issued by none of the authorities in --xds-client-ca: ',
      },
      {
        files: tlsFiles(authority, ['spiffe://elsewhere/ns/shop/sa/edge']),
        code: 16,
        reason:
          'the client certificate names spiffe://elsewhere/ns/shop/sa/edge, which is of another trust ' +
          'domain than cluster.local',
      },
      {
        files: tlsFiles(authority, ['edge.shop.svc']),
        code: 16,
        reason:
          'the client certificate has no URI among its names: it needs exactly one, ' +
          'spiffe://cluster.local/ns/NAMESPACE/sa/ACCOUNT',
      },
      {
        files: tlsFiles(authority, [account('edge', 'bank')]),
        code: 7,
        reason: `the node says namespace shop, and ${account('edge', 'bank')} is of namespace bank`,
      },
    ]
    for (const { files, code, reason } of refused) {
      const { envoy } = await proxy(control.xdsAddress, files)
      await waitFor({
        what: reason,
        look: () => envoy.log().replaceAll('%20', ' ').includes(`closed: ${code}, ${reason}`) || undefined,
      }).catch((error: unknown) => {
        throw new Error(envoy.log(), { cause: error })
      })
      await envoy.close()
    }
    const { proxies, denied = [] } = await control.report()
    expect(proxies).toEqual([])
    expect(denied.map(({ code }) => code)).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
      'PERMISSION_DENIED',
    ])
    expect(denied.every(({ reason }, index) => reason.startsWith(refused[index]?.reason ?? 'none'))).toBe(
      true,
    )
    expect(denied.at(-1)).toMatchObject({
      address: '127.0.0.1',
      principal: account('edge', 'bank'),
      proxy: 'router~127.0.0.1~gateway.shop~shop.svc.cluster.local',
    })
    const metrics = await (await control.ask('/metrics')).text()
    expect(metrics).toMatch(/^shadowplane_proxies_denied_total\{code="PERMISSION_DENIED"\} [1-9]/m)
  },
)

test('an Envoy shows the token of its file, and the renewed one once its connection is old', async () => {
  const authority = createAuthority('cluster')
  const own = authority.issue({ name: 'control plane', names: ['127.0.0.1'] })
  const events: XdsEvent[] = []
  const accounts: Readonly<Record<string, string>> = {
    first: 'system:serviceaccount:shop:first',
    second: 'system:serviceaccount:shop:second',
  }
  const review = async (token: string, audience: string) => ({
    authenticated: token in accounts,
    username: accounts[token] ?? '',
    audiences: [audience],
    error: '',
  })
  const server = createXdsServer({
    snapshots: settableSnapshots([]),
    observe: (event) => {
      events.push(event)
    },
    maxConnectionAge: 1_000,
    tls: { current: { certificate: own.certificate, key: own.privateKey }, onChange: () => {} },
    authenticate: byToken({ review, audience: 'shadowplane', now: Date.now }),
  })
  const address = await server.listen('127.0.0.1:0')
  onTestFinished(() => server.close())
  const { volume } = await proxy(address, { 'ca.crt': authority.certificate, token: 'first' })
  const connectedAs = (name: string) =>
    waitFor({
      what: name,
      look: () =>
        events.some((event) => event.kind === 'connected' && event.proxy.principal === accounts[name]) ||
        undefined,
    })
  await connectedAs('first')
  volume.replace({ 'ca.crt': authority.certificate, token: 'second\n' })
  await connectedAs('second')
  expect(events.filter(({ kind }) => kind === 'denied')).toEqual([])
})

/** SHA-256 of the certificate that a new connection is shown. */
function shownBy(address: string): Promise<string> {
  const { host, port } = parseHostPort('xDS', address)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
