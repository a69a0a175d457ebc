import { globSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../support/command.ts'
import { sharedFolder } from '../../support/shared.ts'
import { startCluster, until } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { kubectlAs } from './kubectl.ts'
import type { Kubectl } from './kubectl.ts'

/** A cluster with the definitions of dialects and the objects of deploy/, none of which run. */
export interface Installation {
  readonly cluster: Cluster
  /** An administrator. */
  readonly kubectl: Kubectl
  /** The kubeconfig of the control plane's own account. */
  readonly account: string
  /** A token of an account, for an audience; for the API server without one. */
  token(account: { readonly account: string; readonly namespace: string }, audience?: string): Promise<string>
  close(): Promise<void>
}

/** Folders of the definitions of all dialects. */
export const allDefinitions = ['istio', 'gateway-api/standard', 'gloo', 'emissary'] as const

/** `folders`: of the definitions; `apiFlags`: of the API server. */
export async function startInstallation(
  folders: readonly string[],
  apiFlags: readonly string[] = [],
): Promise<Installation> {
  const cluster = await startCluster(apiFlags)
  const kubectl = kubectlAs(cluster.kubeconfig)
  try {
    await define(kubectl, folders)
    await kubectl('apply', '-k', join(projectRoot, 'deploy'))
    const token: Installation['token'] = async ({ account, namespace }, audience) =>
      (
        await kubectl(
          'create',
          'token',
          account,
          '--namespace',
          namespace,
          ...(audience === undefined ? [] : ['--audience', audience]),
        )
      ).trim()
    const account = await cluster.writeKubeconfig('control-plane', {
      token: await token({ account: 'shadowplane', namespace: 'shadowplane' }),
    })
    return { cluster, kubectl, account, token, close: () => cluster.close() }
  } catch (error) {
    await cluster.close()
    throw error
  }
}

/** Installs the definitions as a person does; resolves when they are served. */
export async function define(kubectl: Kubectl, folders: readonly string[]): Promise<void> {
  const files = globSync(
    folders.map((folder) => `${folder}/*.yaml`),
    { cwd: join(sharedFolder, 'crds') },
  )
    // A policy that refuses the definitions of another channel.
    .filter((file) => !file.includes('safeupgrades'))
    .toSorted()
  if (files.length === 0) return
  const flags = files.flatMap((file) => ['-f', join(sharedFolder, 'crds', file)])
  await kubectl('apply', '--server-side', ...flags)
  // It fails at once for a definition that has no conditions yet.
  await until('the definitions to be established', () =>
    kubectl('wait', '--for=condition=Established', ...flags, '--timeout=30s').then(
      () => true,
      () => false,
    ),
  )
}
