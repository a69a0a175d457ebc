import { inspect } from 'node:util'

/** The user's command line or environment is wrong: exit status 2, the message is the whole explanation. */
export class UsageError extends Error {}

const mostCauses = 5

/**
 * The text of something that was thrown: its message, and those of its causes that it does not repeat. Never
 * throws.
 */
export function errorText(thrown: unknown): string {
  const messages: string[] = []
  for (let each = thrown, depth = 0; each !== undefined && depth <= mostCauses; each = causeOf(each)) {
    depth += 1
    const message = each instanceof Error ? each.message : typeof each === 'string' ? each : inspect(each)
    if (message !== '' && !messages.some((earlier) => earlier.includes(message))) messages.push(message)
  }
  return messages.join(': ')
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.cause : undefined
}
