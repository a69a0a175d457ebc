import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { dialects } from '../../src/dialects/index.ts'
import { kubernetesApi } from '../../src/kubernetes/api.ts'
import type { KubernetesApi } from '../../src/kubernetes/api.ts'
import type { ClusterChoice } from '../../src/kubernetes/credentials.ts'
import { createKubernetesSource } from '../../src/sources/cluster/source.ts'
import { folderWith } from '../support/folder.ts'
import { startCluster, until } from './support/cluster.ts'
import type { Cluster } from './support/cluster.ts'
import { apply } from './support/definitions.ts'

const accounts = '/api/v1/namespaces/default/serviceaccounts'

describe.skipIf(process.env['SHADOWPLANE_NO_API_SERVER'] !== undefined)('credentials', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster?.close())

  async function tokenOf(account: string): Promise<string> {
    await apply(cluster.api, accounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: account },
    } as never)
    const { value } = await cluster.api.request({
      path: `${accounts}/${account}/token`,
      method: 'POST',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    })
    return (value as { readonly status: { readonly token: string } }).status.token
  }

  async function open(choice: ClusterChoice): Promise<KubernetesApi> {
    const api = await kubernetesApi(choice)
    onTestFinished(() => {
      api.close()
    })
    return api
  }

  /** As whom the API server knows us. */
  async function nameOf(api: KubernetesApi): Promise<string> {
    const { value } = await api.request({
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      method: 'POST',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    })
    return (value as { readonly status: { readonly userInfo: { readonly username: string } } }).status
      .userInfo.username
  }

  test('of a pod are the files of its service account', async () => {
    const root = folderWith({})
    const folder = join(root, 'var/run/secrets/kubernetes.io/serviceaccount')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'token'), await tokenOf('pod'))
    copyFileSync(join(cluster.folder, 'certificates/apiserver.crt'), join(folder, 'ca.crt'))
    const { hostname, port } = new URL(cluster.server)
    vi.stubEnv('KUBERNETES_SERVICE_HOST', hostname)
    vi.stubEnv('KUBERNETES_SERVICE_PORT', port)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const api = await open({ root })
    expect(api.server).toBe(cluster.server)
    expect(await nameOf(api)).toBe('system:serviceaccount:default:pod')
  })

  test('of an exec plugin are asked for again when they have expired', async () => {
    const folder = folderWith({
      token: await tokenOf('first'),
      'plugin.mjs':
        `import { appendFileSync, readFileSync } from 'node:fs'
appendFileSync(new URL('calls', import.meta.url), 'x')
const expirationTimestamp = new Date(Date.now() + Number(readFileSync(new URL('lasts', import.meta.url), ` +
        `'utf8'))).toISOString()
console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', ` +
        `status: { token: readFileSync(new URL('token', import.meta.url), 'utf8'), expirationTimestamp } }))
`,
      lasts: '3600000',
      calls: '',
    })
    const text = readFileSync(cluster.kubeconfig, 'utf8')
    const config = JSON.parse(text) as { readonly users: readonly { readonly name: string }[] }
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: [join(folder, 'plugin.mjs')],
      interactiveMode: 'Never',
    }
    const kubeconfig = join(folder, 'kubeconfig')
    writeFileSync(
      kubeconfig,
      JSON.stringify({ ...config, users: config.users.map(({ name }) => ({ name, user: { exec } })) }),
    )
    const calls = (): number => readFileSync(join(folder, 'calls'), 'utf8').length
    const lasting = await open({ kubeconfig })
    expect([await nameOf(lasting), await nameOf(lasting), calls()]).toEqual([
      'system:serviceaccount:default:first',
      'system:serviceaccount:default:first',
      1,
    ])
    writeFileSync(join(folder, 'lasts'), '-1000')
    const passing = await open({ kubeconfig })
    expect(await nameOf(passing)).toBe('system:serviceaccount:default:first')
    writeFileSync(join(folder, 'token'), await tokenOf('second'))
    expect([await nameOf(passing), calls()]).toEqual(['system:serviceaccount:default:second', 3])
  })

  test('of somebody who may read nothing: it waits, and says which verb of which resource is missing', async () => {
    const kubeconfig = await cluster.writeKubeconfig('nobody', { token: await tokenOf('nobody') })
    const outages: (string | undefined)[] = []
    const source = createKubernetesSource({
      api: await open({ kubeconfig }),
      selection: { namespaces: [] },
      kinds: dialects.flatMap(({ kinds }) => kinds),
      onOutage: (outage) => {
        outages.push(outage)
      },
    })
    const starting = source.start()
    await until('an outage', () => outages.some((outage) => outage !== undefined))
    expect(outages.at(-1)).toContain('403')
    expect(outages.at(-1)).toMatch(
      /User "system:serviceaccount:default:nobody" cannot list resource "\w+" in API group "[\w.]*" at the cluster scope/,
    )
    expect(source.waiting()).toContain('/Service')
    await source.close()
    await starting
  })
})
