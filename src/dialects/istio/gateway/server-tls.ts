import { z } from 'zod'
import type { Origin } from '../../../diagnostics/diagnostic.ts'
import { below } from '../../../diagnostics/finding.ts'
import { secretCertificate, secretReference, trustFile } from './credential.ts'
import { oneLine } from '../../reading/constraint.ts'
import type { Report } from '../../reading/report.ts'
import { message } from '../../../manifest/message.ts'
import type { CertificateSource, DownstreamTls, PeerVerification, TlsVersion } from '../../../model/tls.ts'

const file = oneLine.optional()
const version = z.enum(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'])
const publicKeyHash = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, { message: 'must be a SHA-256 in base64, 44 characters' })
const certificateHash = z
  .string()
  .regex(/^([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$/, { message: 'must be a SHA-256 in hexadecimal, 64 digits' })

const fields = message({
  mode: z
    .enum(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'])
    .optional(),
  httpsRedirect: z.boolean().optional(),
  serverCertificate: file,
  privateKey: file,
  caCertificates: file,
  caCrl: file,
  credentialName: oneLine.optional(),
  credentialNames: z.array(oneLine.min(1)).min(1).max(2).optional(),
  tlsCertificates: z
    .array(message({ serverCertificate: oneLine.min(1), privateKey: oneLine.min(1), caCertificates: file }))
    .min(1)
    .max(2)
    .optional(),
  caCertCredentialName: oneLine.optional(),
  subjectAltNames: z.array(oneLine.min(1)).optional(),
  verifyCertificateSpki: z.array(publicKeyHash).optional(),
  verifyCertificateHash: z.array(certificateHash).optional(),
  minProtocolVersion: version.optional(),
  maxProtocolVersion: version.optional(),
  cipherSuites: z.array(z.string()).optional(),
  ecdhCurves: z.array(z.string()).optional(),
  insecureSkipVerify: z.boolean().optional(),
})

const terminating: readonly (string | undefined)[] = ['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL']

/** Istio's ServerTLSSettings, with the rules of its validation. */
export const serverTls = fields.superRefine((value, context) => {
  const mistake = (field: string, text: string, hint: string): void => {
    context.addIssue({ code: 'custom', path: [field], message: text, params: { hint } })
  }
  if (!terminating.includes(value.mode)) return
  const sources = ['credentialName', 'credentialNames', 'tlsCertificates'] as const
  const given = sources.filter((field) => (value[field] ?? '').length > 0)
  const [first, second] = given
  if (second !== undefined) mistake(second, `is set beside ${first ?? ''}, must not`, 'keep one of the two')
  for (const field of ['serverCertificate', 'privateKey'] as const) {
    if (given.length > 0 || (value[field] ?? '') !== '') continue
    mistake(
      field,
      `is absent, must be a file or give way to credentialName: mode is ${value.mode ?? ''}`,
      'name a Secret in credentialName',
    )
  }
  const asksClients = value.mode !== 'SIMPLE' && value.insecureSkipVerify !== true
  const hasTrust =
    given.some((field) => field !== 'tlsCertificates') ||
    [value.caCertificates, value.caCertCredentialName, value.tlsCertificates?.[0]?.caCertificates].some(
      (each) => (each ?? '') !== '',
    )
  if (asksClients && !hasTrust)
    mistake(
      'caCertificates',
      `is absent, must be a file or give way to credentialName: mode is ${value.mode ?? ''}`,
      'name a Secret in credentialName',
    )
  if (rank(value.minProtocolVersion, 0) > rank(value.maxProtocolVersion, 9)) {
    mistake(
      'maxProtocolVersion',
      `is ${value.maxProtocolVersion ?? ''}, must not be below minProtocolVersion ` +
        (value.minProtocolVersion ?? ''),
      'leave it out for the newest',
    )
  }
})

export type ServerTls = z.infer<typeof serverTls>

const versions: Readonly<Record<string, TlsVersion>> = {
  TLSV1_0: '1.0',
  TLSV1_1: '1.1',
  TLSV1_2: '1.2',
  TLSV1_3: '1.3',
}

function rank(name: string | undefined, otherwise: number): number {
  const known = versions[name ?? '']
  return known === undefined ? otherwise : Number(known)
}

/**
 * TLS that ends at the gateway: for the modes SIMPLE, MUTUAL and OPTIONAL_MUTUAL. `origin` is of the `tls`
 * block.
 */
export function downstreamTls(value: ServerTls, origin: Origin, report: Report): DownstreamTls {
  const suites = knownOf('cipherSuites', { value, known: knownCipherSuites, origin, report })
  const curves = knownOf('ecdhCurves', { value, known: knownCurves, origin, report })
  if ((value.caCrl ?? '') !== '')
    report.note('field/unsupported', [...origin.path, 'caCrl'], {
      message: 'caCrl is not supported yet, it has no effect',
    })
  const mutual = value.mode === 'MUTUAL' || value.mode === 'OPTIONAL_MUTUAL'
  return {
    certificates: certificatesOf(value, origin),
    clients: !mutual
      ? undefined
      : {
          certificate: value.mode === 'MUTUAL' ? 'required' : 'optional',
          verification: value.insecureSkipVerify === true ? 'none' : verificationOf(value, origin),
        },
    minimumVersion: versions[value.minProtocolVersion ?? ''],
    maximumVersion: versions[value.maxProtocolVersion ?? ''],
    cipherSuites: suites,
    curves,
  }
}

function certificatesOf(value: ServerTls, origin: Origin): readonly CertificateSource[] {
  if ((value.credentialName ?? '') !== '')
    return [secretCertificate(value.credentialName ?? '', below(origin, 'credentialName'))]
  if (value.credentialNames !== undefined)
    return value.credentialNames.map((name, index) =>
      secretCertificate(name, below(origin, 'credentialNames', index)),
    )
  const files = value.tlsCertificates ?? [
    { serverCertificate: value.serverCertificate ?? '', privateKey: value.privateKey ?? '' },
  ]
  return files.map(({ serverCertificate: certificate, privateKey }) => ({
    kind: 'files',
    certificate,
    privateKey,
  }))
}

/**
 * The authorities of clients: a Secret named for them, else the (first) Secret of the certificate, else a
 * file.
 */
function verificationOf(value: ServerTls, origin: Origin): PeerVerification {
  const [own] = certificatesOf(value, origin)
  const named = value.caCertCredentialName ?? ''
  const secret =
    named !== ''
      ? secretReference(named, below(origin, 'caCertCredentialName'))
      : own?.kind === 'secret'
        ? own.secret
        : undefined
  const path =
    (value.caCertificates ?? '') !== '' ? value.caCertificates : value.tlsCertificates?.[0]?.caCertificates
  return {
    trust: secret === undefined ? trustFile(path) : { kind: 'secret', secret },
    subjectAltNames: value.subjectAltNames ?? [],
    publicKeyHashes: value.verifyCertificateSpki ?? [],
    certificateHashes: value.verifyCertificateHash ?? [],
  }
}

interface Known {
  readonly value: ServerTls
  readonly known: ReadonlySet<string>
  readonly origin: Origin
  readonly report: Report
}

/** Envoy refuses a whole listener for one name that it does not know; Istio leaves it out, and so do we. */
function knownOf(
  field: 'cipherSuites' | 'ecdhCurves',
  { value, known, origin, report }: Known,
): readonly string[] {
  const names = value[field] ?? []
  names.forEach((name, index) => {
    if (known.has(name)) return
    report.note('tls/ignored-value', [...origin.path, field, index], {
      message: `${field}: Envoy does not know ${name}, it is left out`,
      hint: `there are ${[...known].join(', ')}`,
    })
  })
  return [...new Set(names.filter((name) => known.has(name)))]
}

/** Names that a stock Envoy accepts for TLS 1.2 and below (BoringSSL); those of TLS 1.3 cannot be chosen. */
const knownCipherSuites: ReadonlySet<string> = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'DES-CBC3-SHA',
])

/** Curves that a stock Envoy takes. */
const knownCurves: ReadonlySet<string> = new Set(['X25519', 'P-256', 'P-384', 'P-521', 'X25519MLKEM768'])
