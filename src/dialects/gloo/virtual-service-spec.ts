import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import type { Decoded } from '../../manifest/decode.ts'
import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { isJsonObject, message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { keptFields, meantFields, withMeantSpec } from '../reading/meant-fields.ts'
import { once, rejectedConsequence } from '../reading/rejected-rule.ts'
import { inert } from './inert.ts'
import { reference } from './reference.ts'
import { rejectedConsequences, withRejectedRoutes } from './rejected-routes.ts'
import { removableRouteParts, route } from './route.ts'
import { sslConfig } from './upstream/ssl-config.ts'
import type { SslConfig } from './upstream/ssl-config.ts'
import { virtualHostOptions } from './option/virtual-host-options.ts'

const virtualHost = message({
  domains: z.array(z.string().min(1)).optional(),
  routes: parts(route).optional(),
  options: virtualHostOptions.optional(),
  optionsConfigRefs: message({ delegateOptions: z.array(reference).optional() }).optional(),
})

/** The spec of a gateway.solo.io VirtualService. */
const spec = message({
  virtualHost,
  sslConfig: sslConfig.optional(),
  displayName: inert,
  namespacedStatuses: inert,
})

export type VirtualServiceSpec = z.infer<typeof spec>

const removableParts = ['virtualHost.options.*', ...removableRouteParts('virtualHost.routes')]

/**
 * Reads a VirtualService. If a mistake outside of its routes leaves it out, their requests are answered with
 * an error. One with a mistake in `sslConfig` is left out whole: its routes are not for plain requests.
 */
export function readVirtualService(manifest: Manifest): Decoded<VirtualServiceSpec> {
  const at = { manifest, list }
  const whole = once(() => rejectedWhole(manifest))
  const ofRoute = rejectedConsequences(at)
  const consequence = (left: FieldPath): string | undefined =>
    left.length > 0 ? ofRoute(left) : whole() === undefined ? undefined : rejectedConsequence([])
  const decoded = decode({ manifest, path: ['spec'], schema: spec, parts: removableParts, consequence })
  const { value } = decoded
  if (value === undefined) return { ...decoded, value: whole() }
  if (value.virtualHost.routes === undefined) return decoded
  const routes = [...withRejectedRoutes(value.virtualHost.routes, at)]
  return { ...decoded, value: { ...value, virtualHost: { ...value.virtualHost, routes } } }
}

const list = ['virtualHost', 'routes']
const hostFields = Object.keys(virtualHost.out.shape)

/** Undefined if its domains, routes or `sslConfig` cannot be read. */
function rejectedWhole(manifest: Manifest): VirtualServiceSpec | undefined {
  const meant = withMeantSpec(manifest, { known: Object.keys(spec.out.shape), lists: [] })
  const { virtualHost: written, sslConfig: ssl } = isJsonObject(meant?.object['spec'])
    ? meant.object['spec']
    : {}
  if (meant === undefined || !isJsonObject(written)) return undefined
  const host = keptFields(written, { known: hostFields, lists: ['domains', 'routes'] })
  const { domains, routes } = host
  // An unknown field may be the intended domains: without them the routes would be for every host.
  if (!Array.isArray(routes) || (domains === undefined && meantFields(written, hostFields) === undefined))
    return undefined
  const { data } = spec.safeParse({ virtualHost: { domains }, sslConfig: ssl })
  if (data === undefined) return undefined
  const object = { ...meant.object, spec: { virtualHost: host } }
  return {
    ...data,
    virtualHost: {
      ...data.virtualHost,
      routes: [
        ...withRejectedRoutes(
          routes.map(() => undefined),
          { manifest: { ...meant, object }, list },
        ),
      ],
    },
  }
}

/** Its TLS; undefined if there is none, or it cannot be read. */
export function readSsl(manifest: Manifest): SslConfig | undefined {
  return readVirtualService(manifest).value?.sslConfig
}
