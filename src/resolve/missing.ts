import { didYouMean } from '../diagnostics/did-you-mean.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { below, finding, nameOf } from '../diagnostics/finding.ts'
import type { BackendReference } from '../model/backend.ts'
import type { BackendWithoutTls, MissingBackend } from './backend.ts'

/** Whose destination it is, and what its proxies do without it: `requests for it are answered with 503`. */
export interface MissingDestination {
  readonly area: 'route' | 'mirror'
  readonly reference: BackendReference
  readonly consequence: string
}

/** That a destination is not there, at the field that names what is missing, with what to write instead. */
export function missingFinding(missing: MissingBackend | BackendWithoutTls, { area, reference, consequence }: MissingDestination): Diagnostic {
  if (missing.kind === 'without-tls') {
    return finding('tls/unusable-policy', reference.origin, {
      message: `${nameOf(missing.demandedBy)} demands TLS to ${missing.host} that cannot be had here, and nothing is sent there in plain text: ${consequence}`,
      hint: 'see the error at the policy',
    })
  }
  const field = missing.what === 'port' ? ['port', 'number'] : [missing.what]
  return finding(`${area}/${missingKind(missing)}`, below(reference.origin, ...field), {
    message: `${describeMissing(missing, reference.subset)}: ${consequence}`, hint: missingHint(missing),
  })
}

/** `unknown-host`, or `hidden-host` for one that is there and may not be seen. */
function missingKind({ what, hidden }: MissingBackend): 'hidden-host' | 'unknown-host' | 'unknown-port' | 'unknown-subset' {
  return hidden === undefined ? `unknown-${what}` : 'hidden-host'
}

/** What is not there, as the beginning of a sentence. */
function describeMissing({ what, host, port, hidden, standsFor }: MissingBackend, subset: string | undefined): string {
  if (hidden?.by.kind === 'egress') {
    return what === 'port' ? `${nameOf(hidden.by.rule)} hides port ${port} of ${host} from the sidecars in ${hidden.namespace}`
      : `${nameOf(hidden.by.rule)} hides ${host} from the sidecars in ${hidden.namespace}`
  }
  if (hidden !== undefined) return `${nameOf(hidden.service.origin)} does not show ${host} to proxies in ${hidden.namespace}`
  switch (what) {
    case 'host': return standsFor === undefined ? `host ${host} is not defined` : `${host} stands for ${standsFor}, which is not defined`
    case 'port': return `${host} has no port ${port}`
    case 'subset': return `${host} has no subset ${subset ?? ''}`
  }
}

/** What to write instead of a host, port or subset that is not there. */
function missingHint({ what, host, present, hidden, standsFor }: MissingBackend): string | undefined {
  if (hidden !== undefined) {
    return hidden.by.kind === 'visibility' ? `add ${hidden.namespace} to what it is exported to` : `add ${hidden.service.namespace}/${hidden.service.host} to its egress hosts`
  }
  switch (what) {
    case 'host': {
      if (standsFor !== undefined) return `define ${standsFor}, or name what its requests are to reach`
      const guess = similarHost(host, present)
      return guess === undefined ? undefined : `did you mean ${guess}?`
    }
    case 'port': return present.length === 0 ? undefined : `it has ${present.join(', ')}`
    case 'subset': return present.length === 0 ? 'no DestinationRule gives it subsets' : `there are ${present.join(', ')}`
  }
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
