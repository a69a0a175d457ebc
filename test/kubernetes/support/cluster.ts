import { generateKeyPairSync } from 'node:crypto'
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { kubernetesApi } from '../../../src/kubernetes/api.ts'
import type { KubernetesApi } from '../../../src/kubernetes/api.ts'
import { ApiFailure } from '../../../src/kubernetes/failure.ts'
import { freePort } from '../../../bench/support/free-port.ts'
import { Server } from './child.ts'
import { serverBinaries } from './server-binaries.ts'

/** An API server that somebody else may have started. */
export interface AnyCluster {
  /** The kubeconfig of an administrator. */
  readonly kubeconfig: string
  /** The administrator's. */
  readonly api: KubernetesApi
  /** Another kubeconfig for the same cluster. */
  writeKubeconfig(name: string, access: { readonly token: string }): Promise<string>
  close(): Promise<void>
}

/** A real API server and its store, without nodes and controllers. */
export interface Cluster extends AnyCluster {
  readonly folder: string
  /** `https://127.0.0.1:1234`. */
  readonly server: string
  readonly apiServer: Server
  readonly etcd: Server
  /** Resolves when the API server says that it is ready; rejects when one of the two has ended. */
  ready(): Promise<void>
  /** Another kubeconfig for the same cluster. */
  writeKubeconfig(
    name: string,
    access: { readonly server?: string; readonly token?: string; readonly tls?: 'verify' | 'skip' },
  ): Promise<string>
}

const adminToken = 'an-administrator-of-a-test'

/**
 * Starts both on free loopback ports; `apiFlags` come last. Rejects with NoServer if the binaries are
 * missing.
 */
export async function startCluster(apiFlags: readonly string[] = []): Promise<Cluster> {
  const binaries = await serverBinaries((line) => {
    console.error(line)
  })
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-cluster-'))
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()]
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const etcd = new Server(binaries.etcd, [
    '--data-dir',
    join(folder, 'etcd'),
    '--unsafe-no-fsync',
    '--log-level',
    'error',
    '--listen-client-urls',
    `http://127.0.0.1:${client}`,
    '--advertise-client-urls',
    `http://127.0.0.1:${client}`,
    '--listen-peer-urls',
    `http://127.0.0.1:${peer}`,
    '--initial-advertise-peer-urls',
    `http://127.0.0.1:${peer}`,
    '--initial-cluster',
    `default=http://127.0.0.1:${peer}`,
    '--experimental-watch-progress-notify-interval',
    '5s',
  ])
  const apiServer = new Server(binaries.apiServer, [
    '--etcd-servers',
    `http://127.0.0.1:${client}`,
    '--bind-address',
    '127.0.0.1',
    '--secure-port',
    String(port),
    '--cert-dir',
    join(folder, 'certificates'),
    '--service-cluster-ip-range',
    '10.0.0.0/24',
    '--endpoint-reconciler-type',
    'none',
    '--disable-admission-plugins',
    'ServiceAccount',
    '--authorization-mode',
    'RBAC',
    '--token-auth-file',
    await file('tokens.csv', `${adminToken},administrator,administrator,system:masters\n`),
    '--service-account-issuer',
    'https://kubernetes.default.svc',
    '--service-account-signing-key-file',
    await file('sa.key', privateKey),
    '--service-account-key-file',
    await file('sa.pub', publicKey),
    ...apiFlags,
  ])
  const certificate = join(folder, 'certificates/apiserver.crt')
  const server = `https://127.0.0.1:${port}`
  const writeKubeconfig: Cluster['writeKubeconfig'] = (name, given) =>
    file(
      name,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        clusters: [
          {
            name: 'test',
            cluster: {
              server: given.server ?? server,
              ...(given.tls === 'skip'
                ? { 'insecure-skip-tls-verify': true }
                : { 'certificate-authority': certificate }),
            },
          },
        ],
        users: [{ name: 'test', user: { token: given.token ?? adminToken } }],
      }),
    )
  const kubeconfig = await writeKubeconfig('kubeconfig', {})
  etcd.start()
  apiServer.start()
  await until('the certificate of the API server', () => {
    fail({ etcd, apiServer })
    return access(certificate)
      .then(() => readFile(certificate, 'utf8'))
      .then(
        (text) => text.includes('END'),
        () => false,
      )
  })
  const plain = await kubernetesApi({ kubeconfig })
  const api: KubernetesApi = {
    ...plain,
    // A server that has ended by itself says why.
    request: (request) =>
      plain.request(request).catch(async (thrown: unknown) => {
        // A refused connection is seen before the end of the process.
        if (thrown instanceof ApiFailure && thrown.status === undefined) await delay(500)
        fail({ etcd, apiServer })
        throw thrown
      }),
  }
  const ready = (): Promise<void> =>
    until('the API server to be ready', () => {
      fail({ etcd, apiServer })
      return plain.request({ path: '/readyz', idle: 5_000 }).then(
        () => true,
        () => false,
      )
    })
  const close = async (): Promise<void> => {
    api.close()
    await apiServer.kill()
    await etcd.kill()
    await rm(folder, { recursive: true })
  }
  try {
    await ready()
  } catch (thrown) {
    await close()
    throw thrown
  }
  return { folder, kubeconfig, server, api, apiServer, etcd, ready, writeKubeconfig, close }
}

function fail(servers: { readonly etcd: Server; readonly apiServer: Server }): void {
  for (const [name, { ended }] of Object.entries(servers))
    if (ended !== undefined) throw new Error(`${name} has ended: ${ended}`)
}

/** Looks until it is so; rejects after a minute with what was waited for. */
export async function until(
  what: string | (() => string),
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited a minute for ${typeof what === 'string' ? what : what()}`)
    await delay(20)
  }
}
