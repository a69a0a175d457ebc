import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WireTarget } from './attack-wire.ts'
import { createAuthority } from '../tls/certificate.ts'
import { saveByRename } from '../saved-file.ts'
import { serviceManifests } from '../service-manifests.ts'

/**
 * The files of an attacked `serve`: 300 Services, and a gateway in each of two namespaces, bank (honest) and
 * shop (the attacker).
 */
export interface AttackedScene {
  readonly folder: string
  /** Flags with which every client has to show a certificate of its namespace. */
  readonly identityFlags: readonly string[]
  tlsOf(namespace: 'bank' | 'shop'): WireTarget['tls']
  /**
   * Saves an edit that only bank's gateway gets; it holds the marker. Resolves with when it began
   * (`performance.now()`).
   */
  edit(marker: string): Promise<number>
  close(): Promise<void>
}

const services = 300

const gateway = (namespace: string): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: ${namespace}}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
`

const edited = (namespace: string, marker: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edited, namespace: ${namespace}}
spec:
  hosts: [${namespace}.example]
  gateways: [edge]
  http:
  - route: [{destination: {host: service-1.shop.svc.cluster.local, port: {number: 80}}}]
    headers: {response: {set: {x-marker: ${marker}}}}
`

export async function attackedScene(): Promise<AttackedScene> {
  const root = await mkdtemp(join(tmpdir(), 'shadowplane-attacks-'))
  const folder = join(root, 'configuration')
  await mkdir(folder)
  const manifests = Array.from({ length: services }, (_, index) =>
    serviceManifests(`service-${index}`, `10.0.${Math.floor(index / 250)}.${1 + (index % 250)}`),
  )
  await writeFile(
    join(folder, 'services.yaml'),
    manifests.join('---\n').replaceAll(/^ {2}name: (service-\d+)$/gm, '  name: $1\n  namespace: shop'),
  )
  for (const namespace of ['bank', 'shop']) {
    await writeFile(join(folder, `gateway-${namespace}.yaml`), gateway(namespace))
    await writeFile(join(folder, `edited-${namespace}.yaml`), edited(namespace, 'revision-000000-'))
  }
  const authority = createAuthority('attacks')
  const server = authority.issue({ name: 'server', names: ['127.0.0.1'] })
  const files = {
    'ca.pem': authority.certificate,
    'server.pem': server.certificate,
    'server.key': server.privateKey,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  const client = (namespace: string): WireTarget['tls'] => {
    const { certificate, privateKey: key } = authority.issue({
      name: namespace,
      names: [`spiffe://cluster.local/ns/${namespace}/sa/gateway`],
    })
    return { ca: authority.certificate, certificate, key }
  }
  const clients = { bank: client('bank'), shop: client('shop') }
  return {
    folder,
    identityFlags: [
      '--xds-cert',
      join(root, 'server.pem'),
      '--xds-key',
      join(root, 'server.key'),
      '--xds-client-ca',
      join(root, 'ca.pem'),
    ],
    tlsOf: (namespace) => clients[namespace],
    edit: (marker) => saveByRename(join(folder, 'edited-bank.yaml'), edited('bank', marker)),
    close: () => rm(root, { recursive: true, force: true }),
  }
}
