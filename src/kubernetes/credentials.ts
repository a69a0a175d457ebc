import { Agent as HttpAgent } from 'node:http'
import { Agent, type AgentOptions, type RequestOptions } from 'node:https'
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { KubeConfig } from '@kubernetes/client-node'
import { UsageError, errorText } from '../errors.ts'

/**
 * The cluster and the identity. If both are absent: the Pod's own service account, otherwise the one that
 * kubectl would use.
 */
export interface ClusterChoice {
  readonly kubeconfig?: string
  readonly context?: string
  /** The folder that is used as `/` for the files of the Pod's service account. */
  readonly root?: string
}

/** Reads the kubeconfig or the Pod's service account. Throws a UsageError that names what is missing. */
export async function loadCluster({ kubeconfig, context, root = '' }: ClusterChoice): Promise<KubeConfig> {
  // The client's module is large, and who reads files only does not need it.
  const client = await import('@kubernetes/client-node')
  const config = new client.KubeConfig()
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig)
    else if (context === undefined && isInCluster(root)) config.loadFromCluster(root)
    else config.loadFromDefault()
  } catch (thrown) {
    throw new UsageError(`--kubeconfig: ${errorText(thrown)}`)
  }
  if (context !== undefined) {
    if (!config.getContexts().some(({ name }) => name === context))
      throw new UsageError(`--context ${context}: the kubeconfig has no such context`)
    config.setCurrentContext(context)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null || cluster.server === nowhere) {
    throw new UsageError(
      '--kubernetes: there is neither a service account (as in a pod) nor a kubeconfig; give --kubeconfig ' +
        'FILE',
    )
  }
  return config
}

/** The client's default address. */
const nowhere = 'http://localhost:8080'
const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token'

function isInCluster(root: string): boolean {
  return process.env['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(`${root}${tokenFile}`)
}

/**
 * Gives each request its credentials, which may be renewed at any time, and one agent for as long as they are
 * the same.
 */
export function authenticator(config: KubeConfig): { options(): Promise<RequestOptions>; close(): void } {
  let agent: { readonly options: AgentOptions; readonly agent: Agent } | undefined
  const shared = (options: AgentOptions): Agent => {
    if (agent !== undefined && isDeepStrictEqual(agent.options, options)) return agent.agent
    // Requests under way keep their connections; new requests use the new agent.
    agent = { options, agent: new Agent({ ...options, keepAlive: true, keepAliveMsecs: 30_000 }) }
    return agent.agent
  }
  let plain: HttpAgent | undefined
  return {
    async options() {
      const options: RequestOptions = {}
      await config.applyToHTTPSOptions(options)
      const cluster = config.getCurrentCluster()
      if (cluster?.proxyUrl !== undefined) return options
      if (cluster?.server.startsWith('http:') === true) {
        plain ??= new HttpAgent({ keepAlive: true })
        return { ...(options.headers === undefined ? {} : { headers: options.headers }), agent: plain }
      }
      const { ca, cert, key, servername, rejectUnauthorized, passphrase, pfx } = options
      const given = Object.fromEntries(
        Object.entries({ ca, cert, key, servername, rejectUnauthorized, passphrase, pfx }).filter(
          ([, value]) => value !== undefined,
        ),
      )
      return { ...options, agent: shared(given) }
    },
    close() {
      agent?.agent.destroy()
      plain?.destroy()
    },
  }
}
