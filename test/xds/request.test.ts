import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nameListOf } from '../../src/xds/name-list.ts'
import { encode } from '../../src/xds/proto.ts'
import { decodeDeltaRequest, decodeSotwRequest } from '../../src/xds/request.ts'

const bounds = { names: 1_000 }
const text = fc.string({ unit: 'grapheme' })
const name = fc.string({ unit: 'grapheme', minLength: 1 })

describe('requests as protobufjs writes them', () => {
  test('SotW', () => {
    fc.assert(
      fc.property(
        fc.record({
          version: text,
          names: fc.array(name),
          typeUrl: text,
          nonce: text,
          message: fc.option(text, { nil: undefined }),
        }),
        ({ version, names, typeUrl, nonce, message }) => {
          const bytes = encode('envoy.service.discovery.v3.DiscoveryRequest', {
            version_info: version,
            node: { id: 'n' },
            resource_names: names,
            type_url: typeUrl,
            response_nonce: nonce,
            error_detail: message === undefined ? undefined : { code: 13, message },
          })
          const request = decodeSotwRequest(bytes, [], bounds)
          expect(request).toMatchObject({ version, typeUrl, nonce, refusal: message })
          expect(request.names.names).toEqual(names)
          expect(Buffer.from(request.node)).toEqual(encode('envoy.config.core.v3.Node', { id: 'n' }))
        },
      ),
    )
  })

  test('delta', () => {
    fc.assert(
      fc.property(
        fc.record({
          subscribe: fc.array(name),
          unsubscribe: fc.array(name),
          versions: fc.dictionary(name, text, { noNullPrototype: true }),
          nonce: text,
        }),
        ({ subscribe, unsubscribe, versions, nonce }) => {
          const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
            type_url: 't',
            resource_names_subscribe: subscribe,
            resource_names_unsubscribe: unsubscribe,
            initial_resource_versions: versions,
            response_nonce: nonce,
          })
          const request = decodeDeltaRequest(bytes, bounds)
          expect(request).toMatchObject({ typeUrl: 't', nonce, refusal: undefined })
          expect([request.subscribe.names, request.unsubscribe.names]).toEqual([subscribe, unsubscribe])
          expect(request.initialVersions).toEqual(new Map(Object.entries(versions)))
        },
      ),
    )
  })
})

describe('a list of names that is known', () => {
  const request = (names: readonly string[]): Buffer =>
    encode('envoy.service.discovery.v3.DiscoveryRequest', {
      version_info: '1',
      resource_names: names,
      type_url: 't',
      response_nonce: '2',
    })

  test('is found by its bytes, and is the very same', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), fc.array(name), (names, others) => {
        const known = [nameListOf(others), nameListOf(names)]
        const found = decodeSotwRequest(request(names), known, bounds)
        expect(found.names).toBe(known.find((list) => list.encoded.equals(found.names.encoded)))
        expect(found).toMatchObject({ typeUrl: 't', nonce: '2' })
      }),
    )
  })

  test('is not mistaken for one that begins like it', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), fc.array(name, { minLength: 1 }), (names, more) => {
        expect(
          decodeSotwRequest(request([...names, ...more]), [nameListOf(names)], bounds).names.names,
        ).toEqual([...names, ...more])
        expect(
          decodeSotwRequest(request(names), [nameListOf([...names, ...more])], bounds).names.names,
        ).toEqual(names)
      }),
    )
  })

  test('is one object for all that send it', () => {
    expect(decodeSotwRequest(request(['a', 'b']), [], bounds).names).toBe(
      decodeSotwRequest(request(['a', 'b']), [], bounds).names,
    )
  })
})

test('bytes that are no message throw, and never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      for (const decode of [
        (each: Uint8Array) => decodeDeltaRequest(each, bounds),
        (each: Uint8Array) => decodeSotwRequest(each, [], bounds),
      ]) {
        try {
          decode(bytes)
        } catch (error) {
          expect(String(error)).toMatch(/^Error: offset \d+: /)
        }
      }
    }),
  )
})
