import { z } from 'zod'
import { parseDuration } from './duration-text.ts'

/** A duration as ProtoJSON and Go write it (`1.5s`, `100ms`, `1h30m`), in milliseconds; never negative. */
export const durationSchema = z.string().transform((text, ctx): number => {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return milliseconds
  const bare = /^\d+(\.\d+)?$/.test(text)
  ctx.addIssue({
    code: 'custom',
    message: 'must be a duration that is not negative, such as 1.5s, 100ms or 1h',
    params: bare ? { hint: `write ${text}s for seconds or ${text}ms for milliseconds` } : {},
  })
  return z.NEVER
})
