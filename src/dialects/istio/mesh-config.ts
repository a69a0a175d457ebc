import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { durationSchema } from '../../manifest/duration.ts'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { Settings } from '../../model/settings.ts'
import { retries, retryPolicy } from './retry.ts'

/** The fields of MeshConfig that bear on what is served here; the many others are not looked at. */
const meshConfig = z.looseObject({
  defaultHttpRetryPolicy: retries.optional(),
  connectTimeout: durationSchema.optional(),
  dnsRefreshRate: durationSchema.optional(),
  rootNamespace: z.string().optional(),
  trustDomain: z.string().optional(),
  outboundTrafficPolicy: message({ mode: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY']).optional() }).optional(),
})

/** Settings with a MeshConfig's values over them. `manifest.object` is the MeshConfig itself. */
export function withMeshConfig(settings: Settings, manifest: Manifest): { readonly settings: Settings; readonly diagnostics: readonly Diagnostic[] } {
  const { value, diagnostics } = decode({ manifest, path: [], schema: meshConfig, parts: ['defaultHttpRetryPolicy', 'connectTimeout', 'dnsRefreshRate'] })
  if (value === undefined) return { settings, diagnostics }
  return {
    diagnostics,
    settings: {
      ...settings,
      ...(value.rootNamespace === undefined ? {} : { rootNamespace: value.rootNamespace }),
      ...(value.connectTimeout === undefined ? {} : { connectTimeout: value.connectTimeout }),
      ...(value.dnsRefreshRate === undefined ? {} : { dnsRefreshRate: value.dnsRefreshRate }),
      ...(value.defaultHttpRetryPolicy === undefined ? {} : { defaultRetry: retryPolicy(value.defaultHttpRetryPolicy, settings.defaultRetry) }),
    },
  }
}
