import { objectKey } from '../../diagnostics/diagnostic.ts'
import { nameOf } from '../../diagnostics/finding.ts'
import type { Json, JsonObject, Manifest } from '../../manifest/manifest.ts'
import type { Service } from '../../model/backend.ts'
import { hasLabels } from '../../model/labels.ts'
import type { Labels } from '../../model/labels.ts'
import { compareText } from '../../model/names.ts'
import { createNaming, present } from '../rendered.ts'
import type { Writable, RenderedObject } from '../rendered.ts'

/**
 * Writes Services that select some of the pods of another Service: the Gateway API names nothing smaller than
 * a Service.
 */
export interface SubsetServices {
  /** The name of the Service, in the namespace of the whole one, or the reason why there can be none. */
  serviceFor(selection: Selection): { readonly name: string } | string
  /** The Services, with EndpointSlices if the input has those of the whole Service. */
  objects(): readonly RenderedObject[]
}

export interface Selection {
  readonly service: Pick<Service, 'host' | 'name' | 'namespace' | 'origin'>
  /** Name of the subset: the end of the Service's name. */
  readonly name: string
  /** Labels of the Pods, in addition to those that the whole Service selects. */
  readonly labels: Labels
}

export function createSubsetServices({
  manifests,
  backendTls,
}: Pick<Writable, 'manifests' | 'backendTls'>): SubsetServices {
  const byKey = new Map(manifests.map((manifest) => [objectKey(manifest.id), manifest]))
  const taken = new Set(manifests.map(({ id: { kind, namespace, name } }) => `${kind}/${namespace}/${name}`))
  const naming = createNaming(({ kind, namespace, name }) => taken.has(`${kind}/${namespace}/${name}`))
  const written = new Map<string, { readonly name: string; readonly objects: readonly RenderedObject[] }>()

  function pods(slice: Manifest, labels: Labels): PodsOfSlice {
    const endpoints = listOf(slice.object['endpoints'])
    const known = endpoints.flatMap((endpoint) => {
      const { kind, name } = objectOf(objectOf(endpoint)['targetRef'])
      const pod =
        kind !== 'Pod' || typeof name !== 'string'
          ? undefined
          : byKey.get(objectKey({ group: '', kind, namespace: slice.id.namespace, name }))
      return pod === undefined ? [] : [{ endpoint, labels: pod.labels }]
    })
    return {
      slice,
      areKnown: known.length === endpoints.length,
      selected: known.filter((each) => hasLabels(each.labels, labels)).map(({ endpoint }) => endpoint),
    }
  }

  return {
    serviceFor({ service, name: subset, labels }) {
      const { namespace, name: whole } = service
      const key = JSON.stringify([
        service.host,
        subset,
        Object.entries(labels).toSorted(([a], [b]) => compareText(a, b)),
      ])
      const known = written.get(key)
      if (known !== undefined) return known
      const manifest = byKey.get(objectKey({ group: '', kind: 'Service', namespace, name: whole }))
      if (manifest === undefined) return `Service ${namespace}/${whole} is not among the files`
      const spec = objectOf(manifest.object['spec'])
      const selector = objectOf(spec['selector'])
      if (Object.keys(selector).length === 0 || spec['type'] === 'ExternalName')
        return `${nameOf(service.origin)} selects no pods`
      if (
        Object.entries(labels).some(
          ([label, value]) => Object.hasOwn(selector, label) && selector[label] !== value,
        )
      )
        return `${nameOf(service.origin)} selects no pods with its labels`
      const demanded = backendTls.find(({ host }) => host === service.host)
      if (demanded !== undefined)
        return (
          `${nameOf(demanded.origin)} demands TLS to the whole Service, and a Service for the subset ` +
          `would have none`
        )
      const slices = manifests
        .filter(
          ({ id, labels: own }) =>
            id.kind === 'EndpointSlice' && id.namespace === namespace && own[serviceNameLabel] === whole,
        )
        .map((slice) => pods(slice, labels))
      const unknown = slices.find(({ areKnown }) => !areKnown)
      if (unknown !== undefined)
        return (
          `${nameOf({ object: unknown.slice.id })} has endpoints whose Pods are not among the files, ` +
          `so that their labels are not known`
        )
      const name = freeName(`${whole}-${subset}`, (candidate) =>
        taken.has(`Service/${namespace}/${candidate}`),
      )
      taken.add(`Service/${namespace}/${name}`)
      const copies = slices
        .filter(({ selected }) => selected.length > 0)
        .map((each) =>
          sliceOf(each, { service: name, name: naming({ kind: 'EndpointSlice', namespace, name }) }),
        )
      written.set(key, {
        name,
        objects: [serviceOf(manifest, { name, spec, selector: { ...selector, ...labels } }), ...copies],
      })
      return { name }
    },
    objects: () => [...written.values()].flatMap(({ objects }) => objects),
  }
}

const serviceNameLabel = 'kubernetes.io/service-name'

interface PodsOfSlice {
  readonly slice: Manifest
  /** Whether the Pod of every endpoint is among the files. */
  readonly areKnown: boolean
  /** Unchanged endpoints whose Pods have the labels. */
  readonly selected: readonly Json[]
}

/**
 * Fields about the way to the Pods from within the cluster. Addresses and ports on nodes belong to the whole
 * Service.
 */
const carriedFields = [
  'ipFamilies',
  'ipFamilyPolicy',
  'publishNotReadyAddresses',
  'sessionAffinity',
  'sessionAffinityConfig',
  'internalTrafficPolicy',
  'trafficDistribution',
]

function serviceOf(
  { id: { namespace }, annotations }: Manifest,
  {
    name,
    spec,
    selector,
  }: { readonly name: string; readonly spec: JsonObject; readonly selector: JsonObject },
): RenderedObject {
  const exported = Object.fromEntries(
    Object.entries(annotations).filter(([annotation]) => annotation === 'networking.istio.io/exportTo'),
  )
  const metadata = present<Json>({
    name,
    namespace,
    annotations: Object.keys(exported).length === 0 ? undefined : exported,
  })
  const ports = listOf(spec['ports']).map((port) =>
    Object.fromEntries(Object.entries(objectOf(port)).filter(([field]) => field !== 'nodePort')),
  )
  const carried = Object.fromEntries(carriedFields.map((field) => [field, spec[field]]))
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: present<Json>({
        clusterIP: spec['clusterIP'] === 'None' ? 'None' : undefined,
        selector,
        ports,
        ...carried,
      }),
    },
    comments: [],
  }
}

/** Labels are the original's, so that the cluster's controller continues to manage what it manages. */
function sliceOf(
  { slice: { id, labels, object }, selected }: PodsOfSlice,
  { service, name }: { readonly service: string; readonly name: string },
): RenderedObject {
  const metadata = { name, namespace: id.namespace, labels: { ...labels, [serviceNameLabel]: service } }
  return {
    object: present<Json>({
      apiVersion: object['apiVersion'],
      kind: 'EndpointSlice',
      metadata,
      addressType: object['addressType'],
      ports: object['ports'],
      endpoints: selected,
    }),
    comments: [],
  }
}

const longestLabel = 63

/** A text as the name of a Service (RFC 1035 label), numbered if it is taken. */
function freeName(text: string, isTaken: (name: string) => boolean): string {
  const wanted = text.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-')
  for (let count = 1; ; count += 1) {
    const suffix = count === 1 ? '' : `-${count}`
    const candidate = `${wanted.slice(0, longestLabel - suffix.length).replace(/-+$/, '')}${suffix}`
    if (!isTaken(candidate)) return candidate
  }
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !isList(value) ? value : {}
}

function listOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : []
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
