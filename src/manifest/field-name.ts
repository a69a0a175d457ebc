/**
 * `mirror_percent` → `mirrorPercent`, the JSON name that protobuf gives to a field. A name in camelCase is
 * unchanged.
 */
export function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
