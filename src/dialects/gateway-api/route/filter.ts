import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import { group, kind, objectName } from '../constraint.ts'
import { corsFilter } from './cors.ts'
import { headerModifier } from './http-header.ts'
import { requestMirror } from './mirror.ts'
import { requestRedirect, urlRewrite } from './redirect.ts'

/** The Gateway API's LocalObjectReference. */
const extensionRef = message({ group, kind, name: objectName })

/**
 * An unknown type must be answered with an error (HTTPRouteFilter.type), so that it is no mistake of the
 * rule's.
 */
const grpcFields = {
  type: z.string(),
  requestHeaderModifier: headerModifier.optional(),
  responseHeaderModifier: headerModifier.optional(),
  requestMirror: requestMirror.optional(),
  extensionRef: extensionRef.optional(),
}

/** The Gateway API's GRPCRouteFilter. That type and field agree is checked by `checkedFilters`. */
export const grpcFilter = message(grpcFields)

/** The Gateway API's HTTPRouteFilter. */
export const httpFilter = message({
  ...grpcFields,
  requestRedirect: requestRedirect.optional(),
  urlRewrite: urlRewrite.optional(),
  cors: corsFilter.optional(),
  externalAuth: z.unknown().optional(),
})

export type Filter = z.infer<typeof httpFilter>

/** The field that says what a filter of a type does. */
export const filterFields = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExtensionRef: 'extensionRef',
  ExternalAuth: 'externalAuth',
} as const satisfies Readonly<Record<string, keyof Filter>>

export type FilterType = keyof typeof filterFields

export const httpFilterTypes = Object.keys(filterFields) as readonly FilterType[]

export const grpcFilterTypes: readonly FilterType[] = [
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestMirror',
  'ExtensionRef',
]

/**
 * Parts of filters that can be left out separately; `at` is the path of the list. A mistake in any other part
 * of a filter rejects the rule.
 */
export function filterParts(at: string): readonly string[] {
  return [
    `${at}.*.requestMirror`,
    `${at}.*.cors`,
    ...['requestHeaderModifier', 'responseHeaderModifier'].flatMap((field) => [
      `${at}.*.${field}`,
      `${at}.*.${field}.{set,add,remove}.*`,
    ]),
  ]
}
