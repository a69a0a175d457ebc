import { z } from 'zod'
import { message } from '../../manifest/message.ts'
import type { HeaderChanges, HeaderOperations } from '../../model/route.ts'

const operations = message({
  set: z.record(z.string(), z.string()).optional(),
  add: z.record(z.string(), z.string()).optional(),
  remove: z.array(z.string()).optional(),
})

/** Istio's Headers. */
export const headers = message({ request: operations.optional(), response: operations.optional() })

/** Header operations, and the authority that a `host` or `:authority` among the request's sets. */
export interface HeaderRules {
  readonly changes: HeaderChanges
  readonly authority: string | undefined
}

export function headerRules(value: z.infer<typeof headers> | undefined): HeaderRules {
  const request = value?.request
  return {
    changes: { request: operationsOf(request), response: operationsOf(value?.response) },
    authority: authorityIn(request?.set) ?? authorityIn(request?.add),
  }
}

function operationsOf(value: z.infer<typeof operations> | undefined): HeaderOperations {
  return {
    set: withoutPseudo(value?.set),
    add: withoutPseudo(value?.add),
    remove: (value?.remove ?? []).filter((name) => !isPseudo(name)),
  }
}

function withoutPseudo(declared: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(declared ?? {}).filter(([name]) => !isPseudo(name)))
}

function isPseudo(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host'
}

function authorityIn(declared: Readonly<Record<string, string>> | undefined): string | undefined {
  return Object.entries(declared ?? {}).find(([name]) => ['host', ':authority'].includes(name.toLowerCase()))?.[1]
}
