import { RE2JS } from 're2js'
import { z } from 'zod'
import { errorText } from '../../errors.ts'
import { largestProgram } from '../../model/regex.ts'

/**
 * Characters of a regular expression, looked at before it is compiled. Almost each takes an instruction, so a
 * longer one is too large for Envoy as well.
 */
const longestPattern = largestProgram

/** A regular expression in RE2 syntax, as Envoy compiles it. */
export const regex = z.string().superRefine(checkRegex)

/** Adds an issue for a text that is not a regular expression in RE2 syntax. */
export function checkRegex(pattern: string, context: z.RefinementCtx): void {
  if (pattern === '') context.addIssue({ code: 'custom', message: 'is empty, must be a regular expression' })
  if (pattern.length > longestPattern) {
    context.addIssue({
      code: 'custom',
      message: `is ${pattern.length} characters long, must have at most ${longestPattern}`,
    })
    return
  }
  try {
    const size = RE2JS.compile(pattern).programSize()
    if (size > largestProgram)
      context.addIssue({
        code: 'custom',
        message: `compiles to ${size} instructions, must be at most ${largestProgram}`,
      })
  } catch (error) {
    const reason = errorText(error)
    const shown = JSON.stringify(cut(pattern))
    context.addIssue({
      code: 'custom',
      message: `is ${shown}, must be a regular expression in RE2 syntax: ${cut(reason)}`,
    })
  }
}

/** The reason quotes the expression, too. */
function cut(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
