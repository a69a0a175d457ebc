import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import type { Decoded } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { inert } from './inert.ts'
import { reference } from './reference.ts'
import { rejectedConsequences, withRejectedRoutes } from './rejected-routes.ts'
import { removableRouteParts, route } from './route.ts'
import { sslConfig } from './ssl-config.ts'
import type { SslConfig } from './ssl-config.ts'
import { virtualHostOptions } from './virtual-host-options.ts'

const virtualHost = message({
  domains: z.array(z.string().min(1)).optional(),
  routes: parts(route).optional(),
  options: virtualHostOptions.optional(),
  optionsConfigRefs: message({ delegateOptions: z.array(reference).optional() }).optional(),
})

/** The spec of a gateway.solo.io VirtualService. */
const spec = message({ virtualHost, sslConfig: sslConfig.optional(), displayName: inert, namespacedStatuses: inert })

export type VirtualServiceSpec = z.infer<typeof spec>

const removableParts = ['virtualHost.options.*', ...removableRouteParts('virtualHost.routes')]

/** Reads a VirtualService. One whose `sslConfig` has a mistake is left out whole: its routes are not for plain requests. */
export function readVirtualService(manifest: Manifest): Decoded<VirtualServiceSpec> {
  const at = { manifest, list: ['virtualHost', 'routes'] }
  const decoded = decode({ manifest, path: ['spec'], schema: spec, parts: removableParts, consequence: rejectedConsequences(at) })
  const { value } = decoded
  if (value?.virtualHost.routes === undefined) return decoded
  const routes = [...withRejectedRoutes(value.virtualHost.routes, at)]
  return { ...decoded, value: { ...value, virtualHost: { ...value.virtualHost, routes } } }
}

/** How it ends TLS; undefined where it does not, or cannot be read. */
export function readSsl(manifest: Manifest): SslConfig | undefined {
  return readVirtualService(manifest).value?.sslConfig
}
