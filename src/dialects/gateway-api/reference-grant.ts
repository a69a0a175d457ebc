import type { ObjectId } from '../../diagnostics/diagnostic.ts'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Translated } from '../dialect.ts'
import { gatewayApiGroup, group, kind, namespaceName, objectName } from './constraint.ts'

const spec = message({
  from: parts(message({ group, kind, namespace: namespaceName })).refine((list) => list.length > 0, {
    message: 'is empty, must name who may refer',
  }),
  to: parts(message({ group, kind, name: objectName.optional() })).refine((list) => list.length > 0, {
    message: 'is empty, must name what may be referred to',
  }),
})

/** A ReferenceGrant has an effect only if a reference needs it. */
export function translateReferenceGrant(manifest: Manifest): Translated {
  const { diagnostics, rejected } = readGrant(manifest)
  return translated({ diagnostics, rejected })
}

function readGrant(manifest: Manifest) {
  return decode({ manifest, path: ['spec'], schema: spec, parts: ['from.*', 'to.*'] })
}

/**
 * Whether an object may refer to another: one of its own namespace, or one whose namespace has a
 * ReferenceGrant for objects of this kind and namespace.
 */
export function isPermitted(from: ObjectId, to: ObjectId, lookup: ObjectLookup): boolean {
  if (from.namespace === to.namespace) return true
  return lookup
    .manifestsOf({ group: gatewayApiGroup, kind: 'ReferenceGrant' }, to.namespace)
    .some((manifest) => {
      const { value } = readGrant(manifest)
      return (
        value !== undefined &&
        value.from.some(
          (each) =>
            each !== undefined &&
            each.group === from.group &&
            each.kind === from.kind &&
            each.namespace === from.namespace,
        ) &&
        value.to.some(
          (each) =>
            each !== undefined &&
            each.group === to.group &&
            each.kind === to.kind &&
            (each.name ?? to.name) === to.name,
        )
      )
    })
}

/** The hint for permitting the reference. */
export function grantHint(from: ObjectId, to: ObjectId): string {
  return (
    `write a ReferenceGrant in namespace ${to.namespace} from ${from.kind} in namespace ` +
    `${from.namespace} to ${to.kind} ${to.name}`
  )
}
