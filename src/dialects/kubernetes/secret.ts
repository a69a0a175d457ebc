import type { Code } from '../../diagnostics/codes.ts'
import type { Diagnostic, Origin } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { Wording } from '../../diagnostics/finding.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { CertificateValidity, TlsSecret } from '../../model/tls.ts'
import { translated } from '../dialect.ts'
import type { Translated } from '../dialect.ts'
import { belongsTo, readCertificates, readPrivateKey } from './pem.ts'
import { entriesOf, isPem } from './secret-entry.ts'
import type { Entries, Entry } from './secret-entry.ts'

/**
 * A core/v1 Secret as far as it is about TLS: `tls.crt`, `tls.key` and `ca.crt`, or `cert`, `key` and
 * `cacert`, which count first, as in Istio. No message ever holds a value of it.
 */
export function translateSecret(manifest: Manifest): Translated {
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
  return translated({ secrets: [secret], diagnostics, refused: diagnostics.length > 0 })
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

/** Keys as plain as `cert` may stand for anything: they count where they hold PEM. */
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
      message: `${key.shown} is no private key in PEM`,
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
      message: `${entry.shown} is no certificate in PEM`,
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
      hint: 'PEM as it stands goes into stringData',
    })
  return text
}
