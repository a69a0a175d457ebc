import { z } from 'zod'
import { message } from '../../../manifest/message.ts'

/** The value is read from its text, so this accepts NaN and infinity; a later check rejects them. */
const anyNumber = z.preprocess(
  (value) => (typeof value === 'number' && !Number.isFinite(value) ? 0 : value),
  z.number(),
)

/** Istio's Percent. */
export const percent = message({ value: anyNumber.optional() })
