import type { FieldHint } from '../../../manifest/decode.ts'
import { isRecord } from '../../../manifest/message.ts'

/** Names that people write for the share of a mirror. */
const shareNames = 'mirrorPercentage,mirrorPercent,percentage,percent,weight'

const ofMirror = (value: unknown): string =>
  `write mirrorPercentage: {value: ${shareIn(value)}} beside mirror`
const ofEntry = (value: unknown): string =>
  `write percentage: {value: ${shareIn(value)}} in each entry of mirrors`

/** A share beside the mirrors of a rule; in a rule without any, it is not about mirrors. */
function ofRule(value: unknown, rule: unknown): string | undefined {
  if (hasMirrors(rule)) return `write percentage: {value: ${shareIn(value)}} in each entry of mirrors`
  return isRecord(rule) && rule['mirror'] !== undefined
    ? `write mirrorPercentage: {value: ${shareIn(value)}}`
    : undefined
}

function hasMirrors(rule: unknown): boolean {
  return isRecord(rule) && rule['mirrors'] !== undefined && rule['mirror'] === undefined
}

/**
 * Hints about mirrors of a VirtualService whose fields have another place or form. A share that is moved must
 * have an effect at its new place: beside `mirrors`, `mirrorPercentage` has none, and everything would be
 * copied.
 */
export const mirrorHints: readonly FieldHint[] = [
  { code: 'field/unknown', at: `http.*.mirror.{${shareNames}}`, hint: ofMirror },
  {
    code: 'field/unknown',
    at: 'http.*.mirror.destination',
    hint: () => 'write host, subset and port in mirror itself',
  },
  {
    code: 'field/wrong-type',
    at: 'http.*.mirror',
    hint: (value) =>
      Array.isArray(value)
        ? 'write the list in mirrors, each entry with destination and percentage'
        : 'write mirror: {host: …}',
  },
  {
    code: 'field/wrong-type',
    at: 'http.*.mirrorPercentage',
    hint: (value, rule) => ofRule(value, rule) ?? `write mirrorPercentage: {value: ${shareIn(value)}}`,
  },
  { code: 'field/unknown', at: `http.*.mirrors.*.{${shareNames}}`, hint: ofEntry },
  { code: 'field/unknown', at: `http.*.mirrors.*.destination.{${shareNames}}`, hint: ofEntry },
  { code: 'field/wrong-type', at: 'http.*.mirrors.*.percentage', hint: ofEntry },
  {
    code: 'field/wrong-type',
    at: 'http.*.mirrors',
    hint: () => 'write mirrors as a list, each entry with destination and percentage',
  },
  {
    code: 'field/unknown',
    at: 'http.*.{percentage,percent,weight,mirrorPercentage,mirrorPercent}',
    hint: ofRule,
    meant: 'mirrorPercentage',
  },
  {
    code: 'field/unknown',
    at: 'http.*.mirrorPercentage.*',
    hint: (value) => `write value: ${shareIn(value)}`,
  },
  {
    code: 'field/unknown',
    at: 'http.*.mirrors.*.percentage.*',
    hint: (value) => `write value: ${shareIn(value)}`,
  },
]

/** The intended number; `…` if it cannot be read. */
export function shareIn(value: unknown): string {
  const written = isRecord(value) ? value['value'] : value
  if (typeof written === 'number') return String(written)
  return typeof written === 'string' && written.trim() !== '' && Number.isFinite(Number(written))
    ? written.trim()
    : '…'
}
