import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { givenKubeconfig } from './given-cluster.ts'

const run = promisify(execFile)

const absent = {
  kubectl: process.env['SHADOWPLANE_KUBECTL'] === undefined ? 'neither kubectl nor Go is here' : undefined,
  helm: process.env['SHADOWPLANE_HELM'] === undefined ? 'neither Helm nor Go is here' : undefined,
}

/**
 * Why the tests that need an API server of their own and kubectl cannot run; undefined if they can. See
 * setup.ts.
 */
export const noKubectl = process.env['SHADOWPLANE_NO_API_SERVER'] ?? absent.kubectl
/** The same for those that any cluster will do for. */
export const noInstallation = givenKubeconfig === undefined ? noKubectl : absent.kubectl
/** The same for values files of Helm. */
export const noHelm = noInstallation ?? absent.helm

/** Runs kubectl as somebody; what it prints. Rejects with what it says. */
export type Kubectl = (...args: readonly string[]) => Promise<string>

/** Its cache is beside the kubeconfig, and is removed with the cluster. */
export function kubectlAs(kubeconfig: string): Kubectl {
  return (...args) =>
    client('SHADOWPLANE_KUBECTL', dirname(kubeconfig), ['--kubeconfig', kubeconfig, ...args])
}

/** Runs Helm; what it prints. */
export function helm(...args: readonly string[]): Promise<string> {
  return client('SHADOWPLANE_HELM', tmpdir(), args)
}

/** Nothing of this user's own settings counts, and nothing is left among them. */
async function client(variable: string, home: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.env[variable] ?? '', args, {
    env: { PATH: process.env['PATH'], HOME: home },
    maxBuffer: 1 << 26,
    timeout: 60_000,
  })
  return stdout
}
