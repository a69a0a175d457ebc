import type { z } from 'zod'
import { isRecord } from '../../../../manifest/message.ts'
import { meantFields } from '../../../reading/meant-fields.ts'
import { grpcMatch } from './grpc-match.ts'
import type { GrpcMatch } from './grpc-match.ts'
import { httpMatch, namedMatch } from './http-match.ts'
import type { HttpMatch, NamedMatch } from './http-match.ts'
import { pathMatch } from './http-path.ts'
import { headerValue } from '../http-header.ts'

/**
 * A match with a mistake, read in its most likely intention: it takes all the intended requests, and those
 * that differ only in the unreadable part. Undefined if it would also take requests of other rules.
 */
export function widerHttpMatch(written: unknown): HttpMatch | undefined {
  const strict = httpMatch.safeParse(written)
  if (strict.success) return strict.data
  const fields = meantFields(typeof written === 'string' ? { path: written } : written, [
    'path',
    'headers',
    'queryParams',
    'method',
  ])
  if (fields === undefined) return undefined
  const path = fields['path'] === undefined ? undefined : widerPath(fields['path'])
  const headers = widerNamed(fields['headers'])
  const queryParams = widerNamed(fields['queryParams'])
  const method = fields['method']
  if (
    (fields['path'] !== undefined && path === undefined) ||
    headers === undefined ||
    queryParams === undefined
  )
    return undefined
  return httpMatch.safeParse({
    path,
    headers,
    queryParams,
    method: typeof method === 'string' ? method.toUpperCase() : method,
  }).data
}

/** Like `widerHttpMatch`. */
export function widerGrpcMatch(written: unknown): GrpcMatch | undefined {
  const strict = grpcMatch.safeParse(written)
  if (strict.success) return strict.data
  const fields = meantFields(written, ['method', 'headers'])
  const headers = widerNamed(fields?.['headers'])
  if (fields === undefined || headers === undefined) return undefined
  return grpcMatch.safeParse({ method: methodMeant(fields['method']), headers }).data
}

/** `shop.v1.Orders/Get` for a service and its method; an unknown type is Exact, which is the default. */
function methodMeant(written: unknown): unknown {
  if (typeof written === 'string') {
    const [service, method] = written.replace(/^\//, '').split('/', 2)
    return { service, method }
  }
  const fields = meantFields(written, ['type', 'service', 'method'])
  if (fields === undefined) return written
  return { ...fields, type: /^reg/i.test(String(fields['type'])) ? 'RegularExpression' : 'Exact' }
}

/**
 * A path without a slash before it gets one; an unknown type is PathPrefix, which takes what Exact takes, and
 * is the default.
 */
function widerPath(written: unknown): z.infer<typeof pathMatch> | undefined {
  const fields = meantFields(typeof written === 'string' ? { value: written } : written, ['type', 'value'])
  const value = typeof fields?.['value'] === 'number' ? String(fields['value']) : fields?.['value']
  if (fields === undefined || typeof value !== 'string' || value === '') return undefined
  const type = String(fields['type'])
  if (/^reg/i.test(type)) return pathMatch.safeParse({ type: 'RegularExpression', value }).data
  return pathMatch.safeParse({
    type: /^exact$/i.test(type) ? 'Exact' : 'PathPrefix',
    value: value.startsWith('/') ? value : `/${value}`,
  }).data
}

const anyNamed = namedMatch(headerValue)

/**
 * A header or query parameter whose value cannot be read only has to be present. Undefined if one has no
 * name.
 */
function widerNamed(written: unknown): readonly NamedMatch[] | undefined {
  if (written === undefined) return []
  if (!Array.isArray(written)) return isRecord(written) ? Object.keys(written).map(present) : undefined
  const found = written.map((each: unknown): NamedMatch | undefined => {
    const strict = anyNamed.safeParse(each)
    if (strict.success) return strict.data
    const name = meantFields(each, ['name', 'value', 'type'])?.['name']
    return typeof name === 'string' ? present(name) : undefined
  })
  const known = found.filter((each) => each !== undefined)
  return known.length === found.length ? known : undefined
}

function present(name: string): NamedMatch {
  return { name, type: 'RegularExpression', value: '.*' }
}
