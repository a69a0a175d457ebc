import { decodeSotwRequest } from '../xds/request.ts'
import type { Resource } from '../xds/resource.ts'
import type { ResourceType } from '../xds/resource-types.ts'
import type { Codec } from './codec.ts'
import type { Content } from './state/content.ts'
import { interestIn } from './state/interest.ts'
import { remembered } from './state/remembered.ts'
import { interested } from './state/subscription.ts'
import { field, fieldHeader } from '../xds/wire.ts'

/** State of the world: DiscoveryRequest and DiscoveryResponse. */
export const sotw: Codec = {
  mode: 'sotw',
  decode: (bytes, { known, ...bounds }) => {
    const { names: list, version, ...request } = decodeSotwRequest(bytes, known(), bounds)
    return {
      ...request,
      names: list.names.length,
      // "The management server should not send a DiscoveryResponse for any DiscoveryRequest that has a stale
      // nonce" ("Resource updates")
      voidWhenStale: true,
      apply: (subscription) => {
        if (subscription.list === list) return subscription
        const next = {
          ...interested(subscription, interestIn(subscription.type, list, subscription.interest)),
          list,
        }
        return subscription.requested ? next : { ...next, claimed: version, fresh: version === '' }
      },
    }
  },
  // DiscoveryResponse without its nonce: version_info 1, resources 2, type_url 4.
  body: remembered((type: ResourceType, content: Content): Buffer =>
    Buffer.concat([
      field(1, content.version),
      field(4, type.typeUrl),
      ...content.resources.flatMap((resource) => anyOf(resource, type)),
    ]),
  ),
}

function anyOf(resource: Resource, type: ResourceType): readonly Buffer[] {
  return [anyHeader(resource, type), resource.bytes]
}

/** Everything of `resources` before the resource's own bytes: an Any is type_url 1, value 2. */
const anyHeader = remembered((resource: Resource, type: ResourceType): Buffer => {
  const header = Buffer.concat([field(1, type.typeUrl), fieldHeader(2, resource.bytes.length)])
  return Buffer.concat([fieldHeader(2, header.length + resource.bytes.length), header])
})
