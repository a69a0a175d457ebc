/**
 * Largest program that a regular expression may compile to, in RE2's instructions: what Envoys with our
 * bootstrap take.
 */
export const largestProgram = 32_768
