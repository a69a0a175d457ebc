/** The namespaces that may see an object. */
export type Visibility = 'everywhere' | { readonly namespaces: readonly string[] }

/**
 * Parses a list of namespaces: `*` is all, even beside other names; `.` the object's own, `~` none. An empty
 * list is '*'.
 */
export function visibleIn(names: readonly string[], own: string): Visibility {
  if (names.length === 0 || names.includes('*')) return 'everywhere'
  return { namespaces: names.filter((name) => name !== '~').map((name) => (name === '.' ? own : name)) }
}

export function isVisible(visibility: Visibility, namespace: string): boolean {
  return visibility === 'everywhere' || visibility.namespaces.includes(namespace)
}
