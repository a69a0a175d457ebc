import { describe, expect, test } from 'vitest'
import type { HeaderMatch, Match } from '../../src/model/route.ts'
import { headerFields } from '../../src/translate/header.ts'
import { routeMatch } from '../../src/translate/match.ts'
import { prefix } from '../support/model-values.ts'

function header(more: Partial<HeaderMatch>): Match {
  return prefix('/', {
    headers: [{ name: 'user', match: { kind: 'exact', value: 'jason' }, invert: false, ...more }],
  })
}

describe('a match', () => {
  test.each([
    ['an exact path', { ...prefix('/a'), path: { kind: 'exact', value: '/a' } }, { path: '/a' }],
    ['a prefix', prefix('/a'), { prefix: '/a' }],
    [
      'a prefix of whole segments',
      { ...prefix('/a'), path: { kind: 'segments', value: '/a' } },
      { path_separated_prefix: '/a' },
    ],
    [
      'a regular expression',
      { ...prefix('/a'), path: { kind: 'regex', value: '/a+' } },
      { safe_regex: { regex: '/a+' } },
    ],
    [
      'a prefix without regard to case',
      prefix('/a', { caseSensitive: false }),
      { prefix: '/a', case_sensitive: false },
    ],
    ['a header', header({}), { prefix: '/', headers: [{ name: 'user', string_match: { exact: 'jason' } }] }],
    [
      'a header that is there',
      header({ match: { kind: 'present' } }),
      { prefix: '/', headers: [{ name: 'user', present_match: true }] },
    ],
    [
      'a header that differs, or is absent',
      header({ invert: true }),
      {
        prefix: '/',
        headers: [
          {
            name: 'user',
            invert_match: true,
            treat_missing_header_as_empty: true,
            string_match: { exact: 'jason' },
          },
        ],
      },
    ],
    [
      'a header that is absent',
      header({ match: { kind: 'present' }, invert: true }),
      { prefix: '/', headers: [{ name: 'user', invert_match: true, present_match: true }] },
    ],
    [
      'query parameters',
      prefix('/', {
        queryParameters: [
          { name: 'a', match: { kind: 'present' } },
          { name: 'b', match: { kind: 'prefix', value: 'x' } },
        ],
      }),
      {
        prefix: '/',
        query_parameters: [
          { name: 'a', present_match: true },
          { name: 'b', string_match: { prefix: 'x' } },
        ],
      },
    ],
  ] satisfies readonly (readonly [string, Match, object])[])('%s', (_, match, expected) => {
    expect(routeMatch(match)).toEqual(expected)
  })
})

describe('header changes', () => {
  const none = { set: {}, add: {}, remove: [] }

  test('none give no fields', () => {
    expect(headerFields([{ request: none, response: none }])).toEqual({})
  })

  test('set overwrites, add appends, names are sorted, and earlier changes come first', () => {
    const first = { request: { set: { b: '1', a: '2' }, add: { c: '3' }, remove: ['x'] }, response: none }
    const second = { request: { ...none, set: { d: '4' } }, response: { ...none, remove: ['y'] } }
    expect(headerFields([first, second])).toEqual({
      request_headers_to_add: [
        { header: { key: 'a', value: '2' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        { header: { key: 'b', value: '1' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        { header: { key: 'c', value: '3' } },
        { header: { key: 'd', value: '4' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
      ],
      request_headers_to_remove: ['x'],
      response_headers_to_remove: ['y'],
    })
  })
})
