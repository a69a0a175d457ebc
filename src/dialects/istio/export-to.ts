import { z } from 'zod'
import type { Visibility } from '../../model/visibility.ts'

const namespaceName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

/** Namespaces that may see an object: names, `.` for its own, `*` for all, `~` for none. */
export const exportTo = z.array(z.string().refine((name) => ['.', '*', '~'].includes(name) || namespaceName.test(name), {
  message: 'must be the name of a namespace, or one of ".", "*" and "~"',
}))

/** Reads `exportTo`; where it is absent or empty, the mesh's default counts. `*` wins over whatever stands beside it. */
export function visibilityOf(declared: readonly string[] | undefined, namespace: string, defaults: readonly string[] = ['*']): Visibility {
  const names = declared === undefined || declared.length === 0 ? defaults : declared
  if (names.length === 0 || names.includes('*')) return 'everywhere'
  return { namespaces: names.filter((each) => each !== '~').map((each) => each === '.' ? namespace : each) }
}
