import type { Code } from '../../diagnostics/codes.ts'
import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import { objectKey } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import { compareText } from '../../model/names.ts'

/** A text, or its two parts with the names of namespaces between them. */
export type NamespaceText = string | readonly [before: string, after: string]

/** Something that is wrong at a field for the proxies of a namespace. */
export interface NamespaceFinding {
  readonly code: Code
  readonly origin: Origin
  readonly namespace: string
  readonly message: NamespaceText
  readonly hint: NamespaceText | undefined
}

/** Equal for findings that differ in their namespace only: they become one diagnostic. */
export function joinKey({ code, origin, message, hint }: NamespaceFinding): string {
  return JSON.stringify([code, objectKey(origin.object), origin.path, message, hint])
}

/** One diagnostic for findings of one `joinKey`, with all of their namespaces. */
export function joinNamespaces(group: readonly NamespaceFinding[]): readonly Diagnostic[] {
  const namespaces = listed([...new Set(group.map(({ namespace }) => namespace))].toSorted(compareText))
  const text = (parts: NamespaceText): string =>
    typeof parts === 'string' ? parts : `${parts[0]}${namespaces}${parts[1]}`
  return group
    .slice(0, 1)
    .map(({ code, origin, message, hint }) =>
      finding(code, origin, { message: text(message), hint: hint === undefined ? undefined : text(hint) }),
    )
}

const mostNamed = 5

function listed(names: readonly string[]): string {
  const rest = names.length - mostNamed
  if (rest > 1) return `${names.slice(0, mostNamed).join(', ')} and ${rest} more`
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
