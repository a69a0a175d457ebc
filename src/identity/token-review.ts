import type { ReviewToken } from './token-identity.ts'

const bound = 10_000 // milliseconds

/** Asks the API server of the kubeconfig, or of the cluster that the process runs in. Rejects where there is neither. */
export async function kubernetesReview(): Promise<ReviewToken> {
  // Costs half a second, which only those pay who ask.
  const { AuthenticationV1Api, KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  config.loadFromDefault()
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
