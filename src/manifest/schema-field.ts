import type { z } from 'zod'
import type { FieldPath } from '../diagnostics/diagnostic.ts'
import { camelCase } from './field-name.ts'

/**
 * The names of the fields that `schema` has at `path`, in order; empty if it is not a message. A union has
 * the fields of all its branches.
 */
export function fieldsAt(schema: z.core.$ZodType, path: FieldPath): readonly string[] {
  const reached = path.reduce<readonly z.core.$ZodType[]>(
    (schemas, step) => schemas.flatMap((each) => stepInto(each, step)),
    [schema],
  )
  return [...new Set(reached.flatMap((each) => shapes(each)).flatMap((shape) => Object.keys(shape)))]
}

function stepInto(schema: z.core.$ZodType, step: string | number): readonly z.core.$ZodType[] {
  return structures(schema).flatMap((each) => {
    if (each._zod.def.type === 'array') return [each._zod.def.element]
    if (each._zod.def.type === 'record') return [each._zod.def.valueType]
    if (each._zod.def.type !== 'object') return []
    const field = each._zod.def.shape[camelCase(String(step))]
    return field === undefined ? [] : [field]
  })
}

function shapes(schema: z.core.$ZodType): readonly Readonly<Record<string, z.core.$ZodType>>[] {
  return structures(schema).flatMap((each) => (each._zod.def.type === 'object' ? [each._zod.def.shape] : []))
}

/** The schemas behind wrappers (optional, preprocess, transform, lazy, …) and in the branches of unions. */
function structures(schema: z.core.$ZodType): readonly z.core.$ZodTypes[] {
  const known = schema as z.core.$ZodTypes
  const { def } = known._zod
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return structures(def.innerType)
    case 'pipe':
      return [...structures(def.in), ...structures(def.out)]
    case 'lazy':
      return structures(def.getter())
    case 'union':
      return def.options.flatMap(structures)
    case 'intersection':
      return [...structures(def.left), ...structures(def.right)]
    default:
      return [known]
  }
}
