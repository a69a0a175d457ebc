import type { NameList } from '../xds/name-list.ts'
import { decodeDeltaRequest } from '../xds/request.ts'
import type { DeltaRequest } from '../xds/request.ts'
import type { Resource } from '../xds/resource.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import type { Codec } from './codec.ts'
import type { Content, Unknown } from './state/content.ts'
import { changedInterest, covers } from './state/interest.ts'
import { remembered } from './state/remembered.ts'
import { asked, interested } from './state/subscription.ts'
import type { Subscription } from './state/subscription.ts'
import { field, fieldHeader } from '../xds/wire.ts'

/** Incremental xDS: DeltaDiscoveryRequest and DeltaDiscoveryResponse. */
export const delta: Codec = {
  mode: 'delta',
  decode: (bytes, bounds) => {
    const request = decodeDeltaRequest(bytes, bounds)
    const { node, typeUrl, nonce, refusal, subscribe, unsubscribe } = request
    return {
      node,
      typeUrl,
      nonce,
      refusal,
      names: subscribe.names.length + unsubscribe.names.length,
      // "the server must honor changes to the subscription state even if the nonce is stale" ("Incremental
      // xDS")
      voidWhenStale: false,
      apply: (subscription) => applied(request, subscription),
    }
  },
  // DeltaDiscoveryResponse without its nonce: system_version_info 1, resources 2, type_url 4,
  // removed_resources 6.
  body: remembered((type: ResourceType, content: Content): Buffer =>
    Buffer.concat([
      field(1, content.version),
      field(4, type.typeUrl),
      ...content.removed.map((name) => field(6, name)),
      ...content.resources.flatMap((resource) => [resourceHeader(resource, type), resource.bytes]),
    ]),
  ),
}

function applied(
  { subscribe, unsubscribe, initialVersions }: DeltaRequest,
  subscription: Subscription,
): Subscription {
  const first = !subscription.requested
  if (!first && subscribe.names.length + unsubscribe.names.length === 0) return subscription
  const next = interested(
    subscription,
    changedInterest(subscription.type, { subscribe, unsubscribe, first }, subscription.interest),
  )
  if (first) return returning(next, initialVersions)
  return asked(next, [...namesOf(subscribe, next), ...uncertainNames(unsubscribe, next)])
}

/**
 * "On reconnect the Incremental xDS client may tell the server of its known resources to avoid resending
 * them" ("Incremental xDS").
 */
function returning(subscription: Subscription, versions: ReadonlyMap<string, string>): Subscription {
  const known = [...versions].filter(([name]) => covers(subscription.interest, name))
  if (known.length === 0) return subscription
  const held = new Map(
    known.map(([name, version]): [string, Unknown] => [name, { version, references: undefined }]),
  )
  return { ...subscription, fresh: false, returning: true, held }
}

function namesOf({ names }: NameList, { type }: Subscription): readonly string[] {
  return type.wildcard ? names.filter((name) => name !== '*') : names
}

/**
 * A name that was unsubscribed under a wildcard: the client does not know whether it still has it, so "the
 * server must send a response that includes the specific resource" or its removal ("Unsubscribing from
 * Resources").
 */
function uncertainNames(list: NameList, subscription: Subscription): readonly string[] {
  return subscription.interest.wildcard ? namesOf(list, subscription) : []
}

/**
 * Everything of `resources` before the resource's own bytes: a Resource is version 1, resource 2 (an Any:
 * type_url 1, value 2), name 3.
 */
const resourceHeader = remembered((resource: Resource, type: ResourceType): Buffer => {
  const { name, version, bytes } = resource
  const anyHead = Buffer.concat([field(1, type.typeUrl), fieldHeader(2, bytes.length)])
  const head = Buffer.concat([
    field(3, name),
    field(1, version),
    fieldHeader(2, anyHead.length + bytes.length),
    anyHead,
  ])
  return Buffer.concat([fieldHeader(2, head.length + bytes.length), head])
})
