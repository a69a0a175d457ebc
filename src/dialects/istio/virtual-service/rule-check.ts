import { checkAuthority, checkHeaders } from './header-check.ts'
import type { HttpRule } from './http-rule.ts'
import { retryConditions } from './retry.ts'
import type { RuleSite } from './rule-site.ts'

/**
 * Refuses what Istio's validation does beyond the types of fields (its validateHTTPRoute), and leaves out
 * what it costs: the mirrors, or a fault or rewrite that nothing could act on. The rule itself stays.
 */
export function checkedRule(rule: HttpRule, site: RuleSite): HttpRule {
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
  { report, path }: RuleSite,
): readonly (keyof HttpRule)[] {
  if (mirror === undefined || mirrors.length === 0 || delegate !== undefined) return []
  report.refuse('mirror/mirror-and-mirrors', [...path, 'mirrors'], {
    message: 'mirror and mirrors exclude each other',
    hint: 'move the destination of mirror, and its percentage, into the list mirrors',
  })
  return ['mirror', 'mirrors', 'mirrorPercentage', 'mirrorPercent']
}

function fieldsWithoutForward(rule: HttpRule, { report, path }: RuleSite): readonly (keyof HttpRule)[] {
  const action = (['redirect', 'directResponse'] as const).find((each) => rule[each] !== undefined)
  if (action === undefined || rule.delegate !== undefined) return []
  const without = (['fault', 'rewrite'] as const).filter((field) => rule[field] !== undefined)
  for (const field of without) {
    report.refuse('field/invalid-value', [...path, field], {
      message: `${field} stands beside ${action}, which sends no request on`,
      hint: 'remove one of the two',
    })
  }
  return without
}

function checkRewrite({ rewrite }: HttpRule, { report, path }: RuleSite): void {
  if (rewrite === undefined) return
  const { uri = '', uriRegexRewrite, authority = '' } = rewrite
  if (uri === '' && uriRegexRewrite === undefined && authority === '') {
    report.refuse('field/invalid-value', [...path, 'rewrite'], {
      message: 'rewrite says nothing, must have uri, uriRegexRewrite or authority',
    })
  }
  if (uri !== '' && uriRegexRewrite !== undefined) {
    report.refuse('field/invalid-value', [...path, 'rewrite', 'uri'], {
      message: 'rewrite has uri and uriRegexRewrite, must have one of them',
      hint: 'remove uri, which has no effect',
    })
  }
  if (
    uriRegexRewrite?.rewrite === '' ||
    (uriRegexRewrite !== undefined && uriRegexRewrite.rewrite === undefined)
  ) {
    report.refuse('field/required', [...path, 'rewrite', 'uriRegexRewrite'], {
      message: 'rewrite.uriRegexRewrite.rewrite is required',
    })
  }
}

function checkRetries({ retries }: HttpRule, { report, path }: RuleSite): void {
  if (retries === undefined) return
  const { attempts = 0, perTryTimeout, retryOn = '', retryRemoteLocalities } = retries
  const at = [...path, 'retries']
  if (attempts < 0) {
    report.refuse('field/invalid-value', [...at, 'attempts'], {
      message: `retries.attempts is ${attempts}, must be at least 0`,
      hint: 'use 0 for no retries',
    })
  }
  if (
    attempts === 0 &&
    (perTryTimeout !== undefined || retryOn !== '' || retryRemoteLocalities !== undefined)
  ) {
    report.refuse('field/invalid-value', at, {
      message: 'retries says how and not how often: without attempts nothing is retried',
      hint: 'write attempts, or remove the other fields',
    })
  }
  for (const condition of retryConditions.unknown(retryOn)) {
    report.refuse('field/invalid-value', [...at, 'retryOn'], {
      message:
        `retries.retryOn has ${JSON.stringify(condition)}, which is neither a condition of Envoy's ` +
        `nor a status code`,
      hint: `the conditions are ${retryConditions.known.join(', ')}`,
    })
  }
}

/**
 * A claim stands where a header's name would; there is no filter that reads tokens, so no request ever has
 * one.
 */
function noteClaims({ match = [] }: HttpRule, { report, path }: RuleSite): void {
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
