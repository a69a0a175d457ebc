import { bytesAt, fieldsOf, lastBytes, lastText } from './protobuf-fields.ts'
import type { Field } from './protobuf-fields.ts'

export type Mode = 'sotw' | 'delta'

/** The content of a discovery response without its nonce: streams with equal responses share one value. */
export interface Carried {
  readonly typeUrl: string
  readonly version: string
  readonly resources: readonly CarriedResource[]
  readonly removed: readonly string[]
  /** The whole response as it came first, to look for a change in. */
  readonly bytes: Buffer
}

export interface CarriedResource {
  readonly name: string
  /** '' in SotW. */
  readonly version: string
  /** The names that the client requests next: a cluster's endpoints, a listener's route configurations. */
  readonly names: readonly string[]
  /** True for a route configuration whose virtual hosts come one by one. */
  readonly hasVhds: boolean
}

export interface Arrived {
  readonly carried: Carried
  readonly nonce: string
}

const prefix = 'type.googleapis.com/'
export const typeUrls = {
  cluster: `${prefix}envoy.config.cluster.v3.Cluster`,
  endpoint: `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  listener: `${prefix}envoy.config.listener.v3.Listener`,
  route: `${prefix}envoy.config.route.v3.RouteConfiguration`,
  virtualHost: `${prefix}envoy.config.route.v3.VirtualHost`,
  runtime: `${prefix}envoy.service.runtime.v3.Runtime`,
} as const

interface Known {
  readonly head: Buffer
  readonly tail: Buffer
  readonly carried: Carried
}

const nonceField = 5 // of DiscoveryResponse and DeltaDiscoveryResponse
const remembered = 32

/**
 * Reads responses. One that differs from an earlier one only in its nonce is recognized by comparing bytes.
 */
export class ResponseReader {
  readonly #mode: Mode
  #known: readonly Known[] = []

  constructor(mode: Mode) {
    this.#mode = mode
  }

  /** `arrived` is not kept: it is copied when it is new. */
  read(arrived: Buffer): Arrived {
    for (const known of this.#known) {
      const nonce = nonceWithin(arrived, known)
      if (nonce !== undefined) return { carried: known.carried, nonce }
    }
    const message = Buffer.from(arrived)
    const fields = fieldsOf(message)
    const carried = this.#mode === 'delta' ? carriedByDelta(message, fields) : carriedBySotw(message, fields)
    const nonce = fields.findLast((field) => field.number === nonceField)
    if (nonce === undefined) return { carried, nonce: '' }
    this.#known = [
      { head: message.subarray(0, nonce.start), tail: message.subarray(nonce.end), carried },
      ...this.#known,
    ].slice(0, remembered)
    return { carried, nonce: nonce.bytes.toString() }
  }
}

/** The nonce, if that is all in which the message differs. Nonces are shorter than 128 bytes. */
function nonceWithin(message: Buffer, { head, tail }: Known): string | undefined {
  const length = message[head.length + 1] ?? 0
  if (
    message[head.length] !== nonceField * 8 + 2 ||
    message.length !== head.length + 2 + length + tail.length
  )
    return undefined
  if (
    message.compare(head, 0, head.length, 0, head.length) !== 0 ||
    !message.subarray(head.length + 2 + length).equals(tail)
  )
    return undefined
  return message.toString('utf8', head.length + 2, head.length + 2 + length)
}

/** DiscoveryResponse: version_info 1, resources 2 (Any), type_url 4. Each resource's name is its field 1. */
function carriedBySotw(bytes: Buffer, fields: readonly Field[]): Carried {
  const typeUrl = lastText(fields, 4)
  const resources = fields
    .filter(({ number }) => number === 2)
    .map((any) => {
      const value = lastBytes(fieldsOf(any.bytes), 2) ?? Buffer.alloc(0)
      return { name: lastText(fieldsOf(value), 1), version: '', ...followed(typeUrl, value) }
    })
  return { typeUrl, version: lastText(fields, 1), resources, removed: [], bytes }
}

/**
 * DeltaDiscoveryResponse: system_version_info 1, resources 2 (Resource: version 1, resource 2, name 3),
 * type_url 4, removed_resources 6.
 */
function carriedByDelta(bytes: Buffer, fields: readonly Field[]): Carried {
  const typeUrl = lastText(fields, 4)
  const resources = fields
    .filter(({ number }) => number === 2)
    .map((field) => {
      const resource = fieldsOf(field.bytes)
      const value = lastBytes(fieldsOf(lastBytes(resource, 2) ?? Buffer.alloc(0)), 2) ?? Buffer.alloc(0)
      return { name: lastText(resource, 3), version: lastText(resource, 1), ...followed(typeUrl, value) }
    })
  const removed = fields.filter(({ number }) => number === 6).map((field) => field.bytes.toString())
  return { typeUrl, version: lastText(fields, 1), resources, removed, bytes }
}

const edsCluster = 3 // Cluster.type EDS
// Listener.filter_chains 3, .filters 3, .typed_config 4, Any.value 2, HttpConnectionManager.rds 3,
// .route_config_name 2
const routeConfigName = [3, 3, 4, 2, 3, 2]

/** The names that a resource makes an Envoy request. */
function followed(typeUrl: string, value: Buffer): Pick<CarriedResource, 'names' | 'hasVhds'> {
  if (typeUrl === typeUrls.cluster) return { names: endpointNames(value), hasVhds: false }
  if (typeUrl === typeUrls.listener)
    return { names: bytesAt(value, routeConfigName).map((name) => name.toString()), hasVhds: false }
  return {
    names: [],
    hasVhds: typeUrl === typeUrls.route && fieldsOf(value).some(({ number }) => number === 9),
  }
}

/** Cluster: name 1, type 2, eds_cluster_config 3 (service_name 2). */
function endpointNames(cluster: Buffer): readonly string[] {
  const fields = fieldsOf(cluster)
  if (fields.findLast(({ number }) => number === 2)?.value !== edsCluster) return []
  const serviceName = lastText(fieldsOf(lastBytes(fields, 3) ?? Buffer.alloc(0)), 2)
  return [serviceName === '' ? lastText(fields, 1) : serviceName]
}
