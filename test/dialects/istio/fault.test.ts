import { describe, expect, test } from 'vitest'
import { configure, gateway, sidecar, translateFirst } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

const forward = 'route: [{destination: {host: reviews}}]'
const name = 'envoy.filters.http.fault'

/** The settings of the fault filter on the route. */
function faultOf(fault: string): unknown {
  const [route] = configure(virtualService(`${forward}\nfault: ${fault}`) + service('reviews'))
    .routes(sidecar())
    .filter((each) => each.metadata !== undefined)
  return route?.typed_per_filter_config?.[name]
}

const share = (numerator: number) => ({ ...(numerator === 0 ? {} : { numerator }), denominator: 'MILLION' })

describe('a fault', () => {
  test.each([
    [
      '{delay: {fixedDelay: 5s, percentage: {value: 10}}}',
      { delay: { fixed_delay: '5s', percentage: share(100_000) } },
    ],
    [
      '{delay: {fixedDelay: 1500ms, percentage: {value: 0.57}}}',
      { delay: { fixed_delay: '1.500s', percentage: share(5_700) } },
    ],
    ['{delay: {fixed_delay: 1s, percent: 3}}', { delay: { fixed_delay: '1s', percentage: share(30_000) } }],
    [
      '{delay: {fixedDelay: 1s, percentage: {value: 2}, percent: 3}}',
      { delay: { fixed_delay: '1s', percentage: share(20_000) } },
    ],
    [
      '{abort: {httpStatus: 503, percentage: {value: 33.3333}}}',
      { abort: { http_status: 503, percentage: share(333_333) } },
    ],
    [
      '{abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}',
      { abort: { grpc_status: 14, percentage: share(1_000_000) } },
    ],
    [
      '{abort: {grpcStatus: OK, percentage: {value: 100}}}',
      { abort: { grpc_status: 0, percentage: share(1_000_000) } },
    ],
    [
      '{abort: {httpStatus: 500, percentage: {value: 0}}}',
      { abort: { http_status: 500, percentage: share(0) } },
    ],
    [
      '{delay: {fixedDelay: 1s, percentage: {value: 1}}, abort: {httpStatus: 500, percentage: {value: 2}}}',
      {
        delay: { fixed_delay: '1s', percentage: share(10_000) },
        abort: { http_status: 500, percentage: share(20_000) },
      },
    ],
  ])('%s', (fault, expected) => {
    expect(faultOf(fault)).toEqual({
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
      ...expected,
    })
  })

  test.each([
    ['{delay: {fixedDelay: 1s, percent: 3}}', '8:46 field/deprecated fault.delay.percent is deprecated'],
    [
      '{delay: {fixedDelay: 1s}}',
      '8:13 fault/without-effect delay names no percentage, and Istio takes that for none of the requests',
    ],
    [
      '{abort: {httpStatus: 500}}',
      '8:13 fault/without-effect abort names no percentage, and Istio takes that for none of the requests',
    ],
    [
      '{delay: {percentage: {value: 3}}}',
      '8:13 fault/without-effect fault.delay does not say how long: nothing is delayed',
    ],
    [
      '{abort: {percentage: {value: 3}}}',
      '8:13 fault/without-effect fault.abort does not say with what status: nothing is aborted',
    ],
    [
      '{abort: {httpStatus: 500, percentage: {value: 0.57005}}}',
      '8:58 fault/percentage-rounded fault.abort.percentage.value is 0.57005, more digits than a ' +
        'millionth can hold: 0.5701 is used',
    ],
  ])('%s is in force, and this is said', (fault, found) => {
    const result = translateFirst(virtualService(`${forward}\nfault: ${fault}`))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(false)
    expect(result.routeTables[0]?.routes).toHaveLength(1)
  })

  test.each([
    ['{}', '8:5 field/invalid-value fault has neither delay nor abort, must have one of them'],
    [
      '{delay: {fixedDelay: 0s, percentage: {value: 1}}}',
      '8:33 field/invalid-value spec.http[0].fault.delay.fixedDelay is "0s", must be more than 0s',
    ],
    [
      '{delay: {exponentialDelay: 1s}}',
      '8:39 field/invalid-value spec.http[0].fault.delay.exponentialDelay is "1s", must be given as ' +
        'fixedDelay, as Istio takes nothing else',
    ],
    [
      '{abort: {httpStatus: 600}}',
      '8:33 field/invalid-value spec.http[0].fault.abort.httpStatus is 600, must be at most 599',
    ],
    [
      '{abort: {grpcStatus: UNAVAILBLE}}',
      /^8:33 field\/invalid-value spec\.http\[0\]\.fault\.abort\.grpcStatus is "UNAVAILBLE", must be one of OK, CANCELLED/,
    ],
    [
      '{abort: {http2Error: X}}',
      '8:33 field/invalid-value spec.http[0].fault.abort.http2Error is "X", must be given as httpStatus ' +
        'or grpcStatus, as Istio takes nothing else',
    ],
    [
      '{abort: {httpStatus: 500, grpcStatus: OK}}',
      '8:13 field/invalid-value spec.http[0].fault.abort has httpStatus and grpcStatus, must have one of ' +
        'them',
    ],
    [
      '{abort: {httpStatus: 500, percentage: {value: 101}}}',
      '8:58 field/invalid-value fault.abort.percentage.value is 101, must be 0, or 0.0001 to 100',
    ],
    [
      '{abort: {httpStatus: 500, percentage: {value: 0.00001}}}',
      '8:58 field/invalid-value fault.abort.percentage.value is 0.00001, must be 0, or 0.0001 to 100',
    ],
    ['{dleay: {fixedDelay: 1s}}', '8:13 field/unknown spec.http[0].fault.dleay is not a known field'],
  ])('%s is refused, and costs the fault alone', (fault, found) => {
    const result = translateFirst(virtualService(`${forward}\nfault: ${fault}`))
    expect(result.found).toEqual([typeof found === 'string' ? found : expect.stringMatching(found)])
    expect(result.rejected).toBe(true)
    expect(result.routeTables[0]?.routes.map((route) => route.fault)).toEqual([undefined])
  })

  test('costs a proxy that has none only the filters, which do nothing there', () => {
    const manager = [
      ...configure(virtualService(forward) + service('reviews'))
        .resources(sidecar(), 'listener')
        .values(),
    ].map((each) => JSON.stringify(each))
    expect(manager[0]).toMatch(
      /"envoy\.filters\.http\.fault".*"envoy\.filters\.http\.cors".*"envoy\.filters\.http\.router"/,
    )
    expect(
      configure(virtualService(forward) + service('reviews'))
        .routes(gateway)
        .some((route) => route.typed_per_filter_config !== undefined),
    ).toBe(false)
  })

  test('reaches gRPC clients without a proxy, who have no CORS', () => {
    const configuration = configure(
      virtualService(
        `${forward}\nfault: {abort: {httpStatus: 500, percentage: {value: 1}}}\ncorsPolicy: ` +
          `{allowOrigins: [{exact: a}]}`,
      ) + service('reviews'),
    )
    const client = { ...sidecar(), role: 'grpc' as const }
    expect(
      configuration.routes(client).map((route) => Object.keys(route.typed_per_filter_config ?? {})),
    ).toEqual([[name]])
    expect(JSON.stringify([...configuration.resources(client, 'listener').values()])).not.toContain('cors')
  })
})
