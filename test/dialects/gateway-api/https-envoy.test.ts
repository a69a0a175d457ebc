import { expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../../bench/support/tls/certificate.ts'
import { serviceManifests } from '../../../bench/support/service-manifests.ts'
import { requestOnce } from '../../../bench/support/tls/tls-load.ts'
import { secretManifest } from '../../../bench/support/tls/tls-manifests.ts'
import { startBackend } from '../../../src/demo/backend.ts'
import { realProxy } from '../../support/real-proxy.ts'
import { serve } from '../../support/serving.ts'
import { gatewayOf, grant, routeOf } from './gateway-text.ts'
import { waitFor } from '../../support/wait-for.ts'

const listeners =
  `- {name: a, port: 443, protocol: HTTPS, hostname: a.example, tls: {certificateRefs: ` +
  `[{name: a, namespace: vault}]}}
- {name: b, port: 443, protocol: HTTPS, hostname: b.example, tls: {certificateRefs: [{name: b}]}}
- {name: c, port: 443, protocol: HTTPS, hostname: c.example, tls: {certificateRefs: [{name: a, namespace: ` +
  `locked}]}}`

test(
  'a real Envoy ends TLS with a Secret that another namespace permits, asks clients for certificates, ' +
    'and gets none that is not permitted',
  async () => {
    const [servers, clients] = [createAuthority('servers'), createAuthority('clients')]
    const [a, b] = [
      servers.issue({ name: 'a', names: ['a.example', 'c.example'] }),
      servers.issue({ name: 'b', names: ['b.example'] }),
    ]
    const client = clients.issue({ name: 'client', names: [] })
    const backend = await startBackend({ name: 'shop', port: 0, onRequest: () => {} })
    onTestFinished(() => backend.close())
    const inNamespace = (namespace: string, text: string): string =>
      text.replace('metadata:\n', `metadata:\n  namespace: ${namespace}\n`)
    const frontend =
      'tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: Secret, name: ca}]}}}}'
    const route = routeOf('{name: edge}').split('---\n')[0] ?? ''
    const serving = await serve({
      'gateway.yaml':
        gatewayOf(listeners, { more: frontend }) +
        grant('kind: Gateway, namespace: default', 'kind: Secret', 'vault'),
      'route.yaml': `${route}---\n${serviceManifests('shop', '127.0.0.1').replace('port: 8080', `port: ${backend.port}`)}`,
      'secrets.yaml': [
        inNamespace('vault', secretManifest({ name: 'a', issued: a })),
        inNamespace('locked', secretManifest({ name: 'a', issued: a })),
        secretManifest({ name: 'b', issued: b }),
        secretManifest({ name: 'ca', issued: b, authority: clients.certificate }),
      ].join('---\n'),
    })
    const { port } = await realProxy({
      role: 'gateway',
      labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' },
      xds: serving.xds,
      listener: 443,
    })
    const ask = (host: string, shown?: typeof client) =>
      requestOnce({ port, host, authority: servers.certificate, ...(shown === undefined ? {} : { shown }) })
    await waitFor({
      what: 'Envoy to answer over TLS',
      look: async () => 'fingerprint' in (await ask('a.example', client)) || undefined,
    })
    expect(await ask('a.example', client)).toEqual({ fingerprint: a.fingerprint })
    expect(await ask('b.example', client)).toEqual({ fingerprint: b.fingerprint })
    expect(await ask('a.example')).toHaveProperty('failure')
    expect(await ask('a.example', servers.issue({ name: 'stranger', names: [] }))).toHaveProperty('failure')
    expect(await ask('c.example', client)).toHaveProperty('failure')
    expect(serving.mistakes()).toEqual([expect.stringContaining('reference/not-permitted')])
  },
)
