import { didYouMean } from '../diagnostics/did-you-mean.ts'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import type { BackendReference } from '../model/backend.ts'
import { nameOf } from '../diagnostics/finding.ts'
import type { MissingBackend } from './backend.ts'

/** `unknown-host`, or `hidden-host` for one that is there and may not be seen. */
export function missingKind({ what, hidden }: MissingBackend): 'hidden-host' | 'unknown-host' | 'unknown-port' | 'unknown-subset' {
  return hidden === undefined ? `unknown-${what}` : 'hidden-host'
}

/** What is not there, as the beginning of a sentence. */
export function describeMissing({ what, host, port, hidden }: MissingBackend, subset: string | undefined): string {
  if (hidden?.by.kind === 'egress') {
    return what === 'port' ? `${nameOf(hidden.by.rule)} hides port ${port} of ${host} from the sidecars in ${hidden.namespace}`
      : `${nameOf(hidden.by.rule)} hides ${host} from the sidecars in ${hidden.namespace}`
  }
  if (hidden !== undefined) return `${nameOf(hidden.service.origin)} does not show ${host} to proxies in ${hidden.namespace}`
  switch (what) {
    case 'host': return `host ${host} is not defined`
    case 'port': return `${host} has no port ${port}`
    case 'subset': return `${host} has no subset ${subset ?? ''}`
  }
}

/** What to write instead of a host, port or subset that is not there. */
export function missingHint({ what, host, present, hidden }: MissingBackend): { readonly hint?: string } {
  if (hidden !== undefined) {
    return { hint: hidden.by.kind === 'visibility' ? `add ${hidden.namespace} to what it is exported to` : `add ${hidden.service.namespace}/${hidden.service.host} to its egress hosts` }
  }
  switch (what) {
    case 'host': {
      const guess = similarHost(host, present)
      return guess === undefined ? {} : { hint: `did you mean ${guess}?` }
    }
    case 'port': return present.length === 0 ? {} : { hint: `it has ${present.join(', ')}` }
    case 'subset': return { hint: present.length === 0 ? 'no DestinationRule gives it subsets' : `there are ${present.join(', ')}` }
  }
}

/** The field of the destination that names what is not there. */
export function missingPath({ origin }: BackendReference, { what }: MissingBackend): FieldPath {
  return [...origin.path, ...(what === 'port' ? ['port', 'number'] : [what])]
}

/** By the first label: most hosts of a mesh have the others in common. Of several, the one of the same namespace. */
export function similarHost(host: string, hosts: readonly string[]): string | undefined {
  const label = didYouMean(firstLabel(host), hosts.map(firstLabel))
  if (label === undefined) return undefined
  const beside = `${label}${host.slice(firstLabel(host).length)}`
  return hosts.includes(beside) ? beside : hosts.find((each) => firstLabel(each) === label)
}

function firstLabel(host: string): string {
  return host.split('.', 1)[0] ?? host
}
