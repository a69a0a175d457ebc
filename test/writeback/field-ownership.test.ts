import { describe, expect, test } from 'vitest'
import { ownedStatus, withdrawn } from '../../src/writeback/field-ownership.ts'
import type { JsonObject } from '../../src/manifest/manifest.ts'

const condition = (type: string) => ({
  type,
  status: 'True',
  reason: type,
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
})
/** The fields that the API server assigns to the manager that wrote all of a condition. */
const fieldsOf = (...types: readonly string[]) =>
  Object.fromEntries(
    types.map((type) => [
      `k:{"type":"${type}"}`,
      {
        '.': {},
        'f:type': {},
        'f:status': {},
        'f:reason': {},
        'f:message': {},
        'f:lastTransitionTime': {},
        'f:observedGeneration': {},
      },
    ]),
  )

describe('what a manager wrote of a status', () => {
  const entry = (manager: string, subresource: string, fields: JsonObject): JsonObject => ({
    manager,
    subresource,
    operation: 'Update',
    fieldsV1: { 'f:status': fields },
  })

  test('is under its name, at the status', () => {
    const managedFields = [
      entry('ours', 'status', { 'f:a': {} }),
      entry('theirs', 'status', { 'f:b': {} }),
      entry('ours', '', { 'f:c': {} }),
      entry('ours', 'status', { 'f:a': { 'f:d': {} }, 'f:e': {} }),
    ]
    expect(ownedStatus({ metadata: { managedFields } }, 'ours')).toEqual({ 'f:a': { 'f:d': {} }, 'f:e': {} })
  })

  test.each([
    [{}],
    [{ metadata: {} }],
    [{ metadata: { managedFields: 'none' } }],
    [{ metadata: { managedFields: [null, { manager: 'ours', subresource: 'status' }] } }],
  ] as readonly (readonly [JsonObject])[])('is nothing in %j', (object) => {
    expect(ownedStatus(object, 'ours')).toEqual({})
  })
})

describe('a status that is taken back', () => {
  const accepted = condition('Accepted')
  const programmed = condition('Programmed')
  const cases: readonly {
    readonly what: string
    readonly status: JsonObject
    readonly owned: JsonObject
    readonly left: JsonObject
  }[] = [
    {
      what: 'nothing of it is ours',
      status: { conditions: [accepted] },
      owned: {},
      left: { conditions: [accepted] },
    },
    {
      what: 'all of it is ours',
      status: { conditions: [accepted, programmed] },
      owned: { 'f:conditions': fieldsOf('Accepted', 'Programmed') },
      left: {},
    },
    {
      what: 'another has written one condition since',
      status: { conditions: [accepted, programmed] },
      owned: { 'f:conditions': fieldsOf('Accepted') },
      left: { conditions: [programmed] },
    },
    {
      what: 'another has written the same at a later generation: the rest is still under our name',
      status: { conditions: [accepted] },
      owned: { 'f:conditions': { 'k:{"type":"Accepted"}': { '.': {}, 'f:type': {}, 'f:status': {} } } },
      left: { conditions: [accepted] },
    },
    {
      what: 'only that there is a list is ours',
      status: { conditions: [accepted] },
      owned: { 'f:conditions': { '.': {} } },
      left: { conditions: [accepted] },
    },
    {
      what: 'a listener is ours, and one has a condition of another',
      status: {
        listeners: [
          { name: 'a', attachedRoutes: 1, conditions: [accepted] },
          { name: 'b', attachedRoutes: 1, conditions: [accepted, programmed] },
        ],
      },
      owned: {
        'f:listeners': {
          'k:{"name":"a"}': {
            '.': {},
            'f:name': {},
            'f:attachedRoutes': {},
            'f:conditions': fieldsOf('Accepted'),
          },
          'k:{"name":"b"}': {
            '.': {},
            'f:name': {},
            'f:attachedRoutes': {},
            'f:conditions': fieldsOf('Accepted'),
          },
        },
      },
      left: { listeners: [{ name: 'b', attachedRoutes: 1, conditions: [accepted, programmed] }] },
    },
    {
      what: 'lists are atomic',
      status: { conditions: [accepted], validationMessages: [], observedGeneration: '2', theirs: 'x' },
      owned: { 'f:conditions': {}, 'f:validationMessages': {}, 'f:observedGeneration': {} },
      left: { theirs: 'x' },
    },
    {
      what: 'a field below another is ours',
      status: { a: { b: 1, c: 2 } },
      owned: { 'f:a': { '.': {}, 'f:b': {} } },
      left: { a: { c: 2 } },
    },
    {
      what: 'what is ours is gone',
      status: { conditions: [] },
      owned: { 'f:conditions': fieldsOf('Accepted'), 'f:other': {} },
      left: {},
    },
  ]
  test.each(cases)('where $what', ({ status, owned, left }) => {
    expect(withdrawn(status, owned)).toEqual(left)
  })
})
