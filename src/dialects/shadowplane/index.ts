import type { Dialect } from '../dialect.ts'
import { unsplit } from '../reading/unsplit.ts'
import { tapKind, translateTap } from './tap.ts'

const reader = unsplit(translateTap)

/** Objects of shadowplane's own: what a command asks of the running control plane. */
export const shadowplane: Dialect = {
  name: 'shadowplane',
  kinds: [tapKind],
  reader: () => reader,
}
