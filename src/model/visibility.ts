/** Which namespaces may see an object. */
export type Visibility = 'everywhere' | { readonly namespaces: readonly string[] }

export function isVisible(visibility: Visibility, namespace: string): boolean {
  return visibility === 'everywhere' || visibility.namespaces.includes(namespace)
}
