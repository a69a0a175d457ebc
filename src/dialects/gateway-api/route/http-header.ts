import { z } from 'zod'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import { message, parts } from '../../../manifest/message.ts'
import type { HeaderOperations } from '../../../model/route.ts'
import { formatMistake } from '../../reading/header-format.ts'
import type { Report } from '../../reading/report.ts'

/** RFC 9110 section 5.1: a token. */
export const headerName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, { message: 'must be the name of a header: letters, digits and -' })

/** Printable ASCII, with single spaces or tabs between. */
export const headerValue = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[!-~](?:[\t ]?[!-~])*$/, {
    message: 'must be printable ASCII, with single spaces or tabs only between other characters',
  })

const httpHeader = message({ name: headerName, value: headerValue })

/** The Gateway API's HTTPHeaderFilter. */
export const headerModifier = message({
  set: parts(httpHeader).optional(),
  add: parts(httpHeader).optional(),
  remove: parts(headerName).optional(),
})

export type HeaderModifier = z.infer<typeof headerModifier>

/** Header operations, and the authority that setting `Host` amounts to. */
export interface ModifiedHeaders {
  readonly operations: HeaderOperations
  readonly authority: string | undefined
}

/** The first of several entries for one name is used, whatever its case. */
export function operationsOf({ set = [], add = [], remove = [] }: HeaderModifier): ModifiedHeaders {
  return {
    operations: {
      set: valuesOf(set),
      add: valuesOf(add),
      remove: remove.filter((name) => name !== undefined).filter((name) => !isHost(name)),
    },
    authority: set.find((header) => header !== undefined && isHost(header.name))?.value,
  }
}

function valuesOf(headers: NonNullable<HeaderModifier['set']>): Readonly<Record<string, string>> {
  const first = new Map<string, readonly [string, string]>()
  for (const header of headers) {
    if (header === undefined || isHost(header.name) || first.has(header.name.toLowerCase())) continue
    first.set(header.name.toLowerCase(), [header.name, formatted(header.value)])
  }
  return Object.fromEntries(first.values())
}

/**
 * Envoy reads a value as a format: its commands, such as %REQ(x-id)%, keep their meaning, and any other % is
 * literal.
 */
function formatted(value: string): string {
  return formatMistake(value) === undefined ? value : value.replaceAll('%', '%%')
}

function isHost(name: string): boolean {
  return name.toLowerCase() === 'host'
}

/** The place of a header modifier, and the headers that it modifies. */
export interface ModifierSite {
  readonly report: Report
  readonly path: FieldPath
  readonly side: 'request' | 'response'
}

/**
 * Refuses changes of Host that Envoy refuses with everything sent along: all but setting the request's. They
 * have no effect.
 */
export function checkHost(modifier: HeaderModifier, { report, path, side }: ModifierSite): void {
  for (const operation of ['set', 'add', 'remove'] as const) {
    if (operation === 'set' && side === 'request') continue
    for (const [index, entry] of (modifier[operation] ?? []).entries()) {
      const name = typeof entry === 'string' ? entry : entry?.name
      if (name === undefined || !isHost(name)) continue
      report.reject('field/invalid-value', [...path, operation, index], {
        message: `${operation} names ${name}, which cannot be changed there: it has no effect`,
        hint: side === 'request' ? 'write it in set, or in the hostname of a URLRewrite' : 'remove it',
      })
    }
  }
}
