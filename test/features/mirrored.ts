import type { Identity } from '../../src/envoy/node.ts'
import type { EnvoyDouble } from '../support/envoy-double.ts'
import { serve } from '../support/serving.ts'
import type { Files, Serving } from '../support/serving.ts'
import type { Mode } from '../support/xds-client.ts'
import type { DialectName } from './dialect.ts'
import type { VisibleModel } from './intent.ts'
import { gateways, ground } from './intents/ground.ts'
import type { Edge } from './intents/ground.ts'
import {
  emissaryShop,
  gatewayApiShop,
  glooShop,
  istioShop,
  mirrorFilters,
  shadowing,
} from './intents/words.ts'
import { complete, sightOf } from './observe.ts'

export interface MirrorWords {
  /** The Service. */
  readonly to: string
  /** In whole percent. */
  readonly percentage: number
}

/** Production `shop`, and a mirror of it, in the words of each dialect. */
const words: Readonly<Record<DialectName, (mirror: MirrorWords) => string>> = {
  istio: ({ to, percentage }) => istioShop(`mirror: {host: ${to}}\nmirrorPercentage: {value: ${percentage}}`),
  'gateway-api': ({ to, percentage }) =>
    gatewayApiShop(mirrorFilters(`backendRef: {name: ${to}, port: 80}, percent: ${percentage}`)),
  gloo: ({ to, percentage }) => glooShop(shadowing(to, `percentage: ${percentage}`)),
  emissary: ({ to, percentage }) => emissaryShop(`service: ${to}, weight: ${percentage}`),
}

const routeKinds = /^kind: (VirtualService|HTTPRoute|Mapping)$/m

/**
 * The objects that say it: `route.yaml` holds the routes and their mirror, `others.yaml` what they hang on.
 */
export function mirrored(
  dialect: DialectName,
  mirror: MirrorWords,
): Files & Readonly<Record<'route.yaml', string>> {
  const documents = words[dialect](mirror).split('---\n')
  return {
    'others.yaml': documents.filter((text) => !routeKinds.test(text)).join('---\n'),
    'route.yaml': documents.filter((text) => routeKinds.test(text)).join('---\n'),
  }
}

/** A control plane and a gateway's proxy, in the middle of a change. */
export interface Watched {
  readonly serving: Serving
  readonly proxy: EnvoyDouble
  /** The proxy's treatment of a request for production. */
  visible(): VisibleModel
  /** Waits until it is that. */
  becomes(visible: VisibleModel): Promise<void>
}

export interface WatchOptions {
  readonly mode?: Mode
  readonly identity?: Identity
}

export async function watch(
  dialect: DialectName,
  files: Files,
  { mode = 'delta', identity }: WatchOptions = {},
): Promise<Watched> {
  const serving = await serve({ 'ground.yaml': ground, ...files })
  const edge: Edge = gateways[dialect]
  const proxy = await complete(await serving.proxy(identity ?? edge.identity, mode))
  const visible = (): VisibleModel => sightOf(proxy, edge, {})
  return {
    serving,
    proxy,
    visible,
    becomes: (wanted) =>
      proxy.until(JSON.stringify(wanted), () => JSON.stringify(visible()) === JSON.stringify(wanted)),
  }
}
