import { describe, expect, test } from 'vitest'
import { formatMistake } from '../../../src/dialects/reading/header-format.ts'
import { translateFirst } from '../../support/configuration.ts'
import { virtualService } from './text.ts'

describe('a value of a header', () => {
  test.each([
    'plain',
    '',
    '100%%',
    '%%FOO%%',
    '%REQ(x-id)%',
    '%REQ(x-id?:path):10%',
    '%REQ(a)%%RESP(b)%',
    '%%%PROTOCOL%',
    '%START_TIME(%Y/%m/%d)%',
    '%CEL(size(request.path) > 3)%',
    '%DYNAMIC_METADATA(a:b)%',
    '%FILTER_STATE(a:FIELD:b)%',
    '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16)%',
    '%METADATA(ROUTE:a:b)%',
    '%DURATION()%',
    '%PATH(NQ:ORIG)%',
  ])('is one that Envoy takes: %s', (text) => {
    expect(formatMistake(text)).toBeUndefined()
  })

  test.each([
    ['50%', "must have each % doubled, or around one of Envoy's commands", 'write %% for a percent sign'],
    ['%%%', "must have each % doubled, or around one of Envoy's commands", 'write %% for a percent sign'],
    ['%REQ(x)', "must have each % doubled, or around one of Envoy's commands", 'write %% for a percent sign'],
    [
      '%req(x)%',
      "must have each % doubled, or around one of Envoy's commands",
      'write %% for a percent sign',
    ],
    [
      '%REQ(x):a%',
      "must have each % doubled, or around one of Envoy's commands",
      'write %% for a percent sign',
    ],
    ['a %FOO% b', 'has %FOO%, which is not a command of Envoy', 'write %% for a percent sign'],
    ['%PROTOCOLL%', 'has %PROTOCOLL%, which is not a command of Envoy', 'did you mean %PROTOCOL%?'],
    ['%REQ()%', 'has %REQ()%, must say of what', 'write %REQ(…)%'],
    ['%PROTOCOL(x)%', 'has %PROTOCOL(x)%, must be without parentheses', 'write %PROTOCOL%'],
    ['%START_TIME(%Y):4%', 'has %START_TIME(%Y):4%, must be without a length', 'remove :4'],
    [
      '%REQ(a?b?c)%',
      'has %REQ(a?b?c)%: Envoy does not accept the argument in the parentheses',
      'see Envoy\'s "Substitution Formatter"',
    ],
    [
      '%METADATA(NODE:a)%',
      'has %METADATA(NODE:a)%: Envoy does not accept the argument in the parentheses',
      'see Envoy\'s "Substitution Formatter"',
    ],
  ])('is one that Envoy refuses: %s', (text, message, hint) => {
    expect(formatMistake(text)).toEqual({ message, hint })
  })

  test('is read in time that grows with its length', () => {
    expect(formatMistake('%A('.repeat(100_000))).toBeDefined()
    expect(formatMistake(`%REQ(${'a'.repeat(100_000)}%`)).toBeDefined()
    expect(formatMistake('%REQ(a)%'.repeat(50_000))).toBeUndefined()
  })
})

describe('a header that Envoy would refuse costs that header', () => {
  const rule = (fields: string): string =>
    virtualService(
      `route: [{destination: {host: reviews}, headers: {response: {set: {keep: a, drop: ` +
        `"%FOO%"}}}}]\n${fields}`,
    )

  test('at its line, of the rule and of a destination', () => {
    const result = translateFirst(
      rule('headers: {request: {set: {"a b": c}, add: {x: "50%", y: b}, remove: [z, "bad name"]}}'),
    )
    expect(result.found).toEqual([
      '7:86 field/invalid-value spec.http[0].route[0].headers.response.set.drop has %FOO%, which is not ' +
        'a command of Envoy',
      '8:31 field/invalid-value spec.http[0].headers.request.set["a b"] is "a b", must be the name of a ' +
        'header: letters, digits and -',
      '8:51 field/invalid-value spec.http[0].headers.request.add.x is "50%", must have each % doubled, or ' +
        "around one of Envoy's commands",
      '8:77 field/invalid-value spec.http[0].headers.request.remove[1] is "bad name", must be the name of ' +
        'a header: letters, digits and -',
    ])
    const [route] = result.routeTables[0]?.routes ?? []
    expect(route?.headers.request).toEqual({ set: {}, add: { y: 'b' }, remove: ['z'] })
    expect(route?.action).toMatchObject({ destinations: [{ headers: { response: { set: { keep: 'a' } } } }] })
  })
})
