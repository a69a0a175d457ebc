import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { Labels } from '../../../model/labels.ts'

const expression = message({
  key: z.string().min(1),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).optional(),
})

/** Kubernetes' LabelSelector (meta/v1); an empty one selects everything. */
export const labelSelector = message({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.array(expression).optional(),
})

export type LabelSelector = z.infer<typeof labelSelector>

export function isSelected(
  labels: Labels,
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
): boolean {
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every((each) => meets(labels[each.key], each))
  )
}

function meets(value: string | undefined, { operator, values = [] }: z.infer<typeof expression>): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

/** The selector as one line: `team=shop, tier in (web, api)`. */
export function renderSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const words = { In: 'in', NotIn: 'not in' }
  return [
    ...Object.entries(matchLabels).map(([name, value]) => `${name}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) =>
      operator === 'Exists'
        ? key
        : operator === 'DoesNotExist'
          ? `!${key}`
          : `${key} ${words[operator]} (${values.join(', ')})`,
    ),
  ].join(', ')
}
