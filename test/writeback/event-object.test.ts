import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { eventObject, eventPlace, reasonOf } from '../../src/writeback/event-object.ts'
import type { InvolvedObject } from '../../src/writeback/event-object.ts'

const id = { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'shop', name: 'reviews' }
const involvedObject: InvolvedObject = { id, apiVersion: 'networking.istio.io/v1', uid: 'u1' }
const diagnostic: Diagnostic = {
  code: 'mirror/unknown-host',
  severity: 'error',
  message: 'VirtualService shop/reviews: no host v2',
  hint: 'did you mean v3?',
  origin: { object: id, path: ['spec', 'http', 0, 'mirror', 'host'] },
}
const occasion = { instance: 'pod-1_abc', now: new Date('2026-02-03T04:05:06.789Z') }

test('an Event has what the API server asks for', () => {
  expect(eventObject(diagnostic, involvedObject, occasion)).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'shop', name: expect.stringMatching(/^reviews\.[0-9a-f]{16}$/) as string },
    eventTime: '2026-02-03T04:05:06.789000Z',
    reportingController: 'shadowplane.io/control-plane',
    reportingInstance: 'pod-1_abc',
    action: 'Translate',
    reason: 'MirrorUnknownHost',
    type: 'Warning',
    note:
      'spec.http[0].mirror.host: VirtualService shop/reviews: no host v2; did you mean v3? ' +
      '[mirror/unknown-host]',
    regarding: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      namespace: 'shop',
      name: 'reviews',
      uid: 'u1',
    },
  })
})

describe('the name of an Event', () => {
  const name = (of: Partial<Diagnostic>, about: Partial<InvolvedObject> = {}): string =>
    eventPlace({ ...diagnostic, ...of }, { ...involvedObject, ...about }).name

  test('is that of the same diagnostic of the same object', () => {
    expect(name({})).toBe(name({}))
  })

  test.each([
    ['another message', name({ message: 'other' })],
    ['another field', name({ origin: { object: id, path: ['spec'] } })],
    ['another code', name({ code: 'mirror/unknown-port' })],
    ['a new object of that name', name({}, { uid: 'u2' })],
  ])('is another one for %s', (_, other) => {
    expect(other).not.toBe(name({}))
  })

  test('fits, also that of an object with the longest name', () => {
    const longest = eventPlace(diagnostic, {
      ...involvedObject,
      id: { ...id, name: `${'a'.repeat(235)}.${'b'.repeat(17)}` },
    }).name
    expect(longest).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
    expect(longest.length).toBeLessThanOrEqual(253)
  })

  test('of an object without a namespace stands in default', () => {
    expect(eventPlace(diagnostic, { ...involvedObject, id: { ...id, namespace: '' } }).namespace).toBe(
      'default',
    )
  })
})

test('a note has at most 1024 bytes, whole characters, and its code', () => {
  const { note } = eventObject({ ...diagnostic, message: '→'.repeat(1_000) }, involvedObject, occasion) as {
    readonly note: string
  }
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024)
  expect(note).toMatch(/→ … \[mirror\/unknown-host\]$/)
  expect(note).not.toContain('\uFFFD')
})

test.each([
  ['mirror/unknown-host', 'MirrorUnknownHost'],
  ['tls/malformed-pem', 'TlsMalformedPem'],
  ['xds/nack', 'XdsNack'],
])('%s is the reason %s', (code, reason) => {
  expect(reasonOf(code)).toBe(reason)
})
