import type { FieldPath } from './diagnostic.ts'

/**
 * `spec.http[0].mirror`, as people write a path; keys other than plain names are quoted: `labels["a.b/c"]`.
 */
export function renderPath(path: FieldPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}
