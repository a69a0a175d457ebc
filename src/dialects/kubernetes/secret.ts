import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Code } from '../../diagnostics/codes.ts'
import type { Diagnostic, FieldPath, Origin } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { Wording } from '../../diagnostics/finding.ts'
import { translated } from '../dialect.ts'
import type { Read, Reader } from '../dialect.ts'
import type { Json, Manifest } from '../../manifest/manifest.ts'
import type { CertificateValidity, TlsSecret } from '../../model/tls.ts'

/**
 * The TLS part of a core/v1 Secret: `tls.crt`, `tls.key` and `ca.crt`, or `cert`, `key` and `cacert`, which
 * take precedence, as in Istio. No message ever holds a value of it.
 */
export const secretReader: Reader<TlsSecret> = {
  read: readSecret,
  translate: ({ value }) => translated({ secrets: [value] }),
}

function readSecret(manifest: Manifest): Read<TlsSecret> {
  const { id, object } = manifest
  const diagnostics: Diagnostic[] = []
  const report: Report = (code, path, wording) => {
    diagnostics.push(finding(code, { object: id, path, part: 'key' }, wording))
  }
  const entries = entriesOf(manifest)
  if (object['type'] === 'kubernetes.io/tls') noteAbsent(entries, report)
  const certificate = certificateIn(entries, report)
  const trust = trustIn(entries, report)
  const validity = [certificate, trust]
    .flatMap((each) => each?.validity ?? [])
    .map(({ path, ...span }): CertificateValidity => ({ ...span, origin: { object: id, path, part: 'key' } }))
  const secret: TlsSecret = {
    namespace: id.namespace,
    name: id.name,
    certificate:
      certificate === undefined
        ? undefined
        : { chain: certificate.chain, privateKey: certificate.privateKey },
    trust: trust?.pem,
    validity,
    origin: { object: id, path: ['data'], part: 'key' },
  }
  return { value: secret, diagnostics, rejected: diagnostics.length > 0 }
}

type Report = (code: Code, path: Origin['path'], wording: Wording) => void

function noteAbsent(entries: Entries, report: Report): void {
  for (const name of ['tls.crt', 'tls.key'].filter((each) => !entries.has(each))) {
    report('field/required', ['data'], { message: `data["${name}"] is required: type is kubernetes.io/tls` })
  }
}

interface Span extends Omit<CertificateValidity, 'origin'> {
  readonly path: Origin['path']
}

interface Certificate {
  readonly chain: string
  readonly privateKey: string
  readonly validity: readonly Span[]
}

/** Keys as plain as `cert` may mean anything: they are used if they hold PEM. */
function certificateIn(entries: Entries, report: Report): Certificate | undefined {
  const generic = [entries.get('cert'), entries.get('key')]
  const [chain, key] = generic.every((entry) => entry !== undefined && isPem(entry))
    ? generic
    : [entries.get('tls.crt'), entries.get('tls.key')]
  return chain === undefined || key === undefined ? undefined : certificateOf(chain, key, report)
}

function certificateOf(chain: Entry, key: Entry, report: Report): Certificate | undefined {
  const read = certificatesOf(chain, report)
  const privateKey = textOf(key, report)
  const parsed = privateKey === undefined ? undefined : readPrivateKey(privateKey)
  if (privateKey !== undefined && parsed === undefined) {
    report('tls/malformed-pem', key.path, {
      message: `${key.shown} is not a private key in PEM`,
      hint: 'it begins with -----BEGIN PRIVATE KEY-----, and has no passphrase',
    })
  }
  const [leaf] = read?.certificates ?? []
  if (read === undefined || leaf === undefined || privateKey === undefined || parsed === undefined)
    return undefined
  if (belongsTo(parsed, leaf)) return { chain: read.pem, privateKey, validity: read.validity }
  report('tls/key-mismatch', key.path, {
    message: `${key.shown} does not belong to the first certificate of ${chain.shown}`,
    hint: 'replace both together; the certificate of the server itself comes first',
  })
  return undefined
}

interface Certificates {
  readonly pem: string
  readonly certificates: NonNullable<ReturnType<typeof readCertificates>>
  readonly validity: readonly Span[]
}

function trustIn(entries: Entries, report: Report): Certificates | undefined {
  const generic = entries.get('cacert')
  const authorities = generic !== undefined && isPem(generic) ? generic : entries.get('ca.crt')
  return authorities === undefined ? undefined : certificatesOf(authorities, report)
}

function certificatesOf(entry: Entry, report: Report): Certificates | undefined {
  const pem = textOf(entry, report)
  const certificates = pem === undefined ? undefined : readCertificates(pem)
  if (pem !== undefined && certificates === undefined) {
    report('tls/malformed-pem', entry.path, {
      message: `${entry.shown} is not a certificate in PEM`,
      hint: 'it begins with -----BEGIN CERTIFICATE-----',
    })
  }
  if (pem === undefined || certificates === undefined) return undefined
  const validity = certificates.map(({ validFrom, validTo }) => ({
    path: entry.path,
    notBefore: Date.parse(validFrom),
    notAfter: Date.parse(validTo),
  }))
  return { pem, certificates, validity }
}

function textOf({ text, path, shown }: Entry, report: Report): string | undefined {
  if (text === undefined)
    report('tls/malformed-pem', path, {
      message: `${shown} is no text in base64`,
      hint: 'PEM text belongs into stringData',
    })
  return text
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificates of a PEM text, in order; undefined if there is none, or one of them cannot be read. */
function readCertificates(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(certificateBlock) ?? []
  if (blocks.length === 0 || blocks.length !== pem.split('-----BEGIN ').length - 1) return undefined
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return undefined
  }
}

/** The private key of a PEM text; undefined if there is none without a passphrase. */
function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

function belongsTo(key: KeyObject, certificate: X509Certificate): boolean {
  return certificate.checkPrivateKey(key)
}

/** A value of a Secret, and its place. */
interface Entry {
  /** Undefined: it is no text in base64. */
  readonly text: string | undefined
  readonly path: FieldPath
  /** Its name in messages: `data["tls.crt"]`. */
  readonly shown: string
}

/** The keys are those of the Secret. */
type Entries = ReadonlyMap<string, Entry>

/** The content of a Secret; `stringData` takes precedence over `data`, as in the API server. */
function entriesOf({ object }: Manifest): Entries {
  return new Map([
    ...entriesIn('data', object['data'], fromBase64),
    ...entriesIn('stringData', object['stringData'], (value) =>
      typeof value === 'string' ? value : undefined,
    ),
  ])
}

function isPem({ text }: Entry): boolean {
  return text?.includes('-----BEGIN ') === true
}

function entriesIn(
  field: string,
  value: Json | undefined,
  decode: (value: Json) => string | undefined,
): readonly (readonly [string, Entry])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).map(([key, each]: [string, Json]) => [
    key,
    { text: decode(each), path: [field, key], shown: `${field}["${key}"]` },
  ])
}

function fromBase64(value: Json): string | undefined {
  if (typeof value !== 'string') return undefined
  const compact = value.replaceAll(/\s/g, '')
  return /^[A-Za-z0-9+/]*={0,2}$/.test(compact) && compact.length % 4 === 0
    ? Buffer.from(compact, 'base64').toString('utf8')
    : undefined
}
