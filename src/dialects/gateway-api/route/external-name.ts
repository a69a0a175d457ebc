import { z } from 'zod'
import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { ObjectLookup } from '../../dialect.ts'

const spec = z.looseObject({ type: z.literal('ExternalName'), externalName: z.string() })

/** Longer chains lead nowhere: `resolve/` follows as many. */
const longestChain = 5

/**
 * The Services of this cluster that a Service of type ExternalName leads to, one after the other; none for
 * any other Service.
 */
export function servicesBehind(service: Manifest, lookup: ObjectLookup): readonly ObjectId[] {
  const found: ObjectId[] = []
  for (let at: Manifest | undefined = service; at !== undefined && found.length < longestChain;) {
    const id = serviceNamed(
      spec.safeParse(at.object['spec']).data?.externalName.toLowerCase(),
      lookup.settings.domain,
    )
    if (id === undefined) break
    found.push(id)
    at = lookup.manifest(id)
  }
  return found
}

/** The Service whose full name is `<name>.<namespace>.svc.<domain>`. */
function serviceNamed(host: string | undefined, domain: string): ObjectId | undefined {
  const suffix = `.svc.${domain}`
  if (host?.endsWith(suffix) !== true) return undefined
  const [name, namespace, ...rest] = host.slice(0, -suffix.length).split('.')
  return name === undefined || namespace === undefined || rest.length > 0
    ? undefined
    : { group: '', kind: 'Service', namespace, name }
}
