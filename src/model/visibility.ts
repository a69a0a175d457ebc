/** Which namespaces may see an object. */
export type Visibility = 'everywhere' | { readonly namespaces: readonly string[] }

/**
 * Of a list of namespaces: `*` is all, whatever stands beside it, `.` the object's own, `~` none. An empty
 * list says nothing.
 */
export function visibleIn(names: readonly string[], own: string): Visibility {
  if (names.length === 0 || names.includes('*')) return 'everywhere'
  return { namespaces: names.filter((name) => name !== '~').map((name) => (name === '.' ? own : name)) }
}

export function isVisible(visibility: Visibility, namespace: string): boolean {
  return visibility === 'everywhere' || visibility.namespaces.includes(namespace)
}
