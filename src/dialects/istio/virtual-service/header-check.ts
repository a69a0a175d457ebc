import { isAuthority } from './headers.ts'
import type { HttpRule } from './http-rule.ts'
import type { RuleSite } from './rule-site.ts'

/** Refuses an authority that is set in several places: the first of them counts, in this order. */
export function checkAuthority({ rewrite, headers }: HttpRule, { report, path }: RuleSite): void {
  const inHeaders = (['set', 'add'] as const).flatMap((operation) =>
    Object.keys(headers?.request?.[operation] ?? {})
      .filter(isAuthority)
      .map((header) => [...path, 'headers', 'request', operation, header]),
  )
  const written =
    (rewrite?.authority ?? '') === '' ? inHeaders : [[...path, 'rewrite', 'authority'], ...inHeaders]
  for (const at of written.slice(1)) {
    report.refuse('field/invalid-value', at, {
      message: `${at.slice(path.length).join('.')} sets the authority once more, must be set in one place`,
      hint: 'this one has no effect: remove it',
    })
  }
}

/**
 * Refuses headers that cannot be changed: pseudo headers, and the authority but for setting the request's.
 * Istio leaves them out, and so does `headerRules`.
 */
export function checkHeaders({ headers, route = [] }: HttpRule, { report, path }: RuleSite): void {
  const declared = [
    { value: headers, at: [...path, 'headers'] },
    ...route.map((each, index) => ({ value: each.headers, at: [...path, 'route', index, 'headers'] })),
  ]
  for (const { value, at } of declared) {
    for (const [side, operation, name, step] of headerNames(value)) {
      if (!name.startsWith(':') && !isAuthority(name)) continue
      if (isAuthority(name) && side === 'request' && operation !== 'remove') continue
      report.refuse('field/invalid-value', [...at, side, operation, step], {
        message: `headers.${side}.${operation} names ${name}, which cannot be changed there: it has no effect`,
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
