import { didYouMean } from '../diagnostics/did-you-mean.ts'
import { objectName } from '../diagnostics/diagnostic.ts'
import type { ObjectId } from '../diagnostics/diagnostic.ts'
import type { JsonObject } from '../manifest/manifest.ts'
import type { Message } from '../xds/proto.ts'
import { ApiError } from './api-error.ts'

/** The target of a tap: the spec of its object, and a text for people. */
export interface TapTarget {
  readonly spec: JsonObject
  readonly text: string
}

/**
 * Resolves the target of a request among the objects that exist. Throws ApiError, with the names that exist,
 * if the object does not.
 */
export function targetOf(
  { route, host }: Message<'shadowplane.admin.v1.CreateTapRequest'>,
  objects: () => Iterable<ObjectId>,
): TapTarget {
  if (route !== undefined) return routeTarget(route, [...objects()])
  if (host === undefined) return { spec: {}, text: 'every route' }
  if (!/^[*\w.-]+(:\d+)?$/.test(host))
    throw new ApiError(
      'INVALID_ARGUMENT',
      `host ${JSON.stringify(host)}: write a host as routes write it, as in shop.example`,
    )
  return { spec: { host }, text: `host ${host}` }
}

function routeTarget(route: string, objects: readonly ObjectId[]): TapTarget {
  const [, kind, group, namespace, name, rule] =
    /^([A-Za-z]\w*)(?:\.([\w.-]+))?\/([\w.-]+)\/([\w.-]+)(?:#(.+))?$/.exec(route) ?? []
  if (kind === undefined || namespace === undefined || name === undefined) {
    throw new ApiError(
      'INVALID_ARGUMENT',
      `route ${JSON.stringify(route)}: write kind/namespace/name, as in HTTPRoute/default/shop, or ` +
        `kind/namespace/name#rule`,
    )
  }
  const ofKind = objects.filter(
    (each) => each.kind.toLowerCase() === kind.toLowerCase() && (group === undefined || each.group === group),
  )
  const [found, ...others] = ofKind.filter((each) => each.namespace === namespace && each.name === name)
  if (found === undefined)
    throw new ApiError(
      'NOT_FOUND',
      `there is no ${kind} ${namespace}/${name}${meant(`${namespace}/${name}`, ofKind)}`,
    )
  if (others.length > 0) {
    throw new ApiError(
      'INVALID_ARGUMENT',
      `${route} may be ` +
        [found, ...others].map((each) => `${each.kind}.${each.group}/${namespace}/${name}`).join(' or ') +
        ': write one of these',
    )
  }
  return {
    spec: {
      route: {
        group: found.group,
        kind: found.kind,
        namespace,
        name,
        ...(rule === undefined ? {} : { rule }),
      },
    },
    text: `${found.kind} ${objectName(found)}${rule === undefined ? '' : ` rule ${rule}`}`,
  }
}

function meant(name: string, objects: readonly ObjectId[]): string {
  const names = objects.map(objectName)
  const close = didYouMean(name, names)
  if (close !== undefined) return `: did you mean ${close}?`
  return names.length === 0
    ? ', nor any other one'
    : `: there is ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
}
