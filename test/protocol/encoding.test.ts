import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nonceField } from '../../src/server/codec.ts'
import type { Codec } from '../../src/server/codec.ts'
import { changedContent, nothing } from '../../src/server/state/content.ts'
import type { Content } from '../../src/server/state/content.ts'
import { delta } from '../../src/server/delta.ts'
import { sotw } from '../../src/server/sotw.ts'
import { decode, encode } from '../../src/xds/proto.ts'
import { resourceTypeByName } from '../../src/xds/resource-types.ts'
import { field } from '../../src/xds/wire.ts'
import { route } from '../support/xds-resources.ts'

const type = resourceTypeByName.get('route') ?? expect.fail('no route type')
const response = (codec: Codec, content: Content, nonce: string): Buffer =>
  Buffer.concat([codec.body(type, content), field(nonceField, nonce)])
const names = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), { maxLength: 5 })

// The responses are put together by hand; protobufjs says whether they are what they should be.
describe('what protobufjs reads is what was meant', () => {
  test('SotW', () => {
    fc.assert(
      fc.property(names, fc.string({ minLength: 1 }), (list, nonce) => {
        const resources = list.map((name) => route(name, ['a'.repeat(name.length * 40)]))
        const content = changedContent(
          resources,
          [],
          new Map(resources.map((resource) => [resource.name, resource])),
        )
        const message = decode('envoy.service.discovery.v3.DiscoveryResponse', response(sotw, content, nonce))
        expect(message).toMatchObject({ version_info: content.version, type_url: type.typeUrl, nonce })
        const bodies = content.resources.map(({ bytes }) => ({
          '@type': type.typeUrl,
          ...decode(type.message, bytes),
        }))
        expect(message.resources ?? []).toEqual(bodies)
      }),
    )
  })

  test('delta', () => {
    fc.assert(
      fc.property(names, names, fc.string({ minLength: 1 }), (list, removed, nonce) => {
        const content = changedContent(
          list.map((name) => route(name, [])),
          removed,
          nothing,
        )
        const message = decode(
          'envoy.service.discovery.v3.DeltaDiscoveryResponse',
          response(delta, content, nonce),
        )
        expect(message).toMatchObject({ system_version_info: content.version, type_url: type.typeUrl, nonce })
        expect(message.removed_resources ?? []).toEqual(content.removed)
        expect(message.resources ?? []).toEqual(
          content.resources.map(({ name, version, bytes }) => ({
            name,
            version,
            resource: { '@type': type.typeUrl, ...decode(type.message, bytes) },
          })),
        )
      }),
    )
  })
})

describe('requests', () => {
  test('SotW', () => {
    const bytes = encode('envoy.service.discovery.v3.DiscoveryRequest', {
      version_info: 'v',
      node: { id: 'n' },
      resource_names: ['a', 'b'],
      type_url: 't',
      response_nonce: '7',
      error_detail: { code: 13, message: 'bad' },
    })
    const { node, ...request } = sotw.decode(bytes, { names: 100, known: () => [] })
    expect(request).toMatchObject({ typeUrl: 't', nonce: '7', refusal: 'bad' })
    expect(decode('envoy.config.core.v3.Node', node)).toEqual({ id: 'n' })
  })

  test('an error_detail without a message is a NACK', () => {
    const bytes = encode('envoy.service.discovery.v3.DiscoveryRequest', {
      type_url: 't',
      error_detail: { code: 13 },
    })
    expect(sotw.decode(bytes, { names: 100, known: () => [] }).refusal).toBe('')
  })

  test('delta', () => {
    const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      node: { id: 'n' },
      type_url: 't',
      resource_names_subscribe: ['a'],
      initial_resource_versions: { a: '1' },
      response_nonce: '7',
    })
    const { node, ...request } = delta.decode(bytes, { names: 100, known: () => [] })
    expect(request).toMatchObject({ typeUrl: 't', nonce: '7', refusal: undefined })
    expect(decode('envoy.config.core.v3.Node', node)).toEqual({ id: 'n' })
  })
})
