import { decodeSotwRequest } from '../xds/proto.ts'
import type { Resource } from '../xds/resource.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import type { Codec } from './codec.ts'
import type { Content } from './content.ts'
import { interestIn } from './interest.ts'
import { remembered } from './remembered.ts'
import { interested } from './subscription.ts'
import { field, fieldHeader } from '../xds/wire.ts'

/** State of the world: DiscoveryRequest and DiscoveryResponse. */
export const sotw: Codec = {
  mode: 'sotw',
  decode: (bytes) => {
    const request = decodeSotwRequest(bytes)
    return {
      node: request.node,
      typeUrl: request.type_url,
      nonce: request.response_nonce,
      refusal: request.error_detail?.message,
      // "The management server should not send a DiscoveryResponse for any DiscoveryRequest that has a stale nonce" ("Resource updates")
      voidWhenStale: true,
      apply: (subscription) => {
        const next = interested(subscription, interestIn(subscription.type, request.resource_names, subscription.interest))
        return subscription.requested ? next : { ...next, claimed: request.version_info, fresh: request.version_info === '' }
      },
    }
  },
  encode: (type, content, nonce) => Buffer.concat([body(type, content), field(5, nonce)]),
}

/** DiscoveryResponse without its nonce: version_info 1, resources 2, type_url 4. */
const body = remembered((type: ResourceType, content: Content): Buffer =>
  Buffer.concat([field(1, content.version), field(4, type.typeUrl), ...content.resources.flatMap((resource) => anyOf(resource, type))]))

function anyOf(resource: Resource, type: ResourceType): readonly Buffer[] {
  return [anyHeader(resource, type), resource.bytes]
}

/** Everything of `resources` before the resource's own bytes: an Any is type_url 1, value 2. */
const anyHeader = remembered((resource: Resource, type: ResourceType): Buffer => {
  const header = Buffer.concat([field(1, type.typeUrl), fieldHeader(2, resource.bytes.length)])
  return Buffer.concat([fieldHeader(2, header.length + resource.bytes.length), header])
})
