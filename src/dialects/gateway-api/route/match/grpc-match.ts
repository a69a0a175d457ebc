import { z } from 'zod'
import { message } from '../../../../manifest/message.ts'
import type { Match } from '../../../../model/route.ts'
import { regex } from '../../../reading/regex.ts'
import { headerMatches, namedMatch } from './http-match.ts'

const exactNames = {
  service: {
    form: /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i,
    must: 'must be the name of a gRPC service, such as shop.v1.Orders',
  },
  method: { form: /^[A-Za-z_][A-Za-z_0-9]*$/, must: 'must be the name of a gRPC method' },
}

/** The Gateway API's GRPCMethodMatch. */
const methodMatch = message({
  type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
  service: z.string().max(1024).optional(),
  method: z.string().max(1024).optional(),
}).superRefine((match, context) => {
  if ((match.service ?? '') === '' && (match.method ?? '') === '')
    context.addIssue({ code: 'custom', message: 'says nothing, must have service or method' })
  for (const field of ['service', 'method'] as const) {
    const text = match[field] ?? ''
    if (text === '') continue
    const { form, must } = exactNames[field]
    const found =
      match.type === 'Exact'
        ? form.test(text)
          ? undefined
          : must
        : regex.safeParse(text).error?.issues[0]?.message
    if (found !== undefined) context.addIssue({ code: 'custom', path: [field], message: found })
  }
})

/** The Gateway API's GRPCRouteMatch. */
export const grpcMatch = message({
  method: methodMatch.optional(),
  headers: z
    .array(namedMatch(z.string().min(1).max(4096)))
    .max(16)
    .optional(),
})

export type GrpcMatch = z.infer<typeof grpcMatch>

/** The match that Envoy compares with the request; the path of a gRPC request is `/<service>/<method>`. */
export function grpcMatchOf({ method, headers = [] }: GrpcMatch): Match {
  return {
    path: pathOf(method),
    caseSensitive: undefined,
    headers: headerMatches(headers),
    queryParameters: [],
  }
}

const anySegment = '[^/]+'

function pathOf(method: GrpcMatch['method']): Match['path'] {
  if (method === undefined) return { kind: 'prefix', value: '/' }
  const { service = '', method: name = '' } = method
  if (method.type === 'RegularExpression') {
    return {
      kind: 'regex',
      value: `/${service === '' ? anySegment : `(?:${service})`}/${name === '' ? anySegment : `(?:${name})`}`,
    }
  }
  if (service === '') return { kind: 'regex', value: `/${anySegment}/${name}` }
  return name === ''
    ? { kind: 'prefix', value: `/${service}/` }
    : { kind: 'exact', value: `/${service}/${name}` }
}
