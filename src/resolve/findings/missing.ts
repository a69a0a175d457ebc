import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import { below, finding, nameOf } from '../../diagnostics/finding.ts'
import type { BackendPolicy, BackendReference } from '../../model/backend.ts'
import type { BackendWithoutTls, Listening, MissingBackend, ResolvedBackend } from '../backend.ts'
import { portsWithClusters } from '../backend.ts'
import type { NamespaceFinding, NamespaceText } from './namespace-finding.ts'
import { firstLabel, firstLabels } from '../host-names.ts'

/**
 * The destination that is missing, and the consequence for its requests: `requests for it are answered with
 * 503`.
 */
export interface MissingDestination {
  readonly area: 'route' | 'mirror'
  readonly reference: BackendReference
  readonly consequence: string
  /** Namespace of the proxies. */
  readonly namespace: string
  /**
   * For a mirror: the destinations of its route. A hint never suggests one of them, since the copies would go
   * there too.
   */
  readonly primaries: readonly ResolvedBackend[]
}

/** The finding for a missing destination, at the field that names it, with a hint about what exists. */
export function missingFinding(
  missing: MissingBackend | BackendWithoutTls,
  destination: MissingDestination,
): NamespaceFinding {
  const { area, reference, consequence, namespace } = destination
  if (missing.kind === 'without-tls') {
    return {
      code: 'tls/unusable-policy',
      origin: reference.origin,
      namespace,
      message:
        `${nameOf(missing.demandedBy)} demands TLS to ${missing.host} that cannot be had here, and ` +
        `nothing is sent there in plain text: ${consequence}`,
      hint: 'see the error at the policy',
    }
  }
  const field = missing.what === 'port' ? ['port', 'number'] : [missing.what]
  const says = describeMissing(missing, reference.subset)
  return {
    code: `${area}/${missingKind(missing)}`,
    origin: below(reference.origin, ...field),
    namespace,
    message: typeof says === 'string' ? `${says}: ${consequence}` : [says[0], `${says[1]}: ${consequence}`],
    hint: missingHint(missing, destination),
  }
}

/** `hidden-host` if the destination exists but is not visible to the proxies. */
function missingKind({
  what,
  hidden,
}: MissingBackend): 'hidden-host' | 'unknown-host' | 'unknown-port' | 'unknown-subset' {
  return hidden === undefined ? `unknown-${what}` : 'hidden-host'
}

/** The beginning of a sentence that says which part of the destination is missing. */
function describeMissing(
  { what, host, port, hidden, standsFor, definedBy }: MissingBackend,
  subset: string | undefined,
): NamespaceText {
  if (hidden?.by.kind === 'egress') {
    return [
      `${nameOf(hidden.by.rule)} hides ${what === 'port' ? `port ${port} of ` : ''}${host} from the ` +
        `sidecars in `,
      '',
    ]
  }
  if (hidden !== undefined)
    return [`${nameOf(hidden.service.origin)} does not show ${host} to proxies in `, '']
  switch (what) {
    case 'host':
      return standsFor === undefined
        ? `host ${host} is not defined`
        : `${host} is an alias of ${standsFor}, which is not defined`
    case 'port':
      return `${host} has no port ${port}`
    case 'subset': {
      const says = `${host} has no subset ${subset ?? ''}`
      return definedBy.length === 0 ? says : [`${says} for proxies in `, '']
    }
  }
}

/** A hint for a missing host, port or subset. */
function missingHint(
  missing: MissingBackend,
  { primaries, reference }: MissingDestination,
): NamespaceText | undefined {
  const { what, host, present, hidden, standsFor } = missing
  if (hidden !== undefined) {
    return hidden.by.kind === 'visibility'
      ? ['add ', ' to what it is exported to']
      : `add ${hidden.service.namespace}/${hidden.service.host} to its egress hosts`
  }
  const own = primaries.flatMap((each) => (each.kind === 'found' ? [each] : []))
  switch (what) {
    case 'host': {
      if (standsFor !== undefined) return `define ${standsFor}, or name what its requests are to reach`
      const guess = otherHost(
        host,
        present,
        own.map((primary) => primary.host),
      )
      return guess === undefined ? undefined : `did you mean ${guess}?`
    }
    case 'port':
      return listedHint(
        'it has',
        present.filter(
          (each) => !own.some((primary) => primary.host === host && String(primary.port) === each),
        ),
      )
    case 'subset':
      return subsetHint(missing, {
        wanted: reference.subset ?? '',
        ownSubsets: own.filter((primary) => primary.host === host).map(({ subset }) => subset),
      })
  }
}

/**
 * A similar host that is not in `own`. The filtered list is made only if it is needed, because many findings
 * share the whole list.
 */
function otherHost(host: string, hosts: readonly string[], own: readonly string[]): string | undefined {
  const guess = similarHost(host, hosts)
  return guess === undefined || !own.includes(guess)
    ? guess
    : similarHost(
        host,
        hosts.filter((each) => !own.includes(each)),
      )
}

function subsetHint(
  { host, present, definedBy: [other] }: MissingBackend,
  { wanted, ownSubsets }: { readonly wanted: string; readonly ownSubsets: readonly (string | undefined)[] },
): string | undefined {
  if (other !== undefined)
    return `${nameOf(other.origin)} has it, and is not in force there: ${whyNot(other)}`
  if (present.length === 0) return `define subset ${wanted} of ${host}, or leave the subset out`
  return listedHint(
    'there are',
    present.filter((each) => !ownSubsets.includes(each)),
  )
}

function whyNot({ namespace, visibility }: BackendPolicy): string {
  return visibility === 'everywhere'
    ? `one in the namespace of the Service is for all proxies, one in ${namespace} for those in ${namespace}`
    : 'check the namespaces that may see it, and the other policies of the host'
}

function listedHint(lead: string, names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `${lead} ${names.join(', ')}`
}

/** The most letters that may differ for a whole host to be suggested. */
const fewEdits = 2

/** A host that differs in a letter or two, else one with a similar first label: beside it, or anywhere. */
export function similarHost(host: string, hosts: readonly string[]): string | undefined {
  const close = didYouMean(host, hosts, fewEdits)
  if (close !== undefined) return close
  const label = didYouMean(firstLabel(host), firstLabels(hosts))
  if (label === undefined) return undefined
  const beside = `${label}${host.slice(firstLabel(host).length)}`
  return hosts.includes(beside) ? beside : hosts.find((each) => firstLabel(each) === label)
}

/**
 * Reports a destination without a port whose host has several ports, on a gateway: the gateway takes the port
 * of its listener. (On a sidecar this is intended: a request to port 9090 of one host goes to port 9090 of
 * the other.)
 */
export function ambiguousPort(
  code: 'route/ambiguous-port' | 'mirror/ambiguous-port',
  reference: BackendReference,
  listening: Listening & { readonly backend: ResolvedBackend },
): readonly Diagnostic[] {
  const { backend, visible } = listening
  if (visible.scope.role !== 'gateway' || reference.port !== undefined || backend.kind !== 'found') return []
  const ports = portsWithClusters(backend.service).map(({ number }) => number)
  if (ports.length < 2) return []
  return [
    finding(code, below(reference.origin, 'host'), {
      message:
        `${backend.host} has the ports ${ports.join(', ')} and none is named: gateways take the ` +
        `port of their own listener, here ${listening.port}`,
      hint: `name port ${ports.join(' or ')}`,
    }),
  ]
}
