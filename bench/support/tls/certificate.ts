import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import {
  context,
  integer,
  objectIdentifier,
  octetString,
  bitString,
  boolean,
  sequence,
  set,
  time,
  utf8,
} from './der.ts'

/** A certificate with its key, both in PEM. */
export interface Issued {
  readonly certificate: string
  readonly privateKey: string
  /** SHA-256, as X509Certificate.fingerprint256 has it. */
  readonly fingerprint: string
}

export interface Subject {
  readonly name: string
  /** DNS names, IPv4 addresses and URIs. */
  readonly names: readonly string[]
  /** Milliseconds since the epoch; default: from an hour ago to a day from now. */
  readonly from?: number
  readonly to?: number
}

/** A certificate authority for tests. */
export interface Authority {
  /** In PEM. */
  readonly certificate: string
  issue(subject: Subject): Issued
}

const hour = 3_600_000

/** Makes an authority with a key on P-256, as are those of what it issues. */
export function createAuthority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = pem(
    signed(
      { subject: { name, names: [] }, issuer: name, key: keys.publicKey, use: 'authority' },
      keys.privateKey,
    ),
  )
  return {
    certificate,
    issue(subject) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const issued = pem(signed({ subject, issuer: name, key: own.publicKey, use: 'end' }, keys.privateKey))
      return {
        certificate: issued,
        privateKey: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        fingerprint: new X509Certificate(issued).fingerprint256,
      }
    },
  }
}

interface Unsigned {
  readonly subject: Subject
  readonly issuer: string
  readonly key: KeyObject
  readonly use: 'authority' | 'end'
}

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))

/** Certificate (RFC 5280, section 4.1). */
function signed({ subject, issuer, key, use }: Unsigned, issuerKey: KeyObject): Buffer {
  const from = subject.from ?? Date.now() - hour
  const to = subject.to ?? Date.now() + 24 * hour
  const toBeSigned = sequence(
    context(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuer),
    sequence(time(from), time(to)),
    distinguishedName(subject.name),
    key.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...extensions(subject, use))),
  )
  return sequence(toBeSigned, ecdsaWithSha256, bitString(sign('sha256', toBeSigned, issuerKey)))
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8(commonName))))
}

/** Basic constraints for an authority; alternative names for what it issues. */
function extensions({ names }: Subject, use: Unsigned['use']): readonly Buffer[] {
  if (use === 'authority')
    return [sequence(objectIdentifier('2.5.29.19'), boolean(), octetString(sequence(boolean())))]
  return names.length === 0
    ? []
    : [sequence(objectIdentifier('2.5.29.17'), octetString(sequence(...names.map(alternativeName))))]
}

/** GeneralName: dNSName 2, uniformResourceIdentifier 6, iPAddress 7. */
function alternativeName(name: string): Buffer {
  const [tag, value] =
    isIP(name) === 4
      ? ([0x87, Buffer.from(name.split('.').map(Number))] as const)
      : ([name.includes('://') ? 0x86 : 0x82, Buffer.from(name)] as const)
  return Buffer.concat([Buffer.from([tag, value.length]), value])
}

function pem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
}
