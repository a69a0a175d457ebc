import { rowOf } from './codes.ts'
import type { Code } from './codes.ts'
import { objectName } from './diagnostic.ts'
import type { Diagnostic, Origin } from './diagnostic.ts'

/** The texts of a diagnostic. The message continues after the name of its object. */
export interface Wording {
  readonly message: string
  readonly hint?: string | undefined
}

/** A diagnostic at a field, with the severity of its code: `VirtualService default/reviews: <message>`. */
export function finding(code: Code, origin: Origin, { message, hint }: Wording): Diagnostic {
  return {
    code,
    severity: rowOf(code).severity,
    message: `${nameOf(origin)}: ${message}`,
    ...(hint === undefined ? {} : { hint }),
    origin,
  }
}

/** `VirtualService default/reviews`. */
export function nameOf({ object }: Pick<Origin, 'object'>): string {
  return `${object.kind} ${objectName(object)}`
}

/** The diagnostic of a text that is not in force: the last good version decides about requests instead. */
export function withLastGood(diagnostic: Diagnostic): Diagnostic {
  const { consequence, ...others } = diagnostic
  if (consequence === undefined) return diagnostic
  return {
    ...others,
    message: `${diagnostic.message.slice(0, -consequence.length)}the last good version stays in force`,
  }
}

/** The origin of a field below. */
export function below(origin: Origin, ...steps: Origin['path']): Origin {
  return { object: origin.object, path: [...origin.path, ...steps] }
}
