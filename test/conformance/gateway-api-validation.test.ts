import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { translateFirst } from '../support/configuration.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { validationCases } from './gateway-api-cases.ts'
import type { ValidationCase } from './gateway-api-cases.ts'

if (sharedIsAbsent) console.warn(absentMessage)

const backendRef = { name: 'test-service', port: 8081 }

const sound: Readonly<Record<string, unknown>> = {
  RequestHeaderModifier: { requestHeaderModifier: { set: [{ name: 'x-a', value: 'a' }] } },
  RequestMirror: { requestMirror: { backendRef } },
}

/** Our message for each of the API server's messages. */
const ours: Readonly<Record<string, RegExp>> = {
  'Only one of percent or fraction may be specified in HTTPRequestMirrorFilter':
    /field\/invalid-value .*requestMirror has percent and fraction, must have one of them/,
  'numerator must be less than or equal to denominator':
    /mirror\/percentage-out-of-range .*fraction\.numerator is 1001, must be at most the denominator, 1000/,
  'spec.rules[0].filters[0].requestMirror.fraction.denominator in body should be greater than or equal to 1':
    /field\/invalid-value .*fraction\.denominator is 0, must be at least 1/,
  'spec.rules[0].filters[0].requestMirror.fraction.numerator in body should be greater than or equal to 0':
    /mirror\/percentage-out-of-range .*fraction\.numerator is -1, must be at least 0/,
  'filter.requestHeaderModifier must be nil if the filter.type is not RequestHeaderModifier':
    /field\/invalid-value requestHeaderModifier is set beside type RequestMirror/,
  'filter.requestMirror must be specified for RequestMirror filter.type':
    /field\/required requestMirror is required by type RequestMirror/,
  'filter.requestHeaderModifier must be specified for RequestHeaderModifier filter.type':
    /field\/required requestHeaderModifier is required by type RequestHeaderModifier/,
  'filter.requestMirror must be nil if the filter.type is not RequestMirror':
    /field\/invalid-value requestMirror is set beside type RequestHeaderModifier/,
  'RequestHeaderModifier filter cannot be repeated':
    /filter\/repeated a second filter of type RequestHeaderModifier/,
}

function filtersOf({ requestMirror, filter, filters }: ValidationCase): readonly unknown[] {
  if (requestMirror !== undefined)
    return [{ type: 'RequestMirror', requestMirror: { backendRef, ...requestMirror } }]
  return filter !== undefined
    ? [filter]
    : (filters ?? []).map((type) => ({ type, ...(sound[type] as object) }))
}

function routeWith(kind: string, filters: readonly unknown[]): string {
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    metadata: { name: 'foo' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'test-service' }],
      rules: [{ filters, backendRefs: [backendRef] }],
    },
  }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'test-service' },
    spec: { ports: [{ name: 'http', port: 8081 }] },
  }
  return [route, service].map((each) => stringify(each)).join('---\n')
}

describe.skipIf(sharedIsAbsent)('what the API server says of mirror filters', () => {
  describe.each(['HTTPRoute', 'GRPCRoute'])('of an %s', (kind) => {
    test.each(
      validationCases.map((each, index) => ({
        ...each,
        case: `${index}: ${JSON.stringify(each.requestMirror ?? each.filter ?? each.filters)}`,
      })),
    )('$case', (each) => {
      const { found, rejected, routeTables } = translateFirst(routeWith(kind, filtersOf(each)))
      expect(rejected).toBe(!each.valid)
      for (const message of each.messages ?? [each.message].flatMap((one) => one ?? [])) {
        const expected = ours[message]
        expect(expected, `no answer for ${message}`).toBeDefined()
        expect(found.filter((text) => expected?.test(text))).toHaveLength(1)
      }
      // Whatever is wrong with a mirror, the primary is served.
      expect(routeTables.flatMap((table) => table.routes.map(({ action }) => action.kind))).toEqual([
        'forward',
      ])
    })
  })
})
