import { objectName } from '../../../diagnostics/diagnostic.ts'
import type { FieldPath, ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { SecretReference } from '../../../model/tls.ts'
import type { SecretObjectReference } from './gateway-spec.ts'
import type { ListenerMistake, ListenerSite } from './listener.ts'
import { grantHint, isPermitted } from '../reference-grant.ts'

export type FoundSecret =
  { readonly secret: SecretReference; readonly id: ObjectId } | { readonly mistake: ListenerMistake }

export interface SecretPlace extends Pick<ListenerSite, 'report' | 'lookup'> {
  /** Of the reference. */
  readonly path: FieldPath
  /** Reason of ResolvedRefs for a reference to something else. */
  readonly otherKind: 'InvalidCertificateRef' | 'InvalidCACertificateKind'
}

/** The Secret that a reference of a Gateway names. */
export function secretOf(
  reference: SecretObjectReference,
  { report, path, lookup, otherKind }: SecretPlace,
): FoundSecret {
  const from = report.manifest.id
  const id: ObjectId = {
    group: reference.group,
    kind: reference.kind,
    namespace: reference.namespace ?? from.namespace,
    name: reference.name,
  }
  if (id.group !== '' || id.kind !== 'Secret') {
    report.note('reference/invalid-kind', [...path, id.kind === 'Secret' ? 'group' : 'kind'], {
      message:
        `nothing here reads certificates of ${id.kind} of ` +
        `${id.group === '' ? 'the core group' : id.group} (ResolvedRefs is False, ${otherKind})`,
      hint: 'name a Secret',
    })
    return { mistake: { reason: otherKind, message: `${id.kind} ${objectName(id)} is no Secret` } }
  }
  if (!isPermitted(from, id, lookup)) {
    report.note('reference/not-permitted', [...path, 'namespace'], {
      message:
        `no ReferenceGrant permits the reference to Secret ${objectName(id)}: it is not used ` +
        `(ResolvedRefs is False, RefNotPermitted)`,
      hint: grantHint(from, id),
    })
    return {
      mistake: {
        reason: 'RefNotPermitted',
        message: `no ReferenceGrant permits the reference to Secret ${objectName(id)}`,
      },
    }
  }
  const origin = { object: from, path: [...path, 'name'] }
  return {
    id,
    secret: {
      namespace: id.namespace,
      name: id.name,
      origin,
      ...(id.namespace === from.namespace ? {} : { permitted: true }),
    },
  }
}
