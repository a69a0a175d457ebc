import { expect, test } from 'vitest'
import { newerCommand } from '../../src/model/format-release.ts'

test.each([
  ['plain', 36, undefined],
  ['100%%ROUTE_RESOLUTION_COUNT%%', 36, undefined],
  ['%REQ(x)%', 36, undefined],
  ['%ROUTE_RESOLUTION_COUNT%', 39, { written: '%ROUTE_RESOLUTION_COUNT%', since: 40 }],
  ['%ROUTE_RESOLUTION_COUNT%', 40, undefined],
  ['%REQ(x)% %SPAN_ID% %DOWNSTREAM_CX_RTT%', 37, { written: '%SPAN_ID%', since: 38 }],
  ['%REQUEST_HEADER(x?y):5%', 36, { written: '%REQUEST_HEADER(x?y):5%', since: 37 }],
  ['%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', 36, undefined],
  [
    '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(24)%',
    37,
    { written: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(24)%', since: 38 },
  ],
  ['%REQUESTED_SERVER_NAME%', 36, undefined],
  [
    '%REQUESTED_SERVER_NAME(HOST_FIRST:HOST)%',
    36,
    { written: '%REQUESTED_SERVER_NAME(HOST_FIRST:HOST)%', since: 37 },
  ],
  ['%METADATA(ROUTE:a:b)%', 36, undefined],
  [
    '%METADATA(LISTENER_FILTER_CHAIN:a:b)%',
    36,
    { written: '%METADATA(LISTENER_FILTER_CHAIN:a:b)%', since: 37 },
  ],
  ['%DYNAMIC_METADATA(a:b)%', 36, undefined],
  ['%DYNAMIC_METADATA(a:b):5%', 36, { written: '%DYNAMIC_METADATA(a:b):5%', since: 37 }],
  [
    '%COALESCE({"operators": ["PROTOCOL", "SPAN_ID"]})%',
    37,
    { written: '%COALESCE({"operators": ["PROTOCOL", "SPAN_ID"]})%', since: 38 },
  ],
])('%s for Envoy 1.%i', (value, minor, found) => {
  expect(newerCommand(value, minor)).toEqual(found)
})
