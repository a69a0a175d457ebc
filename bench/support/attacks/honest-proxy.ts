import { deltaPath, deltaReader, deltaRequest, encodedNode, Wire } from './attack-wire.ts'
import type { WireTarget } from './attack-wire.ts'
import { typeUrls } from '../load/discovery-response.ts'

/**
 * A delta proxy that takes its clusters and one route configuration, ACKs everything, and knows when a change
 * has come.
 */
export class HonestProxy {
  /** Resolves with the gRPC status when its stream has ended. */
  readonly ended: Promise<number | undefined>
  readonly #wire: Wire
  readonly #waiting = new Map<string, () => void>()

  constructor(target: WireTarget) {
    this.#wire = new Wire(target, 16 * 1024 * 1024)
    const call = this.#wire.call(deltaPath)
    this.ended = call.ended
    call.onMessage = deltaReader(({ carried, nonce }) => {
      call.write(deltaRequest({ typeUrl: carried.typeUrl, nonce }))
      for (const [marker, resolve] of [...this.#waiting]) {
        if (!carried.bytes.includes(marker)) continue
        this.#waiting.delete(marker)
        resolve()
      }
    })
    call.write(deltaRequest({ node: honestNode, typeUrl: typeUrls.cluster }))
    call.write(deltaRequest({ typeUrl: typeUrls.route, subscribe: ['http.80'] }))
  }

  /** Resolves when a response has come, and was ACKed, that holds these bytes. */
  holds(marker: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(marker, resolve)
    })
  }

  close(): void {
    this.#wire.close()
  }
}

const honestNode = encodedNode({
  id: 'router~127.0.0.1~gateway.bank~bank.svc.cluster.local',
  cluster: 'bank',
  metadata: { NAMESPACE: 'bank', LABELS: { istio: 'ingressgateway' } },
})
