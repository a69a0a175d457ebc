import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificates of a PEM text, in order; undefined where there is none, or one of them cannot be read. */
export function readCertificates(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(certificateBlock) ?? []
  if (blocks.length === 0 || blocks.length !== pem.split('-----BEGIN ').length - 1) return undefined
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return undefined
  }
}

/** The private key of a PEM text; undefined where there is none without a passphrase. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

export function belongsTo(key: KeyObject, certificate: X509Certificate): boolean {
  return certificate.checkPrivateKey(key)
}
