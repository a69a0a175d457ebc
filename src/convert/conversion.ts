import { isDeepStrictEqual } from 'node:util'
import { objectKey } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import { nameOf } from '../diagnostics/finding.ts'
import type { EgressRule } from '../model/egress.ts'
import type { RouteTable } from '../model/route.ts'
import type { TlsRouteTable } from '../model/tls.ts'
import { dialectFor } from '../dialects/index.ts'
import { writeGatewayApi } from './gateway-api/write.ts'
import { writeIstio } from './istio/write.ts'
import type { WritableName } from './writable-names.ts'
import type { Writable, Rendered } from './rendered.ts'

/** A configuration in the model, to be written in one dialect. */
export interface Convertible extends Omit<Writable, 'tables' | 'isTaken'> {
  /** Each table in its declared form, and with the attachments of other objects. */
  readonly tables: readonly { readonly declared: RouteTable | undefined; readonly table: RouteTable }[]
  readonly tlsTables: readonly TlsRouteTable[]
  readonly egressRules: readonly EgressRule[]
}

export interface Conversion extends Rendered {
  /** Kubernetes' own objects, which the written ones need beside them. */
  readonly given: readonly ObjectId[]
  /** Objects that are in the dialect already, and stay as they are. */
  readonly kept: readonly ObjectId[]
  /** Objects of the dialect that are written again, because they use objects of other dialects. */
  readonly replaced: readonly ObjectId[]
}

/**
 * One for each dialect that `convert` writes: the objects that say the same, and comments on what the dialect
 * cannot say.
 */
const writers: Readonly<Record<WritableName, (model: Writable) => Rendered>> = {
  istio: writeIstio,
  'gateway-api': writeGatewayApi,
}

/** Everything that routes and mirrors, written in the dialect of that name. */
export function convert(model: Convertible, to: WritableName): Conversion {
  const own = new Set(
    model.manifests.filter((manifest) => dialectFor(manifest)?.name === to).map(({ id }) => objectKey(id)),
  )
  const isOwn = (object: ObjectId): boolean => own.has(objectKey(object))
  const foreignHosts = new Set(
    model.services
      .filter(({ origin: { object } }) => object.group !== '' && !isOwn(object))
      .map(({ host }) => host),
  )
  const replaced = new Set(
    model.tables
      .filter((each) => isOwn(each.table.origin.object) && usesOthers(each, foreignHosts))
      .map(({ table }) => objectKey(table.origin.object)),
  )
  const isWritten = (object: ObjectId): boolean => !isOwn(object) || replaced.has(objectKey(object))
  const kept = model.manifests.filter(({ id }) => !isWritten(id)).map(({ id }) => id)
  const taken = new Set(kept.map(({ kind, namespace, name }) => `${kind}/${namespace}/${name}`))
  const written = writers[to]({
    ...model,
    tables: model.tables.map(({ table }) => table).filter(({ origin: { object } }) => isWritten(object)),
    isTaken: ({ kind, namespace, name }) => taken.has(`${kind}/${namespace}/${name}`),
  })
  return {
    objects: written.objects,
    comments: [...written.comments, ...beyondRoutes(model, isWritten)],
    given: model.manifests
      .filter((manifest) => manifest.id.group === '' || dialectFor(manifest)?.name === 'kubernetes')
      .map(({ id }) => id),
    kept,
    replaced: model.manifests.filter(({ id }) => replaced.has(objectKey(id))).map(({ id }) => id),
  }
}

/** Whether an object of the dialect would say something else without the objects that are converted. */
function usesOthers(
  { declared, table }: Convertible['tables'][number],
  foreignHosts: ReadonlySet<string>,
): boolean {
  return (
    !isDeepStrictEqual(declared, table) ||
    table.routes.some(
      ({ attachTo = [], action }) =>
        attachTo.length > 0 ||
        (action.kind === 'forward' &&
          [...action.destinations, ...action.mirrors].some(({ backend }) => foreignHosts.has(backend.host))),
    )
  )
}

function beyondRoutes(
  { tlsTables, backendTls, egressRules }: Convertible,
  isWritten: (object: ObjectId) => boolean,
): readonly string[] {
  const passing = tlsTables.flatMap(({ routes: [first] }) =>
    first === undefined || !isWritten(first.origin.object)
      ? []
      : [`${nameOf(first.origin)}: not carried, its routes of TLS that is passed through`],
  )
  const egress = egressRules
    .filter(({ origin }) => isWritten(origin.object))
    .map(({ origin }) => `${nameOf(origin)}: not carried, what its sidecars see of the mesh`)
  const demanded = backendTls
    .filter(({ origin }) => isWritten(origin.object))
    .map(
      ({ origin, host }) =>
        `${nameOf(origin)}: not carried, TLS to ${host}: requests would go there in plain text`,
    )
  return [...passing, ...demanded, ...egress]
}
