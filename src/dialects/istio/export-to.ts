import { z } from 'zod'
import { visibleIn } from '../../model/visibility.ts'
import type { Visibility } from '../../model/visibility.ts'
import { dnsLabel } from '../reading/constraint.ts'

/** Namespaces that may see an object: names, `.` for its own, `*` for all, `~` for none. */
export const exportTo = z.array(
  z.string().refine((name) => ['.', '*', '~'].includes(name) || dnsLabel.test(name), {
    message: 'must be the name of a namespace, or one of ".", "*" and "~"',
  }),
)

/** Reads `exportTo`; if it is absent or empty, the mesh's default applies. */
export function visibilityOf(
  declared: readonly string[] | undefined,
  namespace: string,
  defaults: readonly string[] = ['*'],
): Visibility {
  return visibleIn(declared === undefined || declared.length === 0 ? defaults : declared, namespace)
}
