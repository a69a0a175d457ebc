import { z } from 'zod'
import { decode } from '../../../manifest/decode.ts'
import type { Decoded } from '../../../manifest/decode.ts'
import { message, parts } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { portNumber } from '../../reading/constraint.ts'
import {
  gatewayApiGroup,
  group,
  hostname,
  kind,
  namespaceName,
  objectName,
  sectionName,
} from '../constraint.ts'
import { labelSelector } from '../parent/label-selector.ts'

const secretReference = message({
  group: group.default(''),
  kind: kind.default('Secret'),
  name: objectName,
  namespace: namespaceName.optional(),
})

export type SecretObjectReference = z.infer<typeof secretReference>

const listenerTls = message({
  mode: z.enum(['Terminate', 'Passthrough']).default('Terminate'),
  certificateRefs: z.array(secretReference).max(64).optional(),
  options: z.record(z.string(), z.string()).optional(),
})

const allowedRoutes = message({
  namespaces: message({
    from: z.enum(['All', 'Selector', 'Same', 'None']).default('Same'),
    selector: labelSelector.optional(),
  }).optional(),
  kinds: z
    .array(message({ group: group.default(gatewayApiGroup), kind }))
    .max(8)
    .optional(),
})

/** Protocols that the specification knows. */
export const knownProtocols: readonly string[] = ['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP']

/**
 * ProtocolType: the CRD allows other names too, and names with a domain, for example `example.com/bar`. A
 * listener with one is not accepted.
 */
const protocol = z
  .string()
  .max(255)
  .regex(/^(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?|[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]+)$/, {
    message: `must be one of ${knownProtocols.join(', ')}`,
  })

const listener = message({
  name: sectionName,
  hostname: hostname.optional(),
  port: portNumber,
  protocol,
  tls: listenerTls.optional(),
  allowedRoutes: allowedRoutes.optional(),
}).superRefine(({ protocol: spoken, tls, allowedRoutes: allowed }, context) => {
  const mistake = (
    path: readonly string[],
    text: string,
    code: 'field/required' | 'field/invalid-value',
  ): void => {
    context.addIssue({ code: 'custom', path: [...path], message: text, params: { code } })
  }
  if (tls !== undefined && ['HTTP', 'TCP', 'UDP'].includes(spoken))
    mistake(['tls'], `must not be there: protocol is ${spoken}`, 'field/invalid-value')
  if (tls === undefined && (spoken === 'HTTPS' || spoken === 'TLS'))
    mistake(['tls'], `is required: protocol is ${spoken}`, 'field/required')
  if (spoken === 'HTTPS' && tls?.mode === 'Passthrough')
    mistake(['tls', 'mode'], 'must be Terminate: protocol is HTTPS', 'field/invalid-value')
  if (
    tls?.mode === 'Terminate' &&
    (tls.certificateRefs ?? []).length === 0 &&
    Object.keys(tls.options ?? {}).length === 0
  ) {
    mistake(['tls', 'certificateRefs'], 'is required: mode is Terminate', 'field/required')
  }
  if (allowed?.namespaces?.from === 'Selector' && allowed.namespaces.selector === undefined) {
    mistake(['allowedRoutes', 'namespaces', 'selector'], 'is required: from is Selector', 'field/required')
  }
})

/** A Listener of a Gateway. */
export type Listener = z.infer<typeof listener>

const clientValidation = message({
  caCertificateRefs: z
    .array(message({ group, kind, name: objectName, namespace: namespaceName.optional() }))
    .min(1)
    .max(16),
  mode: z.enum(['AllowValidOnly', 'AllowInsecureFallback']).default('AllowValidOnly'),
})

/** FrontendTLSValidation: the authorities of the certificates that clients must have. */
export type ClientValidation = z.infer<typeof clientValidation>

const frontendTls = message({ validation: clientValidation.optional() })

const gatewayTls = message({
  backend: z.unknown().optional(),
  frontend: message({
    default: frontendTls,
    perPort: z
      .array(message({ port: portNumber, tls: frontendTls }))
      .max(64)
      .optional(),
  }).optional(),
})

const spec = message({
  gatewayClassName: objectName,
  listeners: parts(listener).superRefine((listeners, context) => {
    if (listeners.length === 0)
      context.addIssue({ code: 'custom', message: 'is empty, must have a listener' })
    listeners.forEach((each, index) => {
      const first = listeners.findIndex((other) => other !== undefined && other.name === each?.name)
      if (each === undefined || first === index) return
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `must not be the name of listeners[${first}], too`,
      })
    })
  }),
  addresses: z.unknown().optional(),
  infrastructure: z.unknown().optional(),
  allowedListeners: z.unknown().optional(),
  defaultScope: z.unknown().optional(),
  tls: gatewayTls.optional(),
})

export type GatewaySpec = z.infer<typeof spec>

/** The `spec` of a Gateway; a listener with a mistake is left out, and its index stays. */
export function readGateway(manifest: Manifest): Decoded<GatewaySpec> {
  return decode({ manifest, path: ['spec'], schema: spec, parts: ['listeners.*'] })
}
