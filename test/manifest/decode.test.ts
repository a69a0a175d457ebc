import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { decode } from '../../src/manifest/decode.ts'
import { durationSchema } from '../../src/manifest/duration.ts'
import type { JsonObject, Json, Manifest } from '../../src/manifest/manifest.ts'
import { message, parts } from '../../src/manifest/message.ts'

const percent = message({
  value: z
    .number()
    .superRefine((value, ctx) => {
      if (value < 0 || value > 100) {
        ctx.addIssue({
          code: 'custom',
          message: 'must be 0 to 100',
          params: { code: 'mirror/percentage-out-of-range', hint: 'use 100 to mirror every request' },
        })
      }
    })
    .optional(),
})
const destination = message({ host: z.string(), subset: z.string().optional() })
const rule = message({
  name: z.string().optional(),
  route: z.array(message({ destination, weight: z.int().min(0).max(100).optional() })).optional(),
  mirror: destination.optional(),
  mirrors: parts(message({ destination, percentage: percent.optional() })).optional(),
  mirrorPercentage: percent.optional(),
  timeout: durationSchema.optional(),
}).superRefine((value, ctx) => {
  if (value.mirror !== undefined && value.mirrors !== undefined) {
    ctx.addIssue({
      code: 'custom',
      path: ['mirrors'],
      message: 'and mirror exclude each other',
      params: { code: 'mirror/mirror-and-mirrors' },
    })
  }
})
const schema = message({
  hosts: z.array(z.string()),
  http: parts(rule).optional(),
  mode: z.enum(['SIMPLE', 'MUTUAL']).optional(),
  size: z.union([z.number(), z.string()]).optional(),
  match: z.union([message({ exact: z.string() }), message({ prefix: z.string() })]).optional(),
  table: z.record(z.string(), message({ on: z.boolean() }).optional()).optional(),
})
const patterns = ['http.*.mirrors.*', 'http.*.{mirror,mirrors,mirrorPercentage}', 'http.*', 'mode', 'table.*']

function manifest(spec: Json): Manifest {
  const id = { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'default', name: 'reviews' }
  const object: JsonObject = { spec }
  return {
    id,
    apiVersion: 'networking.istio.io/v1',
    labels: {},
    annotations: {},
    created: '',
    object,
    exactNumbers: {},
  }
}

function read(spec: Json) {
  return decode({ manifest: manifest(spec), path: ['spec'], schema, parts: patterns })
}

function said(spec: Json) {
  return read(spec).diagnostics.map(({ code, message: text, hint }) => [
    code,
    text.replace('VirtualService default/reviews: ', ''),
    hint ?? '',
  ])
}

describe('what is right', () => {
  test('is read with camelCase keys, whatever the spelling; null is absent', () => {
    const { value, diagnostics, rejected } = read({
      hosts: ['a'],
      mode: null,
      http: [{ mirror: { host: 'b' }, mirror_percentage: { value: 5 }, timeout: '1.5s' }],
    })
    expect({ diagnostics, rejected }).toEqual({ diagnostics: [], rejected: false })
    expect(value).toEqual({
      hosts: ['a'],
      http: [{ mirror: { host: 'b' }, mirrorPercentage: { value: 5 }, timeout: 1500 }],
    })
  })
})

test('of very many mistakes each costs its part, in time in step with their number', () => {
  const http = Array.from({ length: 5_000 }, (_, index) =>
    index % 2 === 0 ? { mirror: { host: 'a' }, mirorPercentage: { value: 1 } } : { mirror: { host: 'b' } },
  )
  const { value, rejected } = read({ hosts: ['a'], http })
  expect(rejected).toBe(true)
  expect(value?.http?.map((each) => each?.mirror?.host)).toEqual(
    http.map((_, index) => (index % 2 === 0 ? undefined : 'b')),
  )
}, 30_000)

describe('a mistake', () => {
  test('in the characters of a text costs the part around it: half of a surrogate pair is none', () => {
    const half = '\ud800'
    const { value, rejected } = read({
      hosts: ['a😀'],
      http: [{ mirror: { host: `b${half}` } }, { name: `x${half}` }],
      table: { [half]: { on: true }, ok: { on: true } },
    })
    expect(value).toEqual({ hosts: ['a😀'], http: [{}, undefined], table: { ok: { on: true } } })
    expect(rejected).toBe(true)
    expect(said({ hosts: ['a'], http: [{ name: `x${half}` }], match: { exact: 'a\udc00' } })).toEqual([
      [
        'field/invalid-value',
        'spec.http[0].name has \\ud800, half of a surrogate pair, which is not a character',
        'write the character itself',
      ],
      [
        'field/invalid-value',
        'spec.match.exact has \\udc00, half of a surrogate pair, which is not a character',
        'write the character itself',
      ],
    ])
    expect(read({ hosts: [half] }).value).toBeUndefined()
  })

  test.each<[string, Json, readonly string[]]>([
    [
      'an unknown field',
      { hosts: [], http: [{ mirorPercentage: { value: 1 } }] },
      [
        'field/unknown',
        'spec.http[0].mirorPercentage is not a known field',
        'did you mean `mirrorPercentage`?',
      ],
    ],
    [
      'a field that belongs further down',
      { hosts: [], http: [{ route: [{ destination: { host: 'a' }, subset: 'v1' }] }] },
      ['field/unknown', 'spec.http[0].route[0].subset is not a known field', 'subset belongs in destination'],
    ],
    [
      'a field that belongs further up',
      { hosts: [], http: [{ mirror: { host: 'a', timeout: '1s' } }] },
      [
        'field/unknown',
        'spec.http[0].mirror.timeout is not a known field',
        'timeout belongs one level up, beside mirror',
      ],
    ],
    [
      'a field like no other',
      { hosts: [], http: [{ mirror: { host: 'a', zzzzzz: 1 } }] },
      [
        'field/unknown',
        'spec.http[0].mirror.zzzzzz is not a known field',
        'the fields here are host, subset',
      ],
    ],
    [
      'a string for a number',
      { hosts: [], http: [{ mirror_percentage: { value: '50' } }] },
      [
        'field/wrong-type',
        'spec.http[0].mirror_percentage.value is the string "50", must be a number',
        'write 50 without quotes',
      ],
    ],
    [
      'a number for a string',
      { hosts: ['a', 5] },
      ['field/wrong-type', 'spec.hosts[1] is the number 5, must be a string', 'write "5" in quotes'],
    ],
    [
      'an object for a list',
      { hosts: {} },
      ['field/wrong-type', 'spec.hosts is an object, must be a list', ''],
    ],
    [
      'a list for an object',
      { hosts: [], http: [[]] },
      ['field/wrong-type', 'spec.http[0] is a list, must be an object', ''],
    ],
    [
      'null in a list',
      { hosts: [], http: [null] },
      ['field/wrong-type', 'spec.http[0] is null, must be an object', ''],
    ],
    [
      'not a number',
      { hosts: [], http: [{ mirrorPercentage: { value: NaN } }] },
      ['field/wrong-type', 'spec.http[0].mirrorPercentage.value is NaN, must be a number', ''],
    ],
    [
      'a fraction for a whole number',
      { hosts: [], http: [{ route: [{ destination: { host: 'a' }, weight: 1.5 }] }] },
      ['field/wrong-type', 'spec.http[0].route[0].weight is the number 1.5, must be a whole number', ''],
    ],
    [
      'a number too large',
      { hosts: [], http: [{ route: [{ destination: { host: 'a' }, weight: 101 }] }] },
      ['field/invalid-value', 'spec.http[0].route[0].weight is 101, must be at most 100', ''],
    ],
    ['an absent field', { http: [] }, ['field/required', 'spec.hosts is required', '']],
    [
      'an absent field of an element',
      { hosts: [], http: [{ mirror: {} }] },
      ['field/required', 'spec.http[0].mirror.host is required', ''],
    ],
    [
      'an unknown name',
      { hosts: [], mode: 'SIMPEL' },
      [
        'field/invalid-value',
        'spec.mode is "SIMPEL", must be one of SIMPLE, MUTUAL',
        'did you mean `SIMPLE`?',
      ],
    ],
    [
      'none of two types',
      { hosts: [], size: true },
      [
        'field/wrong-type',
        'spec.size is the boolean true, must be a number or a string',
        'write "true" in quotes',
      ],
    ],
    [
      'neither message',
      { hosts: [], match: { prefix: 5 } },
      ['field/wrong-type', 'spec.match.prefix is the number 5, must be a string', 'write "5" in quotes'],
    ],
    [
      'a refinement',
      { hosts: [], http: [{ mirrorPercentage: { value: 150 } }] },
      [
        'mirror/percentage-out-of-range',
        'spec.http[0].mirrorPercentage.value is 150, must be 0 to 100',
        'use 100 to mirror every request',
      ],
    ],
    [
      'a refinement over two fields',
      { hosts: [], http: [{ mirror: { host: 'a' }, mirrors: [] }] },
      ['mirror/mirror-and-mirrors', 'spec.http[0].mirrors and mirror exclude each other', ''],
    ],
    [
      'a bare duration',
      { hosts: [], http: [{ timeout: '5' }] },
      [
        'field/invalid-value',
        'spec.http[0].timeout is "5", must be a duration that is not negative, such as 1.5s, 100ms or 1h',
        'write 5s for seconds or 5ms for milliseconds',
      ],
    ],
    [
      'a field in two spellings',
      { hosts: [], http: [{ mirrorPercentage: {}, mirror_percentage: {} }] },
      [
        'field/invalid-value',
        'spec.http[0].mirror_percentage is there twice, as mirrorPercentage and in another spelling',
        'remove one of the two',
      ],
    ],
    ['nothing at all', null, ['field/required', 'spec is required', '']],
  ])('%s is told in words', (_, spec, expected) => {
    expect(said(spec)).toEqual([expected])
    expect(read(spec).rejected).toBe(true)
  })

  test('has the path as the user spelled it; an unknown field means its key', () => {
    const { diagnostics } = read({ hosts: [], http: [{ mirror_percentage: { vlaue: 1 } }] })
    expect(diagnostics).toMatchObject([
      {
        severity: 'error',
        message: 'VirtualService default/reviews: spec.http[0].mirror_percentage.vlaue is not a known field',
        origin: {
          object: { name: 'reviews' },
          path: ['spec', 'http', 0, 'mirror_percentage', 'vlaue'],
          part: 'key',
        },
      },
    ])
  })

  test('does not hide another', () => {
    expect(
      said({
        hosts: [5],
        mode: 'X',
        http: [
          { timeout: '5m', mirror: {}, foo: 1 },
          { mirror: { host: 'a' }, mirrors: [], timeout: 1 },
        ],
      })
        .map(([code, text]) => `${code} ${text}`)
        .toSorted(),
    ).toEqual([
      'field/invalid-value spec.mode is "X", must be one of SIMPLE, MUTUAL',
      'field/required spec.http[0].mirror.host is required',
      'field/unknown spec.http[0].foo is not a known field',
      'field/wrong-type spec.hosts[0] is the number 5, must be a string',
      'field/wrong-type spec.http[1].timeout is the number 1, must be a string',
    ])
  })
})

describe('the smallest part is left out', () => {
  test('a mirror with all its fields, so that it never runs at another percentage', () => {
    expect(
      read({ hosts: [], http: [{ name: 'a', mirror: { host: 'b' }, mirrorPercentage: { value: 150 } }] })
        .value,
    ).toEqual({ hosts: [], http: [{ name: 'a' }] })
    expect(
      read({ hosts: [], http: [{ name: 'a', mirror: { host: 'b' }, mirrorPercentag: { value: 15 } }] }).value,
    ).toEqual({ hosts: [], http: [{ name: 'a' }] })
    expect(
      read({ hosts: [], http: [{ name: 'a', mirror: { host: 'b' }, mirror_percentage: 5 }] }).value,
    ).toEqual({ hosts: [], http: [{ name: 'a' }] })
  })

  test('one element of a list, whose hole keeps the indices of the others', () => {
    const mirrors = [
      { destination: { host: 'a' } },
      { destination: { hots: 'b' } },
      { destination: { host: 'c' } },
    ]
    expect(read({ hosts: [], http: [{ mirrors }] }).value).toEqual({
      hosts: [],
      http: [{ mirrors: [mirrors[0], undefined, mirrors[2]] }],
    })
    expect(read({ hosts: [], http: [{ name: 5 }, { name: 'kept' }, { tiemout: '1s' }] }).value).toEqual({
      hosts: [],
      http: [undefined, { name: 'kept' }, undefined],
    })
  })

  test('two mistakes in one part cost that part only', () => {
    expect(read({ hosts: [], http: [{ name: 'a', mirror: { hots: 'b', subset: 5 } }] })).toMatchObject({
      value: { http: [{ name: 'a' }] },
      diagnostics: { length: 3 },
    })
  })

  test('an entry of a map', () => {
    expect(read({ hosts: [], table: { a: { on: 'yes' }, b: { on: true } } }).value).toEqual({
      hosts: [],
      table: { b: { on: true } },
    })
  })

  test('else all of it', () => {
    expect(read({ hosts: 'a' }).value).toBeUndefined()
    expect(read('x').value).toBeUndefined()
  })

  test('or what encloses it, when the part must be there; that is no second mistake', () => {
    const needs = message({ rules: parts(message({ name: z.string(), to: destination })) })
    const options = {
      manifest: manifest({
        rules: [
          { name: 'a', to: {} },
          { name: 'b', to: { host: 'c' } },
        ],
      }),
      path: ['spec'],
      schema: needs,
    }
    expect(decode({ ...options, parts: ['rules.*.to', 'rules.*'] })).toMatchObject({
      value: { rules: [undefined, { name: 'b' }] },
      diagnostics: [{ code: 'field/required' }],
    })
    expect(decode({ ...options, parts: ['rules.*.to'] })).toMatchObject({
      value: undefined,
      diagnostics: { length: 1 },
    })
  })
})

test.each<[string, number | undefined]>([
  ['1.5s', 1500],
  ['100ms', 100],
  ['1m', 60_000],
  ['1h', 3_600_000],
  ['1h30m', 5_400_000],
  ['0', 0],
  ['0s', 0],
  ['.5s', 500],
  ['1.s', 1000],
  ['0.000000001s', 1e-6],
  ['1.005s', 1005],
  ['3us', 0.003],
  ['3µs', 0.003],
  ['+1s', 1000],
  ['-1s', undefined],
  ['5', undefined],
  ['', undefined],
  ['1d', undefined],
  ['1 s', undefined],
  ['1.2.3s', undefined],
  ['s', undefined],
  ['99999999999999h', undefined],
])('the duration %s is %s milliseconds', (text, milliseconds) => {
  expect(durationSchema.safeParse(text).data).toBe(milliseconds)
})
