import { isDeepStrictEqual } from 'node:util'
import { createSubsetServices } from './subset.ts'
import { nameOfBackend } from '../rendered.ts'
import type { Writable, RenderedObject } from '../rendered.ts'
import { nameOf } from '../../diagnostics/finding.ts'
import type { JsonObject } from '../../manifest/manifest.ts'
import type { BackendPolicy, BackendReference, BackendSettings, Service } from '../../model/backend.ts'
import type { Labels } from '../../model/labels.ts'
import { compareSpecificity, hostIsWithin } from '../../model/names.ts'

/** Names backends as the Gateway API does: Services of Kubernetes, by port. */
export interface Backends {
  /** A BackendObjectReference from a route of the namespace, or the reason why there is none. */
  reference(backend: BackendReference, from: ReferenceSite): JsonObject | string
  /** `<namespace of the route> <namespace of the Service>` of the references that need a ReferenceGrant. */
  readonly crossings: ReadonlySet<string>
  /** Services that had to be written, with their EndpointSlices: those for subsets. */
  written(): readonly RenderedObject[]
}

export interface ReferenceSite {
  readonly namespace: string
  /** Port of the listener, for a backend that names none; undefined if there are several. */
  readonly port: number | undefined
}

export function createBackends(model: Writable): Backends {
  const {
    services,
    settings: { domain },
  } = model
  const subsets = createSubsetServices(model)
  const byHost = new Map(services.map((service) => [service.host, service]))
  const named = (host: string): NamedService | undefined => byHost.get(host) ?? unknownService(host, domain)
  const crossings = new Set<string>()

  /** The name of the Service, or of one that is written for the selected Pods. */
  function selected(
    whole: NamedService,
    { first, labels = {}, subset }: Meant,
  ): { readonly name: string } | string {
    const ofSubset = subset === undefined ? {} : subsetLabels(first, subset, model)
    if (typeof ofSubset === 'string') return noService(`subset ${subset ?? ''} of ${first.host}`, ofSubset)
    const all = { ...labels, ...ofSubset }
    if (Object.keys(all).length === 0) return whole
    const name = [
      ...(Object.keys(labels).length === 0 ? [] : [first.origin.object.name]),
      ...(subset === undefined ? [] : [subset]),
    ].join('-')
    const written = subsets.serviceFor({ service: whole, name, labels: all })
    if (typeof written !== 'string') return written
    return subset === undefined
      ? noService(`the pods that ${nameOf(first.origin)} selects by label`, written)
      : noService(`subset ${subset} of ${first.host}`, written)
  }

  return {
    crossings,
    written: () => subsets.objects(),
    reference(backend, { namespace, port: listenerPort }) {
      if (backend.rejected === true) return `${nameOfBackend(backend)} is not permitted, or does not exist`
      const first = named(backend.host)
      const [only, ...more] = first?.ports ?? []
      const namedPort =
        backend.port ??
        (only !== undefined && more.length === 0
          ? only.number
          : first?.ports.find(({ number }) => number === listenerPort)?.number)
      const behind = first?.endpointsOf?.[namedPort ?? 0]
      const service = behind === undefined ? first : named(behind.host)
      const port = behind?.port ?? namedPort
      const mistake = whyNot(service, backend, port)
      if (mistake !== undefined || service === undefined || first === undefined) return mistake ?? ''
      const meant = selected(service, { first, labels: behind?.labels, subset: backend.subset })
      if (typeof meant === 'string') return meant
      if (service.namespace !== namespace) crossings.add(`${namespace} ${service.namespace}`)
      return {
        name: meant.name,
        ...(service.namespace === namespace ? {} : { namespace: service.namespace }),
        ...(port === undefined ? {} : { port }),
      }
    },
  }
}

type NamedService = Pick<Service, 'host' | 'name' | 'namespace' | 'ports' | 'origin' | 'endpointsOf'>

interface Meant {
  /** The service that the route names; its policies define the subset. */
  readonly first: NamedService
  /** Labels of the selected Pods, if it is not the Service itself. */
  readonly labels: Labels | undefined
  readonly subset: string | undefined
}

function noService(what: string, why: string): string {
  return `${what}: the Gateway API has no subsets, and no Service can be written for it: ${why}`
}

/** A Service that is not among the files, which its name in the cluster tells. */
function unknownService(host: string, domain: string): NamedService | undefined {
  const suffix = `.svc.${domain}`
  const [name = '', namespace = '', ...more] = host.endsWith(suffix)
    ? host.slice(0, -suffix.length).split('.')
    : []
  return name === '' || namespace === '' || more.length > 0
    ? undefined
    : {
        host,
        name,
        namespace,
        ports: [],
        origin: { object: { group: '', kind: 'Service', namespace, name }, path: [] },
      }
}

function whyNot(
  service: NamedService | undefined,
  { host }: BackendReference,
  port: number | undefined,
): string | undefined {
  if (service === undefined) return `${host} is no Service that is known here`
  if (service.origin.object.group !== '')
    return `${host} is a ${service.origin.object.kind}, which the Gateway API cannot name`
  return port === undefined ? `${host} without a port: it has several` : undefined
}

/**
 * The labels of a subset if they are the same for every proxy, or the reason why no Service can replace it.
 */
function subsetLabels(
  service: Pick<Service, 'host' | 'namespace'>,
  subset: string,
  model: Pick<Writable, 'policies' | 'settings'>,
): Labels | string {
  const all = model.policies.filter(({ host }) => host === service.host || hostIsWithin(service.host, host))
  const defined = definitions(all, subset)
  const effective = definitions(inForce(service, all, model), subset)
  const [first] = effective
  if (first === undefined)
    return defined.length === 0
      ? 'no DestinationRule defines it'
      : 'its DestinationRule is not for all proxies'
  const others = all.filter(
    ({ namespace }) => namespace !== service.namespace && namespace !== model.settings.rootNamespace,
  )
  const isClear =
    effective.every(({ labels }) => isDeepStrictEqual(labels, first.labels)) &&
    others.every((policy) =>
      definitions([policy], subset).some(({ labels }) => isDeepStrictEqual(labels, first.labels)),
    )
  if (!isClear) return 'there are several DestinationRules for its host, which differ in it'
  const encrypted = effective.find(({ hasTls }) => hasTls)
  return encrypted === undefined ? first.labels : `${nameOf(encrypted.policy.origin)} demands TLS to it`
}

interface Definition {
  readonly policy: BackendPolicy
  readonly labels: Labels
  readonly hasTls: boolean
}

function definitions(policies: readonly BackendPolicy[], subset: string): readonly Definition[] {
  return policies.flatMap((policy) =>
    policy.subsets
      .filter(({ name }) => name === subset)
      .map(({ labels, settings: { all, ports } }): Definition => ({
        policy,
        labels,
        hasTls: [all, ...Object.values(ports)].some(({ tls }: BackendSettings) => tls !== undefined),
      })),
  )
}

/**
 * Policies for the most specific host, beside the Service or else in the root namespace, that all proxies may
 * see.
 */
function inForce(
  { host, namespace }: Pick<Service, 'host' | 'namespace'>,
  policies: readonly BackendPolicy[],
  { settings }: Pick<Writable, 'settings'>,
): readonly BackendPolicy[] {
  const beside = policies.filter((policy) => policy.namespace === namespace)
  const pool =
    beside.length > 0 ? beside : policies.filter((policy) => policy.namespace === settings.rootNamespace)
  const best =
    pool.find((policy) => policy.host === host)?.host ??
    pool.map((policy) => policy.host).toSorted(compareSpecificity)[0]
  const closest = pool.filter((policy) => policy.host === best)
  return closest.every(({ visibility }) => visibility === 'everywhere') ? closest : []
}
