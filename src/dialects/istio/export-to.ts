import type { Visibility } from '../../model/visibility.ts'

/** Reads `exportTo`: absent or with `*` everywhere, `.` the object's own namespace, `~` nobody. */
export function visibilityOf(exportTo: readonly string[] | undefined, namespace: string): Visibility {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes('*')) return 'everywhere'
  return { namespaces: exportTo.filter((each) => each !== '~').map((each) => each === '.' ? namespace : each) }
}
