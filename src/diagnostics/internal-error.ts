import { inspect } from 'node:util'

/** A bug of ours, in the form in which it is logged. */
export interface InternalError {
  /** The operation that failed. */
  readonly what: string
  /** The stack, and the stacks of its causes. */
  readonly stack: string
}

/** Something that threw: `transform` of the object under `key`. */
export interface Failure {
  readonly transform: string
  readonly key: string
  readonly error: unknown
}

/** Characters of a stack; a message may hold a whole document of the user's. */
const longestStack = 8_000

const mostCauses = 5

/** The stack of a thrown value, then those of its causes; each is cut. */
export function stackOf(error: unknown): string {
  const stacks: string[] = []
  for (
    let each = error;
    each !== undefined && stacks.length <= mostCauses;
    each = each instanceof Error ? each.cause : undefined
  ) {
    stacks.push(cut(each instanceof Error ? (each.stack ?? String(each)) : inspect(each)))
  }
  return stacks.join('\ncaused by: ')
}

function cut(text: string): string {
  return text.length <= longestStack ? text : `${text.slice(0, longestStack)}…`
}

export interface InternalErrors {
  /** Takes all present failures, and returns the new ones: each bug once, whatever object it concerns. */
  update(failures: readonly Failure[]): readonly InternalError[]
}

/** Remembers which bugs were logged. A bug that ends and comes back is logged again. */
export function recordInternalErrors(): InternalErrors {
  let known: ReadonlySet<string> = new Set()
  return {
    update(failures) {
      if (failures.length === 0 && known.size === 0) return []
      const bugs = Map.groupBy(failures, siteOf)
      const fresh = [...bugs].filter(([site]) => !known.has(site))
      known = new Set(bugs.keys())
      return fresh.flatMap(([, [first, ...others]]) =>
        first === undefined
          ? []
          : [
              {
                what:
                  `${first.transform} of ` +
                  `${first.key}${others.length === 0 ? '' : `, and of ${others.length} more`}`,
                stack: stackOf(first.error),
              },
            ],
      )
    },
  }
}

/**
 * The place of the throw: the transform and the calls. The message is left out, since it may differ from
 * object to object.
 */
function siteOf({ transform, error }: Failure): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const calls = stack.split('\n').filter((line) => line.startsWith('    at '))
  return [transform, ...(calls.length === 0 ? [String(error)] : calls)].join('\n')
}
