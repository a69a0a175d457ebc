import { z } from 'zod'
import { message } from '../../manifest/message.ts'
import { directResponseAction, redirectAction } from './action.ts'
import { delegateAction } from './delegate-action.ts'
import { routeAction } from './destination.ts'
import { matcher } from './matcher.ts'
import { reference } from './reference.ts'
import { removableOptions, routeOptions } from './option/route-options.ts'

const actions = ['routeAction', 'redirectAction', 'directResponseAction', 'delegateAction'] as const

/** Gloo's Route, of a VirtualService or a RouteTable. */
export const route = message({
  name: z.string().optional(),
  matchers: z.array(matcher).optional(),
  inheritableMatchers: z.boolean().optional(),
  inheritablePathMatchers: z.boolean().optional(),
  routeAction: routeAction.optional(),
  redirectAction: redirectAction.optional(),
  directResponseAction: directResponseAction.optional(),
  delegateAction: delegateAction.optional(),
  options: routeOptions.optional(),
  optionsConfigRefs: message({ delegateOptions: z.array(reference).optional() }).optional(),
}).superRefine((value, context) => {
  const given = actions.filter((field) => value[field] !== undefined)
  if (given.length === 1) return
  context.addIssue({
    code: 'custom',
    message: `has ${given.join(' and ') || 'no action'}, must have exactly one of ${actions.join(', ')}`,
  })
})

export type DeclaredRoute = z.infer<typeof route>

/** The parts of a list of routes that can be left out separately, at a path. */
export function removableRouteParts(path: string): readonly string[] {
  return [`${path}.*`, ...removableOptions(`${path}.*.options`)]
}
