import { z } from 'zod'
import { decode } from '../../../manifest/decode.ts'
import { message } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import { accepted } from '../conditions.ts'
import { controllerOfClass } from './controller.ts'

const spec = message({
  controllerName: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/\S+$/, {
      message: 'must be a domain and a path, such as example.com/gateway-controller',
    }),
  description: z.string().optional(),
  parametersRef: z.unknown().optional(),
})

/**
 * A GatewayClass. Without names of controllers in the settings, Gateways of every class are served: people
 * bring their manifests as they are.
 */
export function translateGatewayClass(manifest: Manifest, { settings }: ObjectLookup): Translated {
  const { value, diagnostics, rejected } = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: ['description', 'parametersRef'],
  })
  if (controllerOfClass(manifest, settings).kind === 'foreign') return translated({ rejected })
  if (value === undefined) return translated({ diagnostics, rejected })
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, ['parametersRef'])
  return translated({
    statuses: [{ object: manifest.id, conditions: [accepted('Gateways of this class are served')] }],
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected,
  })
}
