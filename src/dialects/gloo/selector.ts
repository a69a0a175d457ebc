import { z } from 'zod'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { hasLabels } from '../../model/labels.ts'

const operators = [
  'Equals',
  'DoubleEquals',
  'NotEquals',
  'In',
  'NotIn',
  'Exists',
  'DoesNotExist',
  'GreaterThan',
  'LessThan',
] as const

const expression = message({
  key: z.string().min(1),
  operator: z.enum(operators).optional(),
  values: z.array(z.string()).optional(),
})

/** Conditions on labels, all of which must hold. */
export const expressions = z.array(expression)

export type Expressions = z.infer<typeof expressions>

/** A selection of objects. */
export interface Selector {
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly expressions?: Expressions | undefined
  /** `*` is every namespace. */
  readonly namespaces: readonly string[]
}

export function isSelected({ id, labels }: Pick<Manifest, 'id' | 'labels'>, selector: Selector): boolean {
  if (!selector.namespaces.includes('*') && !selector.namespaces.includes(id.namespace)) return false
  return (
    hasLabels(labels, selector.labels ?? {}) &&
    (selector.expressions ?? []).every((each) => holds(each, labels))
  )
}

function holds(
  { key, operator = 'Equals', values = [] }: Expressions[number],
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key]
  const isListed = value !== undefined && values.includes(value)
  switch (operator) {
    case 'Equals':
    case 'DoubleEquals':
    case 'In':
      return isListed
    case 'NotEquals':
    case 'NotIn':
      return !isListed
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'GreaterThan':
      return Number(value) > Number(values[0])
    case 'LessThan':
      return Number(value) < Number(values[0])
  }
}
