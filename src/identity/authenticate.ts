import type { ClusterChoice } from '../kubernetes/credentials.ts'
import type { Authenticate } from '../server/authentication.ts'
import { anyCertificate, byCertificate } from './certificate-identity.ts'
import { byToken } from './token-identity.ts'
import { kubernetesReview } from './token-review.ts'

/** By what a proxy shows that it is of its namespace. */
export type ProxyIdentity =
  | { readonly kind: 'none' }
  | { readonly kind: 'certificate'; readonly trustDomain: string }
  | ({ readonly kind: 'token'; readonly audience: string } & ClusterChoice)

export interface IdentityOptions {
  readonly identity: ProxyIdentity
  /** `required`: nobody is let in without a certificate of the authority for clients. */
  readonly certificates: 'required' | 'unknown'
}

/** Undefined if every proxy is admitted. Rejects if no API server can review tokens. */
export async function authenticator({
  identity,
  certificates,
}: IdentityOptions): Promise<Authenticate | undefined> {
  switch (identity.kind) {
    case 'none':
      return certificates === 'required' ? anyCertificate : undefined
    case 'certificate':
      return byCertificate(identity.trustDomain)
    case 'token': {
      const token = byToken({
        review: await kubernetesReview(identity),
        audience: identity.audience,
        now: Date.now,
      })
      return certificates === 'required' ? after(anyCertificate, token) : token
    }
  }
}

function after(first: Authenticate, second: Authenticate): Authenticate {
  return async (caller) => {
    const found = await first(caller)
    return 'reason' in found ? found : second(caller)
  }
}
