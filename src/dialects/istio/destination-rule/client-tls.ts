import { z } from 'zod'
import type { Origin } from '../../../diagnostics/diagnostic.ts'
import { below } from '../../../diagnostics/finding.ts'
import { message } from '../../../manifest/message.ts'
import type { UpstreamTls } from '../../../model/tls.ts'
import { isGiven, oneLine } from '../../reading/constraint.ts'
import { secretCertificate, secretReference, trustFile } from '../gateway/credential.ts'
import type { Report } from '../../reading/report.ts'

const file = oneLine.optional()

const fields = message({
  mode: z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']).optional(),
  clientCertificate: file,
  privateKey: file,
  caCertificates: file,
  credentialName: oneLine.optional(),
  subjectAltNames: z.array(oneLine.min(1)).optional(),
  sni: oneLine
    .refine((sni) => Buffer.byteLength(sni) <= 255, {
      message: 'is longer than a host name, must have at most 255 bytes',
    })
    .optional(),
  insecureSkipVerify: z.boolean().optional(),
  caCrl: file,
})

type Fields = z.infer<typeof fields>

/** Istio's ClientTLSSettings, with the rules of its validation. */
export const clientTls = fields.superRefine((value, context) => {
  const mistake = (field: keyof Fields, text: string, hint: string): void => {
    context.addIssue({ code: 'custom', path: [field], message: text, params: { hint } })
  }
  const wanted = value.mode === 'SIMPLE' || value.mode === 'MUTUAL'
  const named = isGiven(value.credentialName)
  for (const field of ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'] as const) {
    if (wanted && named && isGiven(value[field]))
      mistake(field, 'is set beside credentialName, must not', 'keep either the files or credentialName')
  }
  for (const field of ['clientCertificate', 'privateKey'] as const) {
    if (value.mode === 'MUTUAL' && !named && !isGiven(value[field])) {
      mistake(
        field,
        'is absent, must be a file or give way to credentialName: mode is MUTUAL',
        'to show no certificate, write mode: SIMPLE',
      )
    }
  }
  if (!wanted || value.insecureSkipVerify !== true) return
  for (const field of ['caCertificates', 'subjectAltNames'] as const) {
    if (isGiven(value[field]))
      mistake(
        field,
        'has no meaning beside insecureSkipVerify: true, must be absent',
        'remove insecureSkipVerify to verify the server',
      )
  }
})

export type ClientTls = z.infer<typeof clientTls>

/** TLS settings, and their place. */
export interface PlacedTls {
  readonly value: ClientTls
  readonly origin: Origin
  /** Whether the rule selects its proxies: without that, `credentialName` is for gateways. */
  readonly selectsProxies: boolean
}

/** TLS to the host; undefined for none, because ISTIO_MUTUAL needs certificates that nobody issues here. */
export function upstreamTls({ value, origin, selectsProxies }: PlacedTls): UpstreamTls | undefined {
  if (value.mode !== 'SIMPLE' && value.mode !== 'MUTUAL') return undefined
  const credential = isGiven(value.credentialName) ? value.credentialName : undefined
  const at = below(origin, 'credentialName')
  const files = {
    kind: 'files',
    certificate: value.clientCertificate ?? '',
    privateKey: value.privateKey ?? '',
  } as const
  const trust =
    credential === undefined
      ? trustFile(value.caCertificates)
      : ({ kind: 'secret', secret: secretReference(credential, at) } as const)
  return {
    certificate:
      value.mode === 'SIMPLE'
        ? undefined
        : credential === undefined
          ? files
          : secretCertificate(credential, at),
    verification:
      value.insecureSkipVerify === true
        ? 'none'
        : { trust, subjectAltNames: value.subjectAltNames ?? [], publicKeyHashes: [], certificateHashes: [] },
    sni: isGiven(value.sni) ? value.sni : undefined,
    appliesTo: credential === undefined || selectsProxies ? 'all' : 'gateways',
  }
}

/** Notes about valid TLS settings. */
export function noteClientTls(report: Report, { value, origin: { path }, selectsProxies }: PlacedTls): void {
  if (value.mode === 'ISTIO_MUTUAL') {
    report.note('tls/istio-mutual', [...path, 'mode'], {
      message:
        'mode ISTIO_MUTUAL needs the certificates of an Istio CA, and there is none here: the connections ' +
        'stay plain text',
      hint: 'write MUTUAL with a credentialName or files, or SIMPLE to verify the server only',
    })
  }
  if (value.mode !== 'SIMPLE' && value.mode !== 'MUTUAL') return
  if (isGiven(value.caCrl))
    report.note('field/unsupported', [...path, 'caCrl'], {
      message: 'caCrl is not supported yet, it has no effect',
    })
  if (isGiven(value.credentialName) && !selectsProxies) {
    report.note('tls/gateways-only', [...path, 'credentialName'], {
      message: 'credentialName applies to gateways: sidecars connect to the host in plain text, as in Istio',
      hint: 'for sidecars, name files, or select them with workloadSelector',
    })
  }
  if (isGiven(value.sni) && !isGiven(value.subjectAltNames) && value.insecureSkipVerify !== true) {
    report.note('tls/name-not-verified', [...path, 'sni'], {
      message:
        `sni is ${value.sni ?? ''} and there are no subjectAltNames: a certificate for any other ` +
        `name is accepted too, if a trusted CA signed it`,
      hint: `add subjectAltNames: [${value.sni ?? ''}]`,
    })
  }
}
