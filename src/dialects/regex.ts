import { RE2JS } from 're2js'
import { z } from 'zod'
import { largestProgram } from '../model/regex.ts'

/** A regular expression in RE2 syntax, as Envoy compiles it. */
export const regex = z.string().superRefine(checkRegex)

/** Adds an issue for what is no regular expression in RE2 syntax. */
export function checkRegex(pattern: string, context: z.RefinementCtx): void {
  if (pattern === '') context.addIssue({ code: 'custom', message: 'is empty, must be a regular expression' })
  try {
    const size = RE2JS.compile(pattern).programSize()
    if (size > largestProgram) context.addIssue({ code: 'custom', message: `compiles to ${size} instructions, must be at most ${largestProgram}` })
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `is ${JSON.stringify(pattern)}, must be a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`,
    })
  }
}
