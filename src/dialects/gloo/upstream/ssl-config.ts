import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type {
  CertificateSource,
  DownstreamTls,
  PeerVerification,
  SecretReference,
  TlsVersion,
  TrustSource,
  UpstreamTls,
} from '../../../model/tls.ts'
import { isGiven, oneLine } from '../../reading/constraint.ts'
import { noteUnsupported } from '../../reading/report.ts'
import { inert, inertFields } from '../inert.ts'
import { reference, referredTo } from '../reference.ts'
import type { Site } from '../reference.ts'

const versions = {
  TLS_AUTO: undefined,
  TLSv1_0: '1.0',
  TLSv1_1: '1.1',
  TLSv1_2: '1.2',
  TLSv1_3: '1.3',
} as const satisfies Record<string, TlsVersion | undefined>

const version = z.enum(Object.keys(versions) as (keyof typeof versions)[]).optional()

const common = {
  secretRef: reference.optional(),
  sslFiles: message({
    tlsCert: oneLine.optional(),
    tlsKey: oneLine.optional(),
    rootCa: oneLine.optional(),
    ocspStaple: inert,
  }).optional(),
  verifySubjectAltName: z.array(oneLine.min(1)).optional(),
  oneWayTls: z.boolean().optional(),
  parameters: message({
    minimumProtocolVersion: version,
    maximumProtocolVersion: version,
    cipherSuites: inert,
    ecdhCurves: inert,
  }).optional(),
}

const inertDownstream = [
  'alpnProtocols',
  'disableTlsSessionResumption',
  'ocspStaplePolicy',
  'sds',
  'transportSocketConnectTimeout',
] as const

/** Gloo's SslConfig, of a VirtualService. */
export const sslConfig = message({
  ...common,
  sniDomains: z.array(z.string().min(1)).optional(),
  ...inertFields(inertDownstream),
}).refine(({ secretRef, sslFiles }) => (secretRef === undefined) !== (sslFiles === undefined), {
  message: 'must have one of secretRef and sslFiles',
})

const inertUpstream = ['allowRenegotiation', 'alpnProtocols', 'sds'] as const

/** Gloo's UpstreamSslConfig. */
export const upstreamSslConfig = message({
  ...common,
  sni: oneLine.optional(),
  ...inertFields(inertUpstream),
})

export type SslConfig = z.infer<typeof sslConfig>

export type UpstreamSslConfig = z.infer<typeof upstreamSslConfig>

type Common = Pick<SslConfig, keyof typeof common>

/**
 * TLS that ends at the gateway. Clients must have certificates if an authority for them is given, unless
 * `oneWayTls`.
 */
export function downstreamTls(value: SslConfig, site: Site): DownstreamTls {
  noteUnsupported(site.report, { path: site.path, value }, inertDownstream)
  noteUnsupported(site.report, { path: [...site.path, 'parameters'], value: value.parameters }, [
    'cipherSuites',
    'ecdhCurves',
  ])
  const { certificate, verification } = material(value, site)
  return {
    certificates: certificate === undefined ? [] : [certificate],
    clients: verification === 'none' ? undefined : { certificate: 'required', verification },
    minimumVersion: versions[value.parameters?.minimumProtocolVersion ?? 'TLS_AUTO'],
    maximumVersion: versions[value.parameters?.maximumProtocolVersion ?? 'TLS_AUTO'],
    cipherSuites: [],
    curves: [],
  }
}

/**
 * TLS to an Upstream. Its certificate is verified only if an authority is given, as in Gloo; `serverName` is
 * used without `sni`.
 */
export function upstreamTls(
  value: UpstreamSslConfig,
  serverName: string | undefined,
  site: Site,
): UpstreamTls {
  noteUnsupported(site.report, { path: site.path, value }, [...inertUpstream, 'parameters'])
  return { ...material(value, site), sni: isGiven(value.sni) ? value.sni : serverName, appliesTo: 'all' }
}

interface Material {
  readonly certificate: CertificateSource | undefined
  readonly verification: PeerVerification | 'none'
}

function material(value: Common, site: Site): Material {
  const { secretRef, sslFiles } = value
  if (secretRef !== undefined) {
    const secret: SecretReference = {
      ...referredTo(secretRef, site),
      origin: { object: site.report.manifest.id, path: [...site.path, 'secretRef', 'name'] },
    }
    const keys = secretKeys(secret, site)
    // Nothing is known of a missing Secret: it is referred to as one with a certificate, and reported as
    // missing where it is used.
    const certificate =
      keys === undefined || keys.includes('tls.crt') ? { kind: 'secret' as const, secret } : undefined
    return {
      certificate,
      verification: verificationBy(
        keys?.includes('ca.crt') === true ? { kind: 'secret', secret } : undefined,
        value,
      ),
    }
  }
  const { tlsCert = '', tlsKey = '', rootCa = '' } = sslFiles ?? {}
  return {
    certificate: tlsCert === '' ? undefined : { kind: 'files', certificate: tlsCert, privateKey: tlsKey },
    verification: verificationBy(rootCa === '' ? undefined : { kind: 'file', path: rootCa }, value),
  }
}

function verificationBy(
  trust: TrustSource | undefined,
  { oneWayTls, verifySubjectAltName = [] }: Common,
): PeerVerification | 'none' {
  if (trust === undefined || oneWayTls === true) return 'none'
  return { trust, subjectAltNames: verifySubjectAltName, publicKeyHashes: [], certificateHashes: [] }
}

/** The keys of a Secret; undefined if it does not exist. */
function secretKeys(
  { namespace = '', name }: SecretReference,
  { lookup }: Site,
): readonly string[] | undefined {
  const object = lookup.manifest({ group: '', kind: 'Secret', namespace, name })?.object
  return object === undefined
    ? undefined
    : [object['data'], object['stringData']].flatMap((each) => Object.keys(each ?? {}))
}
