import type { Action, Forward, Route } from '../../../src/model/route.ts'
import { translateFirst } from '../../support/configuration.ts'

/**
 * An HTTPRoute `default/shop` for the requests of the Service shop, whose first rule begins at 7:5; `rules`
 * is a YAML list.
 */
export function httpRoute(rules: string, metadata = ''): string {
  return route('HTTPRoute', rules, metadata)
}

/** A GRPCRoute like it. */
export function grpcRoute(rules: string, metadata = ''): string {
  return route('GRPCRoute', rules, metadata)
}

function route(kind: string, rules: string, metadata: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: shop${metadata}}
spec:
  parentRefs: [{group: "", kind: Service, name: shop}]
  rules:
${rules
  .trim()
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
${['shop', 'shadow', 'shade'].map(service).join('')}`
}

/** A Service with port 80, and with no endpoints. */
export function service(name: string): string {
  return `---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80}]}
`
}

/** `backendRefs: [{name: shop, port: 80}]`, as most rules have it. */
export const toShop = 'backendRefs: [{name: shop, port: 80}]'

/** The routes of the first object's first table, in their order. */
export function routesOf(text: string): readonly Route[] {
  return translateFirst(text).routeTables[0]?.routes ?? []
}

/** The findings of the first object. */
export function foundIn(text: string): readonly string[] {
  return translateFirst(text).found
}

/** The action of the first route. */
export function actionOf(text: string): Action {
  const [first] = routesOf(text)
  if (first === undefined) throw new Error('no route')
  return first.action
}

/** The first route, which forwards. */
export function forwardOf(text: string): Forward {
  const action = actionOf(text)
  if (action.kind !== 'forward') throw new Error(`the route answers with ${action.kind}`)
  return action
}
