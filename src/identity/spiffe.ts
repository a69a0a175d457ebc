import type { X509Certificate } from 'node:crypto'

/**
 * `spiffe://<trust domain>/ns/<namespace>/sa/<account>`: the form in which meshes name the ServiceAccounts of
 * Kubernetes.
 */
export interface SpiffeId {
  readonly text: string
  readonly trustDomain: string
  readonly namespace: string
  readonly account: string
}

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const form = new RegExp(`^spiffe://([a-z0-9._-]+)/ns/(${label})/sa/(${label}(?:\\.${label})*)$`)

/** Undefined for any other text. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  const [, trustDomain, namespace, account] = form.exec(text) ?? []
  return trustDomain === undefined || namespace === undefined || account === undefined
    ? undefined
    : { text, trustDomain, namespace, account }
}

/**
 * The URIs among a certificate's alternative names. Node puts the names in one line, and quotes a name that
 * could be taken for more than one; such a one is no SPIFFE id.
 */
export function urisOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return [...subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)].flatMap(
    ([, kind, name = '']) => (kind === 'URI' ? [name] : []),
  )
}
