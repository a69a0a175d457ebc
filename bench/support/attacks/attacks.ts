import { connect as connectSocket } from 'node:net'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { field } from '../../../src/xds/wire.ts'
import { deltaPath, deltaReader, deltaRequest, encodedNode, Wire } from './attack-wire.ts'
import type { WireCall, WireTarget } from './attack-wire.ts'
import { typeUrls } from '../load/discovery-response.ts'

/** The actions of one client against a server until its process is killed. */
export interface Attack {
  readonly what: string
  /** More flags of `serve`. */
  readonly flags?: readonly string[]
  /** `serve` where it has no meaning for the library, which reads no metadata. */
  readonly only?: 'serve'
  readonly run: (target: WireTarget) => void
}

const namespace = { NAMESPACE: 'shop', LABELS: { istio: 'ingressgateway' } }
const id = 'router~127.0.0.1~attacker.shop~shop.svc.cluster.local'
const node = encodedNode({ id, cluster: 'shop', metadata: namespace })
const clientStatus = '/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus'
const watch = '/grpc.health.v1.Health/Watch'
const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'
const virtualHosts = '/envoy.service.route.v3.VirtualHostDiscoveryService/DeltaVirtualHosts'
const empty = Buffer.alloc(0)

export const attacks: Readonly<Record<string, Attack>> = {
  nothing: { what: 'no attack: what the machine itself adds', run: () => {} },
  'port-map': {
    what: 'PORT_MAP of 65,535 pairs, again when refused',
    only: 'serve',
    run: (target) => {
      const pairs = Array.from({ length: 65_535 }, (_, index) => `${index + 1}=${65_535 - index}`).join(',')
      const request = deltaRequest({
        node: encodedNode({ id, cluster: 'shop', metadata: { ...namespace, PORT_MAP: pairs } }),
        typeUrl: typeUrls.cluster,
      })
      const wire = new Wire(target)
      again(() => answered(wire.call(deltaPath), request))
    },
  },
  'csds-unread': {
    what: '60 proxies; 30 status requests a second that are not read',
    run: (target) => {
      proxies(target, 60, () => node)
      const wire = new Wire(target, 0)
      again(async () => {
        const call = wire.call(clientStatus)
        for (let each = 0; each < 30; each += 1) call.write(empty)
        await pause(1_000)
      })
    },
  },
  'watch-unread': {
    what: '2,000 health Watch streams on 40 connections, which are not read',
    run: (target) => {
      many(40, () => {
        const wire = new Wire(target, 0)
        many(50, () => {
          const call = wire.call(watch)
          call.write(empty)
          call.end()
        })
      })
    },
  },
  'reflection-unread': {
    what: '20,000 reflection requests that are not read',
    run: (target) => {
      const call = new Wire(target, 0).call(reflection)
      const request = field(4, 'envoy.service.discovery.v3.AggregatedDiscoveryService')
      many(20_000, () => {
        call.write(request)
      })
    },
  },
  'silent-streams': {
    what: '2,000 streams on 40 connections that say nothing, at --max-streams 2000',
    flags: ['--max-streams', '2000'],
    run: (target) => {
      many(40, () => {
        const wire = new Wire(target)
        many(50, () => {
          again(async () => {
            await wire.call(deltaPath).ended
            await pause(1_000)
          })
        })
      })
    },
  },
  'idle-connections': {
    what: '2,000 connections that say nothing',
    run: ({ host, port }) => {
      many(2_000, (): Socket => connectSocket(port, host).on('error', () => {}))
    },
  },
  'node-ids': {
    what: '40 streams with a node id of 15 MiB each',
    run: (target) => {
      const large = deltaRequest({
        node: encodedNode({ id: 'x'.repeat(15 * 1024 * 1024), cluster: 'shop', metadata: namespace }),
        typeUrl: typeUrls.cluster,
      })
      many(40, () => {
        new Wire(target).call(deltaPath).write(large)
      })
    },
  },
  'initial-versions': {
    what: '10 streams with 700,000 initial_resource_versions each',
    run: (target) => {
      const versions = Array.from({ length: 700_000 }, (_, index) =>
        field(5, Buffer.concat([field(1, `name-${index}`), field(2, 'v')])),
      )
      const large = deltaRequest({ node, typeUrl: typeUrls.cluster, more: versions })
      many(10, () => {
        new Wire(target).call(deltaPath).write(large)
      })
    },
  },
  names: {
    what: '60 streams with 99,999 names each',
    run: (target) => {
      many(60, (stream) => {
        const subscribe = Array.from({ length: 99_999 }, (_, index) => `${stream}-${index}`)
        new Wire(target).call(deltaPath).write(deltaRequest({ node, typeUrl: typeUrls.endpoint, subscribe }))
      })
    },
  },
  'virtual-hosts': {
    what: '6 streams of virtual hosts alone, which ACK everything',
    run: (target) => {
      many(6, () => {
        const call = new Wire(target).call(virtualHosts)
        call.onMessage = deltaReader(({ nonce }) => {
          call.write(deltaRequest({ nonce }))
        })
        call.write(deltaRequest({ node }))
      })
    },
  },
  'label-sets': {
    what: '200 gateways with a label set each',
    only: 'serve',
    run: (target) => {
      proxies(target, 200, (index) =>
        encodedNode({
          id,
          cluster: 'shop',
          metadata: { ...namespace, LABELS: { ...namespace.LABELS, set: String(index) } },
        }),
      )
    },
  },
  'nack-storm': {
    what: '4 clients that connect, NACK and leave, as fast as they can',
    run: (target) => {
      many(4, () => {
        const wire = new Wire(target)
        again(async () => {
          const call = wire.call(deltaPath)
          call.onMessage = deltaReader(({ carried: { typeUrl }, nonce }) => {
            call.write(deltaRequest({ typeUrl, nonce, error: 'cluster service-1 is not good' }))
            call.end()
          })
          call.write(deltaRequest({ node, typeUrl: typeUrls.cluster }))
          await call.ended
        })
      })
    },
  },
  'reconnect-storm': {
    what: '4 clients whose node is refused, as fast as they can',
    run: (target) => {
      const request = deltaRequest({
        node: encodedNode({ id: 'sidecar~nothing', cluster: 'shop' }),
        typeUrl: typeUrls.cluster,
      })
      many(4, () => {
        const wire = new Wire(target)
        again(() => answered(wire.call(deltaPath), request))
      })
    },
  },
  'large-nack': {
    what: 'a NACK of 15 MB that begins like a key, again and again',
    run: (target) => {
      const error = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(15_000_000)}`
      const wire = new Wire(target)
      again(async () => {
        const call = wire.call(deltaPath)
        call.onMessage = deltaReader(({ carried: { typeUrl }, nonce }) => {
          call.write(deltaRequest({ typeUrl, nonce, error }))
        })
        call.write(deltaRequest({ node, typeUrl: typeUrls.cluster }))
        await Promise.race([call.ended, pause(2_000)])
        call.reset()
        await pause(200)
      })
    },
  },
}

/**
 * Proxies that have their clusters, and hold their streams; each on a connection of its own, as proxies are.
 */
function proxies(target: WireTarget, count: number, nodeOf: (index: number) => Uint8Array): void {
  many(count, (index) => {
    const call = new Wire(target).call(deltaPath)
    call.onMessage = deltaReader(({ carried: { typeUrl }, nonce }) => {
      call.write(deltaRequest({ typeUrl, nonce }))
    })
    call.write(deltaRequest({ node: nodeOf(index), typeUrl: typeUrls.cluster }))
  })
}

/** Resolves when the call was answered in any way. */
async function answered(call: WireCall, request: Buffer): Promise<void> {
  const message = new Promise<void>((resolve) => {
    call.onMessage = () => {
      resolve()
    }
  })
  call.write(request)
  await Promise.race([message, call.ended])
  call.reset()
}

function many(count: number, act: (index: number) => unknown): void {
  for (let index = 0; index < count; index += 1) act(index)
}

function again(act: () => Promise<void>): void {
  const repeat = async (): Promise<void> => {
    for (;;) {
      await act()
      await nextTurn()
    }
  }
  void repeat()
}
