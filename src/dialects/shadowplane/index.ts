import type { Dialect } from '../dialect.ts'
import { tapKind, translateTap } from './tap.ts'

/** Objects of shadowplane's own: what a command asks of the running control plane. */
export const shadowplane: Dialect = {
  name: 'shadowplane',
  kinds: [tapKind],
  translate: translateTap,
}
