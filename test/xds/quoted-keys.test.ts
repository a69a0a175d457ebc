import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { withoutKeys } from '../../src/xds/quoted-keys.ts'

test.each([
  ['a -----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- b', 'a [redacted] b'],
  ['-----BEGIN EC PRIVATE KEY-----\\nMII', '[redacted]'],
  [
    'two: -----BEGIN A-----x-----END A-----, -----BEGIN B-----y-----END B-----.',
    'two: [redacted], [redacted].',
  ],
  ['cut off twice: -----BEGIN A-----x, -----BEGIN B-----y', 'cut off twice: [redacted]'],
  ['no key', 'no key'],
  ['', ''],
  ['100 % of \\u0041, \\n and \\101 stay', '100 % of \\u0041, \\n and \\101 stay'],
])('PEM is taken out of %j', (text, shown) => {
  expect(withoutKeys(text)).toBe(shown)
})

const keys: readonly (readonly [kind: string, pem: string])[] = [
  [
    'RSA',
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  ],
  [
    'EC',
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'sec1', format: 'pem' })
      .toString(),
  ],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
]

const octal = (bytes: Buffer): string =>
  [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
/** As protobuf's text format writes bytes. */
const textFormat = (bytes: Buffer): string =>
  [...bytes]
    .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : octal(Buffer.of(byte))))
    .join('')
const bodyOf = (pem: string): string => pem.trim().split('\n').slice(1, -1).join('\n')
const derOf = (pem: string): Buffer => Buffer.from(bodyOf(pem), 'base64')

const forms: readonly (readonly [form: string, quote: (pem: string) => string])[] = [
  ['PEM', (pem) => pem],
  ['PEM in JSON', (pem) => JSON.stringify(pem)],
  ['PEM in JSON in JSON', (pem) => JSON.stringify(JSON.stringify(pem))],
  ['PEM with CRLF', (pem) => pem.replaceAll('\n', '\r\n')],
  ['PEM without its last line', (pem) => pem.slice(0, pem.indexOf('-----END'))],
  ['PEM from its middle on', (pem) => pem.slice(40)],
  ['PEM in octal escapes', (pem) => octal(Buffer.from(pem))],
  ['PEM whose dashes are octal escapes', (pem) => pem.replaceAll('-', '\\055').replaceAll('\n', '\\012')],
  [
    'PEM in hexadecimal escapes',
    (pem) => [...Buffer.from(pem)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  ],
  ['PEM in a URL', (pem) => encodeURIComponent(pem)],
  ['its base64', bodyOf],
  ['its base64 in JSON', (pem) => JSON.stringify(bodyOf(pem))],
  ['its base64 on one line', (pem) => bodyOf(pem).replaceAll('\n', '')],
  ['its base64 for URLs', (pem) => derOf(pem).toString('base64url')],
  ['PEM in base64', (pem) => Buffer.from(pem).toString('base64')],
  ['DER in text format', (pem) => textFormat(derOf(pem))],
  ['DER in hexadecimal digits', (pem) => derOf(pem).toString('hex')],
]

describe.each(keys)('a key of %s', (_, pem) => {
  test.each(forms)('is taken out as %s', (_form, quote) => {
    const shown = withoutKeys(`Failed to load private key from "${quote(pem)}", for listener edge`)
    expect(shown).toContain('[redacted]')
    expect(shown).toMatch(/^Failed to load private key from "/)
    expect(shown.length).toBeLessThan(130)
    for (const line of bodyOf(pem).split('\n')) expect(shown).not.toContain(line)
  })
})

test.each([
  'Error adding/updating cluster(s) ' +
    'outbound|80||a-service-with-a-very-long-name-that-goes-on-and-on-2.default.svc.cluster.local',
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  'Proto constraint validation failed (HttpConnectionManagerValidationError.RouteConfigValidationError): ' +
    'embedded message failed',
  `the hash is ${'0123456789abcdef'.repeat(4)}`,
  'a line\n/etc/envoy/certificates/of/the/gateway/that/cannot/be/read/tls.key\nanother line',
  'Schlüssel fehlt: größer als ｆｕｌｌ',
])('%j stays as it is', (text) => {
  expect(withoutKeys(text)).toBe(text)
})

test.each(['-----BEGIN A-----', 'a\n', '\\055', '%41', '\\\\', '-----END A-----', 'Ab1'])(
  'a long text of %j is read',
  (part) => {
    expect(withoutKeys(part.repeat(2_000_000 / part.length)).length).toBeLessThanOrEqual(2_000_000)
  },
)
