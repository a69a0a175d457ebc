import type { ReviewToken } from './token-identity.ts'

const bound = 10_000 // milliseconds

/** Which API server is asked, and as whom; absent: what kubectl would take, or the cluster that the process runs in. */
export interface ReviewCluster {
  readonly kubeconfig?: string
  readonly context?: string
}

/** Has an API server review tokens. Rejects where there is none to ask. */
export async function kubernetesReview({ kubeconfig, context }: ReviewCluster): Promise<ReviewToken> {
  // Costs half a second, which only those pay who ask.
  const { AuthenticationV1Api, KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromDefault()
  else config.loadFromFile(kubeconfig)
  if (context !== undefined) config.setCurrentContext(context)
  if (config.getCurrentCluster() === null) throw new Error('there is no cluster to ask: no kubeconfig, and no ServiceAccount of this process')
  const api = config.makeApiClient(AuthenticationV1Api)
  return async (token, audience) => {
    const review = api.createTokenReview({ body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: [audience] } } })
    const { status } = await within(bound, review)
    return { authenticated: status?.authenticated ?? false, username: status?.user?.username ?? '', audiences: status?.audiences ?? [], error: status?.error ?? '' }
  }
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => { late.reject(new Error(`the API server did not answer in ${milliseconds / 1000} s`)) }, milliseconds)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
