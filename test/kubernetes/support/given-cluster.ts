import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { kubernetesApi } from '../../../src/kubernetes/api.ts'
import { startCluster } from './cluster.ts'
import type { AnyCluster } from './cluster.ts'

/** A kubeconfig of a cluster to try things in; never one that happens to be kubectl's. */
export const givenKubeconfig = process.env['SHADOWPLANE_TEST_KUBECONFIG']

/** The cluster of SHADOWPLANE_TEST_KUBECONFIG, which stays when it is closed; else one of our own. */
export async function anyCluster(): Promise<AnyCluster> {
  if (givenKubeconfig === undefined) return startCluster()
  const kubeconfig = givenKubeconfig
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-given-'))
  const api = await kubernetesApi({ kubeconfig })
  return {
    kubeconfig,
    api,
    async writeKubeconfig(name, { token }) {
      const given = parse(await readFile(kubeconfig, 'utf8')) as Given
      const user = given.contexts.find((each) => each.name === given['current-context'])?.context.user
      const file = join(folder, name)
      await writeFile(file, JSON.stringify({ ...given, users: [{ name: user, user: { token } }] }), {
        mode: 0o600,
      })
      return file
    },
    async close() {
      api.close()
      await rm(folder, { recursive: true })
    },
  }
}

interface Given {
  readonly 'current-context': string
  readonly contexts: readonly { readonly name: string; readonly context: { readonly user: string } }[]
}
