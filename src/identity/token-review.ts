import { kubernetesApi } from '../kubernetes/api.ts'
import type { ClusterChoice } from '../kubernetes/credentials.ts'
import { isRecord } from '../manifest/message.ts'
import type { ReviewToken } from './token-identity.ts'

const bound = 10_000 // milliseconds

/** Has an API server review tokens. Rejects with UsageError if no API server is configured. */
export async function kubernetesReview(cluster: ClusterChoice): Promise<ReviewToken> {
  const api = await kubernetesApi(cluster)
  return async (token, audience) => {
    const { value } = await api.request({
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      method: 'POST',
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: [audience] },
      },
      idle: bound,
    })
    const status = recordIn(value, 'status')
    const audiences = status['audiences']
    return {
      authenticated: status['authenticated'] === true,
      username: textIn(recordIn(status, 'user'), 'username'),
      audiences: Array.isArray(audiences) ? audiences.filter((each) => typeof each === 'string') : [],
      error: textIn(status, 'error'),
    }
  }
}

function recordIn(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const found = isRecord(value) ? value[name] : undefined
  return isRecord(found) ? found : {}
}

function textIn(value: Readonly<Record<string, unknown>>, name: string): string {
  const found = value[name]
  return typeof found === 'string' ? found : ''
}
