import type { NeededSecret } from '../findings/secret-findings.ts'
import type { SecretContent } from './secret-use.ts'
import { candidateNames } from './secret-value.ts'
import type { Need } from './secret-value.ts'

export interface SecretName {
  readonly namespace: string
  readonly name: string
}

/**
 * The Secrets that an object's reference may mean, whatever the proxy: in the namespace that it names,
 * otherwise in its own.
 */
export function neededIn({ reference, need }: NeededSecret): readonly SecretName[] {
  return named(need, reference.namespace ?? reference.origin.object.namespace, reference.name)
}

/** The Secrets that are looked up for a proxy. */
export function neededFor(content: SecretContent): readonly SecretName[] {
  // A name with a namespace before it is refused to the proxy, so it is nowhere.
  return 'secret' in content && !content.secret.name.includes('/')
    ? named(content.kind, content.secret.namespace, content.secret.name)
    : []
}

/** Namespace and name of an object key. */
export function secretNameOf(key: string): SecretName {
  const [, , namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}

/** Each once, sorted. */
export function distinct(names: readonly SecretName[]): readonly SecretName[] {
  const unique = new Map(names.map((each) => [`${each.namespace}/${each.name}`, each]))
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

function named(need: Need, namespace: string, name: string): readonly SecretName[] {
  return candidateNames(need, name).map((each) => ({ namespace, name: each }))
}
