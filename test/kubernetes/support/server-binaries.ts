import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { goTool, isThere } from './go-tool.ts'

const module = join(import.meta.dirname, '..')

/** Where `etcd` and `kube-apiserver` are. */
export interface ServerBinaries {
  readonly etcd: string
  readonly apiServer: string
}

export { NoServer } from './go-tool.ts'

/**
 * The binaries of KUBEBUILDER_ASSETS, or else our own, which are built once for each version in go.mod.
 * Rejects with NoServer.
 */
export async function serverBinaries(progress: (line: string) => void): Promise<ServerBinaries> {
  const assets = process.env['KUBEBUILDER_ASSETS']
  if (assets !== undefined && assets !== '') return binariesIn(assets)
  const goMod = await readFile(join(module, 'go.mod'), 'utf8')
  const [kubernetes, etcd] = [
    versionIn(goMod, 'k8s.io/kubernetes'),
    versionIn(goMod, 'go.etcd.io/etcd/server/v3'),
  ]
  const binaries = binariesIn(await cache(`kubernetes-${kubernetes}-etcd-${etcd}`))
  await goTool({ module, path: binaries.etcd, command: 'go.etcd.io/etcd/server/v3', flags: '' }, progress)
  await goTool(
    {
      module,
      path: binaries.apiServer,
      command: 'k8s.io/kubernetes/cmd/kube-apiserver',
      flags: versionFlags(kubernetes),
    },
    progress,
  )
  return binaries
}

/**
 * Programs that a person would use. Helm has a module of its own, so that the API server keeps its
 * dependencies.
 */
const clients = {
  kubectl: { module, command: 'k8s.io/kubernetes/cmd/kubectl', package: 'k8s.io/kubernetes' },
  helm: { module: join(module, 'helm'), command: 'helm.sh/helm/v3/cmd/helm', package: 'helm.sh/helm/v3' },
} as const

/**
 * The one of KUBEBUILDER_ASSETS or of this machine, or else our own, as the servers are. Rejects with
 * NoServer.
 */
export async function clientBinary(
  name: keyof typeof clients,
  progress: (line: string) => void,
): Promise<string> {
  const folders = [
    process.env['KUBEBUILDER_ASSETS'] ?? '',
    ...(process.env['PATH'] ?? '').split(delimiter),
  ].filter((each) => each !== '')
  for (const each of folders) if (await isThere(join(each, name))) return join(each, name)
  const client = clients[name]
  const version = versionIn(await readFile(join(client.module, 'go.mod'), 'utf8'), client.package)
  const path = join(await cache(), `${name}-${version}`)
  await goTool({ ...client, path, flags: name === 'kubectl' ? versionFlags(version) : '' }, progress)
  return path
}

async function cache(folder = ''): Promise<string> {
  const path = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shadowplane', folder)
  await mkdir(path, { recursive: true })
  return path
}

/** Without these the server says that it is of version 0.0. */
function versionFlags(version: string): string {
  const [major, minor] = version.split('.')
  return [
    ['gitVersion', `v${version}`],
    ['gitMajor', major],
    ['gitMinor', minor],
  ]
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ')
}

function versionIn(goMod: string, name: string): string {
  const found = goMod
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line.startsWith(`${name} v`))
  return /v(\S+)/.exec(found?.slice(name.length) ?? '')?.[1] ?? 'unknown'
}

function binariesIn(folder: string): ServerBinaries {
  return { etcd: join(folder, 'etcd'), apiServer: join(folder, 'kube-apiserver') }
}
