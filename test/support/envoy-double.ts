import type { AnyJson } from '../../src/xds/proto.ts'
import { resourceTypes } from '../../src/xds/resource-types.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import { within } from './within.ts'
import { connect } from './xds-client.ts'
import type { ClientOptions, XdsClient, XdsResponse } from './xds-client.ts'

export interface EnvoyOptions extends ClientOptions {
  /** Name of the RTDS layer; absent: none is requested. */
  readonly runtimeLayer?: string
}

/**
 * Behaves like an Envoy: asks for clusters and listeners, then for the endpoints and routes that those name,
 * ACKs everything, and holds what it has as protobuf JSON. The first route configuration with `vhds` makes it
 * ask for virtual hosts, once and for all; those that come before their route configuration are lost, and
 * they vanish with it.
 */
export class EnvoyDouble {
  readonly client: XdsClient
  /** All that came, in order. */
  readonly responses: XdsResponse[] = []
  readonly #held = new Map<TypeName, Map<string, AnyJson>>(
    resourceTypes.map(({ name }) => [name, new Map<string, AnyJson>()]),
  )
  readonly #waiting = new Set<() => void>()
  readonly #stopped: Promise<void>
  #open = true
  #hasVirtualHosts = false

  constructor(address: string, options: EnvoyOptions) {
    this.client = connect(address, options)
    this.client.subscribe('cluster')
    this.client.subscribe('listener')
    if (options.runtimeLayer !== undefined) this.client.subscribe('runtime', [options.runtimeLayer])
    this.#stopped = this.#run()
  }

  /** Its resources of one type, by name. */
  held(type: TypeName): ReadonlyMap<string, AnyJson> {
    return this.#held.get(type) ?? new Map()
  }

  /** Waits until what it holds satisfies `condition`, which is tried after each response. */
  async until(what: string, condition: (envoy: EnvoyDouble) => boolean): Promise<void> {
    await within(
      10_000,
      what,
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (!condition(this)) return
          this.#waiting.delete(look)
          resolve()
        }
        this.#waiting.add(look)
        look()
      }),
    )
  }

  async close(): Promise<void> {
    this.#open = false
    await this.client.close()
    await this.#stopped
  }

  async #run(): Promise<void> {
    while (this.#open) {
      const response = await Promise.race([this.client.arrival(), this.client.ended()])
      if (response === undefined) return
      this.responses.push(response)
      this.#apply(response)
      this.#follow(response.type)
      this.client.ack(response.type)
      for (const look of [...this.#waiting]) look()
    }
  }

  #apply({ type, resources, removed }: XdsResponse): void {
    const held = this.#held.get(type) ?? new Map<string, AnyJson>()
    const whole = this.client.mode === 'sotw' && (type === 'cluster' || type === 'listener')
    if (whole) held.clear()
    for (const name of removed) this.#drop(type, name)
    for (const { name, json } of resources)
      if (type !== 'virtual-host' || this.held('route').has(ownerOf(name))) held.set(name, json)
  }

  #follow(type: TypeName): void {
    if (type === 'cluster') this.#want('endpoint', [...this.held('cluster').values()].flatMap(endpointName))
    if (type === 'listener')
      this.#want(
        'route',
        [...this.held('listener').values()].flatMap((listener) => findAll(listener, 'route_config_name')),
      )
    if (
      type !== 'route' ||
      this.#hasVirtualHosts ||
      ![...this.held('route').values()].some((route) => route['vhds'] !== undefined)
    )
      return
    this.#hasVirtualHosts = true
    this.client.subscribe('virtual-host')
  }

  #drop(type: TypeName, name: string): void {
    this.#held.get(type)?.delete(name)
    if (type !== 'route') return
    for (const host of this.held('virtual-host').keys())
      if (ownerOf(host) === name) this.#held.get('virtual-host')?.delete(host)
  }

  #want(type: TypeName, names: readonly string[]): void {
    const wanted = new Set(names)
    const before = this.client.names(type)
    const added = [...wanted].filter((name) => !before.includes(name))
    const gone = before.filter((name) => !wanted.has(name))
    for (const name of gone) this.#drop(type, name)
    if (this.client.mode === 'sotw' && added.length + gone.length > 0)
      return this.client.subscribe(type, [...wanted])
    if (added.length > 0) this.client.subscribe(type, added)
    if (gone.length > 0) this.client.unsubscribe(type, gone)
  }
}

function ownerOf(virtualHost: string): string {
  return virtualHost.slice(0, virtualHost.indexOf('/'))
}

function endpointName(cluster: AnyJson): readonly string[] {
  if (cluster['type'] !== 'EDS') return []
  return findAll(cluster['eds_cluster_config'], 'service_name').concat(String(cluster['name'])).slice(0, 1)
}

function findAll(value: unknown, key: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, field]) =>
    name === key && typeof field === 'string' ? [field] : findAll(field, key),
  )
}
