import { describe, expect, test } from 'vitest'
import { headOf } from '../../src/resolve/plan/plan.ts'
import { tablesFor, tablesInOrder, tablesNaming } from '../../src/resolve/plan/table-order.ts'
import { tableOf } from '../support/model-values.ts'

const head = (name: string, hosts: readonly string[]) => headOf(name, tableOf(name, { hosts }))

describe('the tables of a host', () => {
  const tables = [
    head('a/any', ['*']),
    head('a/domain', ['*.example.com']),
    head('a/one', ['shop.example.com']),
    head('a/two', ['shop.example.com']),
  ]

  test.each([
    ['shop.example.com', ['a/one', 'a/two']],
    ['blog.example.com', ['a/domain']],
    ['*.eu.example.com', ['a/domain']],
    ['elsewhere.org', ['a/any']],
  ])('%s', (host, expected) => {
    expect(tablesFor(host, tables)).toEqual(expected)
  })

  test('by the very name', () => {
    expect(tablesNaming('*.example.com', tables)).toEqual(['a/domain'])
    expect(tablesNaming('blog.example.com', tables)).toEqual([])
  })
})

test('tables of the own namespace are asked first, then those shown by name, then those for everyone', () => {
  const everyone = tableOf('a/everyone', {})
  const named = tableOf('b/named', { visibility: { namespaces: ['shop'] } })
  const own = tableOf('shop/own', {})
  const hidden = tableOf('c/hidden', { visibility: { namespaces: ['blog'] } })
  expect(tablesInOrder([everyone, hidden, named, own], 'shop')).toEqual([own, named, everyone])
})
