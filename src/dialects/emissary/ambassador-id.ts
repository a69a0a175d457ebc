import { z } from 'zod'

/** v2 takes one id or several, v3alpha1 several. */
export const ambassadorId = z.union([z.string().min(1), z.array(z.string().min(1))])

/** The ids of an object; an object without one belongs to the installation `default`. */
export function idsOf(declared: z.infer<typeof ambassadorId> | undefined): readonly string[] {
  const ids = declared === undefined ? [] : typeof declared === 'string' ? [declared] : declared
  return ids.length === 0 ? ['default'] : [...new Set(ids)]
}

/** The label of the gateway proxies that serve an installation. */
export function proxyLabels(id: string): Readonly<Record<string, string>> {
  return { ambassador_id: id }
}
