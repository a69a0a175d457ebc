/** A function of an immutable object, computed once for all streams that come to the same one. */
export function onceForEach<A extends object, V>(compute: (a: A) => V): (a: A) => V {
  const results = new WeakMap<A, { readonly value: V }>()
  return (a) => {
    const known = results.get(a) ?? { value: compute(a) }
    results.set(a, known)
    return known.value
  }
}

/** The same of two objects. */
export function onceForAll<A extends object, B extends object, V>(
  compute: (a: A, b: B) => V,
): (a: A, b: B) => V {
  const ofFirst = onceForEach((a: A) => onceForEach((b: B) => compute(a, b)))
  return (a, b) => ofFirst(a)(b)
}
