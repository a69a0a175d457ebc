import { isAuthority } from './headers.ts'
import type { HttpRule } from './http-rule.ts'
import { retryConditions } from './retry.ts'
import type { ReadSite } from './rule-site.ts'

/**
 * Rejects the mistakes that Istio's validation rejects beyond the types of fields (its validateHTTPRoute),
 * and leaves out the affected part: the mirrors, or a fault or rewrite without effect. The rule itself stays.
 */
export function checkedRule(rule: HttpRule, site: ReadSite): HttpRule {
  checkRewrite(rule, site)
  checkRetries(rule, site)
  checkAuthority(rule, site)
  checkHeaders(rule, site)
  noteClaims(rule, site)
  return withoutFields(rule, [...conflictingMirrors(rule, site), ...fieldsWithoutForward(rule, site)])
}

/** A root may have both, as a delegate has either in place of it (Istio's validation lets it). */
function conflictingMirrors(
  { mirror, mirrors = [], delegate }: HttpRule,
  { report, path }: ReadSite,
): readonly (keyof HttpRule)[] {
  if (mirror === undefined || mirrors.length === 0 || delegate !== undefined) return []
  report.reject('mirror/mirror-and-mirrors', [...path, 'mirrors'], {
    message: 'mirror and mirrors exclude each other',
    hint: 'move the destination of mirror, and its percentage, into the list mirrors',
  })
  return ['mirror', 'mirrors', 'mirrorPercentage', 'mirrorPercent']
}

function fieldsWithoutForward(rule: HttpRule, { report, path }: ReadSite): readonly (keyof HttpRule)[] {
  const action = (['redirect', 'directResponse'] as const).find((each) => rule[each] !== undefined)
  if (action === undefined || rule.delegate !== undefined) return []
  const without = (['fault', 'rewrite'] as const).filter((field) => rule[field] !== undefined)
  for (const field of without) {
    report.reject('field/invalid-value', [...path, field], {
      message: `${field} is set beside ${action}, which sends no request on`,
      hint: 'remove one of the two',
    })
  }
  return without
}

function checkRewrite({ rewrite }: HttpRule, { report, path }: ReadSite): void {
  if (rewrite === undefined) return
  const { uri = '', uriRegexRewrite, authority = '' } = rewrite
  if (uri === '' && uriRegexRewrite === undefined && authority === '') {
    report.reject('field/invalid-value', [...path, 'rewrite'], {
      message: 'rewrite says nothing, must have uri, uriRegexRewrite or authority',
    })
  }
  if (uri !== '' && uriRegexRewrite !== undefined) {
    report.reject('field/invalid-value', [...path, 'rewrite', 'uri'], {
      message: 'rewrite has uri and uriRegexRewrite, must have one of them',
      hint: 'remove uri, which has no effect',
    })
  }
  if (
    uriRegexRewrite?.rewrite === '' ||
    (uriRegexRewrite !== undefined && uriRegexRewrite.rewrite === undefined)
  ) {
    report.reject('field/required', [...path, 'rewrite', 'uriRegexRewrite'], {
      message: 'rewrite.uriRegexRewrite.rewrite is required',
    })
  }
}

function checkRetries({ retries }: HttpRule, { report, path }: ReadSite): void {
  if (retries === undefined) return
  const { attempts = 0, perTryTimeout, retryOn = '', retryRemoteLocalities } = retries
  const at = [...path, 'retries']
  if (attempts < 0) {
    report.reject('field/invalid-value', [...at, 'attempts'], {
      message: `retries.attempts is ${attempts}, must be at least 0`,
      hint: 'use 0 for no retries',
    })
  }
  if (
    attempts === 0 &&
    (perTryTimeout !== undefined || retryOn !== '' || retryRemoteLocalities !== undefined)
  ) {
    report.reject('field/invalid-value', at, {
      message: 'retries says how and not how often: without attempts nothing is retried',
      hint: 'write attempts, or remove the other fields',
    })
  }
  for (const condition of retryConditions.unknown(retryOn)) {
    report.reject('field/invalid-value', [...at, 'retryOn'], {
      message:
        `retries.retryOn has ${JSON.stringify(condition)}, which is neither a condition of Envoy's ` +
        `nor a status code`,
      hint: `the conditions are ${retryConditions.known.join(', ')}`,
    })
  }
}

/** A claim has the place of a header's name; no filter reads tokens, so no request ever has one. */
function noteClaims({ match = [] }: HttpRule, { report, path }: ReadSite): void {
  match.forEach((each, index) => {
    for (const field of ['headers', 'withoutHeaders'] as const) {
      for (const name of Object.keys(each[field] ?? {}).filter((header) =>
        header.startsWith('@request.auth.claims'),
      )) {
        report.note('field/unsupported', [...path, 'match', index, field, name], {
          message:
            `matches by claims of a token are not supported yet: no request has one, so ` +
            (field === 'headers' ? 'this match takes none' : 'this condition always holds'),
        })
      }
    }
  })
}

function withoutFields(rule: HttpRule, fields: readonly (keyof HttpRule)[]): HttpRule {
  return fields.length === 0
    ? rule
    : Object.fromEntries(Object.entries(rule).filter(([name]) => !fields.some((field) => field === name)))
}

/** Rejects an authority that is set in several places: the first of them is used, in this order. */
function checkAuthority({ rewrite, headers }: HttpRule, { report, path }: ReadSite): void {
  const inHeaders = (['set', 'add'] as const).flatMap((operation) =>
    Object.keys(headers?.request?.[operation] ?? {})
      .filter(isAuthority)
      .map((header) => [...path, 'headers', 'request', operation, header]),
  )
  const written =
    (rewrite?.authority ?? '') === '' ? inHeaders : [[...path, 'rewrite', 'authority'], ...inHeaders]
  for (const at of written.slice(1)) {
    report.reject('field/invalid-value', at, {
      message: `${at.slice(path.length).join('.')} sets the authority once more, must be set in one place`,
      hint: 'this one has no effect: remove it',
    })
  }
}

/**
 * Rejects changes of pseudo headers, and of the authority except setting the request's. Istio leaves them
 * out, and so does `headerRules`.
 */
function checkHeaders({ headers, route = [] }: HttpRule, { report, path }: ReadSite): void {
  const declared = [
    { value: headers, at: [...path, 'headers'] },
    ...route.map((each, index) => ({ value: each.headers, at: [...path, 'route', index, 'headers'] })),
  ]
  for (const { value, at } of declared) {
    for (const [side, operation, name, step] of headerNames(value)) {
      if (!name.startsWith(':') && !isAuthority(name)) continue
      if (isAuthority(name) && side === 'request' && operation !== 'remove') continue
      const field = `headers.${side}.${operation}`
      report.reject('field/invalid-value', [...at, side, operation, step], {
        message: `${field} names ${name}, which cannot be changed there: it has no effect`,
        hint: 'remove it',
      })
    }
  }
}

type HeaderName = readonly [
  side: 'request' | 'response',
  operation: 'set' | 'add' | 'remove',
  name: string,
  step: string | number,
]

function headerNames(headers: HttpRule['headers']): readonly HeaderName[] {
  return (['request', 'response'] as const).flatMap((side): readonly HeaderName[] => [
    ...(['set', 'add'] as const).flatMap((operation) =>
      Object.keys(headers?.[side]?.[operation] ?? {}).map((name): HeaderName => [
        side,
        operation,
        name,
        name,
      ]),
    ),
    ...(headers?.[side]?.remove ?? []).flatMap((name, index): readonly HeaderName[] =>
      name === undefined ? [] : [[side, 'remove', name, index]],
    ),
  ])
}
