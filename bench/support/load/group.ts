import { runtimeLayer } from '../../../src/translate/runtime.ts'
import { encode } from '../../../src/xds/proto.ts'
import { ResponseReader, typeUrls } from './discovery-response.ts'
import type { Carried } from './discovery-response.ts'
import type { Arrivals, Counts, Holdings, LoadOptions, TypeCount } from './protocol.ts'
import { LoadStream } from './stream.ts'
import type { Stage } from './stream.ts'
import { machineTime } from '../machine-clock.ts'
import { onceForEach } from '../once-for-all.ts'

interface Expected {
  readonly contains: (carried: Carried) => boolean
  readonly deadline: number
  readonly at: Map<LoadStream, number>
}

const connectingAtOnce = 100

/** The streams of a load client, and what is counted of them. */
export class LoadGroup {
  readonly #streams: LoadStream[] = []
  readonly #stalled = new Set<LoadStream>()
  readonly #counts = new Map<string, TypeCount>()
  readonly #connecting: (() => void)[] = []
  #expected: Expected | undefined
  #check: () => void = () => {}
  #failure: string | undefined

  async open(options: LoadOptions): Promise<Arrivals> {
    const deadline = machineTime() + options.timeout
    const completed = new Map<LoadStream, number>()
    const reader = new ResponseReader(options.mode)
    const opened = Array.from({ length: options.streams }, (_, index) => {
      const stream: LoadStream = new LoadStream({
        host: options.host,
        port: options.port,
        others: options.others,
        mode: options.mode,
        node: node(options, index),
        stages: stages(options),
        reader,
        onConnect: () => this.#connectNext(),
        onResponse: (carried, bytes) => this.#arrived(stream, carried, bytes),
        onComplete: () => {
          completed.set(stream, machineTime())
          this.#check()
        },
        onEnd: (reason) => this.#fail(reason),
      })
      return stream
    })
    this.#streams.push(...opened)
    this.#connectAll(opened.map((stream) => () => stream.open()))
    await this.#until(() => completed.size === opened.length, deadline)
    return arrivals(opened.length, completed)
  }

  expect(needle: Buffer, timeout: number): void {
    const contains = onceForEach(({ bytes }: Carried) => bytes.includes(needle))
    this.#expected = { contains, deadline: machineTime() + timeout, at: new Map() }
  }

  async held(): Promise<Arrivals> {
    const expected = this.#expected
    if (expected === undefined) throw new Error('nothing was expected')
    const reading = this.#streams.length - this.#stalled.size
    await this.#until(() => expected.at.size === reading, expected.deadline)
    return arrivals(reading, expected.at)
  }

  counts(): Counts {
    return Object.fromEntries(this.#counts)
  }

  holdings(): Holdings {
    const types = [...this.#counts.keys()]
    return Object.fromEntries(
      types.map((type) => {
        const sizes = this.#streams.map(
          (stream) => [...stream.held(type).values()].filter((each) => each !== undefined).length,
        )
        return [type, { least: Math.min(...sizes), most: Math.max(...sizes) }]
      }),
    )
  }

  reconnect(): void {
    for (const stream of this.#streams) stream.drop()
    this.#connectAll(this.#streams.map((stream) => () => stream.reopen()))
  }

  stall(streams: number): void {
    for (const stream of this.#streams.slice(0, streams)) {
      stream.stall()
      this.#stalled.add(stream)
    }
  }

  close(): void {
    for (const stream of this.#streams) stream.drop()
  }

  /**
   * Not all at once: a listening socket's queue is short, and what does not fit is tried again a second
   * later.
   */
  #connectAll(connect: readonly (() => void)[]): void {
    this.#connecting.push(...connect)
    for (let index = 0; index < connectingAtOnce; index += 1) this.#connectNext()
  }

  #connectNext(): void {
    this.#connecting.shift()?.()
  }

  #arrived(stream: LoadStream, carried: Carried, bytes: number): void {
    const before = this.#counts.get(carried.typeUrl) ?? { responses: 0, bytes: 0, resources: 0 }
    this.#counts.set(carried.typeUrl, {
      responses: before.responses + 1,
      bytes: before.bytes + bytes,
      resources: before.resources + carried.resources.length + carried.removed.length,
    })
    const expected = this.#expected
    if (expected === undefined || expected.at.has(stream) || !expected.contains(carried)) return
    expected.at.set(stream, machineTime())
    this.#check()
  }

  #fail(reason: string): void {
    this.#failure ??= reason
    this.#check()
  }

  /** Until it is so, or the deadline. Rejects when a stream ended. */
  #until(isSo: () => boolean, deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        clearTimeout(timer)
        this.#check = () => {}
        action()
      }
      const timer = setTimeout(() => settle(resolve), deadline - machineTime())
      this.#check = () => {
        if (this.#failure !== undefined) settle(() => reject(new Error(`a stream ended: ${this.#failure}`)))
        else if (isSo()) settle(resolve)
      }
      this.#check()
    })
  }
}

function arrivals(streams: number, at: ReadonlyMap<LoadStream, number>): Arrivals {
  const times = [...at.values()].toSorted((a, b) => a - b)
  const time = (index: number): number => times[index] ?? Number.NaN
  return {
    streams,
    missing: streams - times.length,
    first: time(0),
    median: time(Math.floor(times.length / 2)),
    last: time(times.length - 1),
  }
}

/** An Envoy of our bootstrap asks for runtime first, then for clusters, then for listeners. */
function stages({ ask }: LoadOptions): readonly Stage[] {
  if (ask !== 'envoy') return [{ typeUrl: ask.typeUrl, names: new Set(ask.names) }]
  return [
    { typeUrl: typeUrls.runtime, names: new Set([runtimeLayer]) },
    { typeUrl: typeUrls.cluster, names: undefined },
    { typeUrl: typeUrls.listener, names: undefined },
  ]
}

/** A node as an injected sidecar or a gateway describes itself. */
function node({ role, workloads }: LoadOptions, index: number): Buffer {
  const kind = role === 'sidecar' ? 'sidecar' : 'router'
  const ip = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
  return encode('envoy.config.core.v3.Node', {
    id: `${kind}~${ip}~load-${index}.default~default.svc.cluster.local`,
    cluster: 'load',
    metadata: {
      NAMESPACE: 'default',
      LABELS: role === 'sidecar' ? { app: `load-${index % workloads}` } : { istio: 'ingressgateway' },
    },
    user_agent_name: 'envoy',
    user_agent_build_version: { version: { major_number: 1, minor_number: 40, patch: 0 } },
  })
}
