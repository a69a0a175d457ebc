import { execFile } from 'node:child_process'
import { access, mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where `etcd` and `kube-apiserver` are. */
export interface ServerBinaries {
  readonly etcd: string
  readonly apiServer: string
}

/** Why there is no API server to test against: that is no failure of ours. */
export class NoServer extends Error {}

const module = join(import.meta.dirname, '..')

/** Those of KUBEBUILDER_ASSETS, or else our own, which are built once for each version in go.mod. Rejects with NoServer. */
export async function serverBinaries(progress: (line: string) => void): Promise<ServerBinaries> {
  const assets = process.env['KUBEBUILDER_ASSETS']
  if (assets !== undefined && assets !== '') return binariesIn(assets)
  const { kubernetes, etcd } = versionsIn(await readFile(join(module, 'go.mod'), 'utf8'))
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shadowplane', `kubernetes-${kubernetes}-etcd-${etcd}`)
  const binaries = binariesIn(cache)
  await mkdir(cache, { recursive: true })
  for (const { path, command, flags } of [
    { path: binaries.etcd, command: 'go.etcd.io/etcd/server/v3', flags: '' },
    { path: binaries.apiServer, command: 'k8s.io/kubernetes/cmd/kube-apiserver', flags: versionFlags(kubernetes) },
  ]) {
    if (await isThere(path)) continue
    progress(`building ${command} ${kubernetes} (about 5 minutes for all, once)`)
    await build(path, command, flags)
  }
  return binaries
}

async function build(path: string, command: string, flags: string): Promise<void> {
  const unfinished = `${path}.${process.pid}`
  try {
    await run('nice', ['go', 'build', '-trimpath', '-buildvcs=false', '-ldflags', `-s -w ${flags}`, '-o', unfinished, command], { cwd: module, maxBuffer: 1 << 26 })
  } catch (thrown) {
    const { code, stderr } = thrown as { readonly code?: unknown; readonly stderr?: string }
    if (code === 'ENOENT' || code === 127 || (code === 'ENOENT' && stderr === '')) throw new NoServer('Go is not installed, and neither KUBEBUILDER_ASSETS is set')
    throw new Error(`go build ${command} failed: ${stderr ?? String(thrown)}`, { cause: thrown })
  }
  await rename(unfinished, path)
}

/** Without these the server says that it is of version 0.0. */
function versionFlags(version: string): string {
  const [major, minor] = version.split('.')
  return [['gitVersion', `v${version}`], ['gitMajor', major], ['gitMinor', minor]].map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`).join(' ')
}

function versionsIn(goMod: string): { readonly kubernetes: string; readonly etcd: string } {
  const version = (name: string): string => new RegExp(`^\\s*${name} v(\\S+)`, 'm').exec(goMod)?.[1] ?? 'unknown'
  return { kubernetes: version('k8s\\.io/kubernetes'), etcd: version('go\\.etcd\\.io/etcd/server/v3') }
}

function binariesIn(folder: string): ServerBinaries {
  return { etcd: join(folder, 'etcd'), apiServer: join(folder, 'kube-apiserver') }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false)
}
