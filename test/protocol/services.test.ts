import { Client, credentials } from '@grpc/grpc-js'
import type { ClientDuplexStream, MethodDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { createRequire } from 'node:module'
import { join, dirname } from 'node:path'
import { protoPath as healthProto } from 'grpc-health-check'
import protobuf from 'protobufjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createXdsServer } from '../../src/server/ads.ts'
import { services } from '../../src/server/service.ts'
import { settableSnapshots } from '../support/settable-snapshots.ts'
import { within } from '../support/within.ts'
import { world } from './world.ts'

function clientOf(address: string): Client {
  const client = new Client(address, credentials.createInsecure())
  onTestFinished(() => client.close())
  return client
}

type Json = Record<string, unknown>

function method(protoFile: string, service: string, name: string): MethodDefinition<Json, Json> {
  const definition = loadSync(protoFile, { keepCase: true, enums: String, bytes: Array, oneofs: true })[
    service
  ]
  if (definition === undefined || 'format' in definition) throw new Error(`no ${service}`)
  const found = definition[name]
  if (found === undefined) throw new Error(`no ${service}.${name}`)
  return found as MethodDefinition<Json, Json>
}

describe('health', () => {
  const check = method(healthProto, 'grpc.health.v1.Health', 'Check')
  const ask = (address: string, service: string): Promise<unknown> =>
    within(
      5_000,
      'health',
      new Promise((resolve) => {
        clientOf(address).makeUnaryRequest(
          check.path,
          check.requestSerialize,
          check.responseDeserialize,
          { service },
          (error, answer) => resolve(error?.code ?? answer?.['status']),
        )
      }),
    )

  test.each(['', 'envoy.service.discovery.v3.AggregatedDiscoveryService'])(
    'of %j is what was set',
    async (service) => {
      const { address, server } = await world()
      expect(await ask(address, service)).toBe('SERVING')
      server.setServing('NOT_SERVING')
      expect(await ask(address, service)).toBe('NOT_SERVING')
      server.setServing('SERVING')
      expect(await ask(address, service)).toBe('SERVING')
    },
  )

  test('of a service that does not exist is NOT_FOUND', async () => {
    const { address } = await world()
    expect(await ask(address, 'other')).toBe(5)
  })

  test('can begin as not serving', async () => {
    const server = createXdsServer({
      snapshots: settableSnapshots([]),
      observe: () => undefined,
      serving: 'NOT_SERVING',
    })
    onTestFinished(() => server.close())
    expect(await ask(await server.listen('127.0.0.1:0'), '')).toBe('NOT_SERVING')
  })
})

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')),
    'build/proto/grpc/reflection',
    version,
  )
  const info = method(
    join(folder, 'reflection.proto'),
    `grpc.reflection.${version}.ServerReflection`,
    'ServerReflectionInfo',
  )

  async function ask(address: string, question: Json): Promise<Json> {
    const call: ClientDuplexStream<Json, Json> = clientOf(address).makeBidiStreamRequest(
      info.path,
      info.requestSerialize,
      info.responseDeserialize,
    )
    call.on('error', () => undefined)
    const answer = new Promise<Json>((resolve) => call.once('data', resolve))
    call.write(question)
    const found = await within(10_000, 'reflection', answer)
    call.end()
    return found
  }

  test('lists the services', async () => {
    const { address } = await world()
    const answer = await ask(address, { list_services: '*' })
    const names = (answer['list_services_response'] as { service: { name: string }[] }).service.map(
      ({ name }) => name,
    )
    expect(names).toEqual(
      expect.arrayContaining([...services.map(({ name }) => name), 'grpc.health.v1.Health']),
    )
  })

  test('describes discovery well enough to make a client of it', async () => {
    const { address } = await world()
    const answer = await ask(address, {
      file_containing_symbol: 'envoy.service.discovery.v3.AggregatedDiscoveryService',
    })
    const files = (answer['file_descriptor_response'] as { file_descriptor_proto: number[][] })
      .file_descriptor_proto
    expect(files.length).toBeGreaterThan(1)
    const { FileDescriptorSet, FileDescriptorProto } = await import('protobufjs/ext/descriptor.js')
    const set = FileDescriptorSet.encode({
      file: files.map((bytes) => FileDescriptorProto.decode(Uint8Array.from(bytes))),
    }).finish()
    const described = protobuf.Root.fromDescriptor(set)
    const service = described.lookupService('envoy.service.discovery.v3.AggregatedDiscoveryService')
    expect(Object.keys(service.methods)).toEqual(['StreamAggregatedResources', 'DeltaAggregatedResources'])
    expect(
      described.lookupType('envoy.service.discovery.v3.DeltaDiscoveryRequest').fields[
        'initial_resource_versions'
      ]?.id,
    ).toBe(5)
  })
})
