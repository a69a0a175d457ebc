/**
 * Where `wanted` is not contained in `found`: objects by their fields, lists element by element. Empty when
 * it is.
 */
export function missingFrom(found: unknown, wanted: unknown, path = '$'): readonly string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length)
      return [`${path}: ${JSON.stringify(found)} is not a list of ${wanted.length}`]
    return wanted.flatMap((each, index) => missingFrom(found[index], each, `${path}[${index}]`))
  }
  if (wanted !== null && typeof wanted === 'object') {
    if (found === null || typeof found !== 'object') return [`${path}: ${JSON.stringify(found)} is no object`]
    return Object.entries(wanted).flatMap(([key, each]) =>
      missingFrom((found as Readonly<Record<string, unknown>>)[key], each, `${path}.${key}`),
    )
  }
  return found === wanted ? [] : [`${path}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`]
}
