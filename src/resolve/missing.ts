import { didYouMean } from '../diagnostics/did-you-mean.ts'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import type { BackendReference } from '../model/backend.ts'
import type { MissingBackend } from './backend.ts'

/** What to write instead of a host, port or subset that is not there. */
export function missingHint({ what, host, present }: MissingBackend): { readonly hint?: string } {
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

/** By the first label: most hosts of a mesh have the others in common. */
function similarHost(host: string, hosts: readonly string[]): string | undefined {
  const label = didYouMean(firstLabel(host), hosts.map(firstLabel))
  return label === undefined ? undefined : hosts.find((each) => firstLabel(each) === label)
}

function firstLabel(host: string): string {
  return host.split('.', 1)[0] ?? host
}
