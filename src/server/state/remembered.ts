/**
 * A pure function of two immutable objects. Its result is computed once for all streams, and forgotten with
 * either object.
 */
export function remembered<A extends object, B extends object, V>(
  compute: (a: A, b: B) => V,
): (a: A, b: B) => V {
  const results = new WeakMap<A, WeakMap<B, { readonly value: V }>>()
  return (a, b) => {
    const ofA = results.get(a) ?? new WeakMap<B, { readonly value: V }>()
    const known = ofA.get(b)
    if (known !== undefined) return known.value
    const value = compute(a, b)
    results.set(a, ofA.set(b, { value }))
    return value
  }
}

/** The same of one immutable object. */
export function rememberedOfOne<A extends object, V>(compute: (a: A) => V): (a: A) => V {
  const results = new WeakMap<A, { readonly value: V }>()
  return (a) => {
    const known = results.get(a) ?? { value: compute(a) }
    results.set(a, known)
    return known.value
  }
}
