import { describe, expect, test } from 'vitest'
import { createAuthority } from '../../../bench/support/tls/certificate.ts'
import { configure, gateway, translateFirst } from '../../support/configuration.ts'
import type { Scope } from '../../../src/xds/scope.ts'

const authority = createAuthority('test')
const one = authority.issue({ name: 'one', names: ['a.example'] })
const two = authority.issue({ name: 'two', names: ['b.example'] })
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A Secret whose first key is at 6:3. */
function secret(
  entries: Readonly<Record<string, string>>,
  { name = 'cert', type = 'Opaque', field = 'data', namespace = 'default' } = {},
): string {
  const lines = Object.entries(entries)
    .map(([key, value]) => `  ${key}: ${JSON.stringify(field === 'data' ? base64(value) : value)}\n`)
    .join('')
  return (
    `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: ${namespace}}\ntype: ` +
    `${type}\n${field}:\n${lines}`
  )
}

const tls = { 'tls.crt': one.certificate, 'tls.key': one.privateKey }

describe('a Secret', () => {
  test.each([
    ['kubernetes.io/tls', secret(tls, { type: 'kubernetes.io/tls' })],
    ['Opaque', secret(tls)],
    ['with the generic keys', secret({ cert: one.certificate, key: one.privateKey })],
    [
      'with generic keys before the others',
      secret({
        cert: one.certificate,
        key: one.privateKey,
        'tls.crt': two.certificate,
        'tls.key': two.privateKey,
      }),
    ],
    ['in plain text', secret(tls, { field: 'stringData' })],
  ])('%s holds a certificate', (_, text) => {
    const result = translateFirst(text)
    expect(result.found).toEqual([])
    expect(result.secrets).toMatchObject([
      {
        namespace: 'default',
        name: 'cert',
        certificate: { chain: one.certificate, privateKey: one.privateKey },
        trust: undefined,
      },
    ])
  })

  test.each(['ca.crt', 'cacert'])('holds authorities under %s', (key) => {
    expect(translateFirst(secret({ [key]: authority.certificate })).secrets).toMatchObject([
      { certificate: undefined, trust: authority.certificate },
    ])
  })

  test('that is about something else is no mistake', () => {
    const result = translateFirst(
      secret({ password: 'swordfish', key: 'swordfish', cert: 'swordfish', cacert: 'swordfish' }),
    )
    expect([result.found, result.rejected]).toEqual([[], false])
    expect(result.secrets).toMatchObject([{ certificate: undefined, trust: undefined }])
  })

  test('with a chain keeps all of it', () => {
    expect(
      translateFirst(secret({ ...tls, 'tls.crt': one.certificate + authority.certificate })).secrets[0]
        ?.certificate?.chain,
    ).toBe(one.certificate + authority.certificate)
  })
})

describe('a mistake in a Secret', () => {
  test.each([
    [
      'a certificate that is none',
      { ...tls, 'tls.crt': 'swordfish' },
      '6:3 tls/malformed-pem data["tls.crt"] is not a certificate in PEM',
    ],
    [
      'a broken certificate',
      { ...tls, 'tls.crt': one.certificate.replace('MII', 'MIJ') },
      '6:3 tls/malformed-pem data["tls.crt"] is not a certificate in PEM',
    ],
    [
      'a key that is none',
      { ...tls, 'tls.key': 'swordfish' },
      '7:3 tls/malformed-pem data["tls.key"] is not a private key in PEM',
    ],
    [
      'the key of another certificate',
      { ...tls, 'tls.key': two.privateKey },
      '7:3 tls/key-mismatch data["tls.key"] does not belong to the first certificate of data["tls.crt"]',
    ],
    [
      'an authority that is none',
      { 'ca.crt': one.privateKey },
      '6:3 tls/malformed-pem data["ca.crt"] is not a certificate in PEM',
    ],
  ])('%s', (_, entries, found) => {
    const result = translateFirst(secret(entries))
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(true)
  })

  test('text where base64 must be', () => {
    expect(translateFirst(secret(tls).replace(base64(one.certificate), 'swordfish')).found).toEqual([
      '6:3 tls/malformed-pem data["tls.crt"] is no text in base64',
    ])
  })

  test('a TLS Secret without a key', () => {
    expect(
      translateFirst(secret({ 'tls.crt': one.certificate }, { type: 'kubernetes.io/tls' })).found,
    ).toEqual(['5:1 field/required data["tls.key"] is required: type is kubernetes.io/tls'])
  })

  test('leaves the last good one in force', () => {
    const good = configure(edge + secret(tls))
    const before = good.resources(gateway, 'secret')
    const bad = configure(edge + secret({ ...tls, 'tls.key': two.privateKey }))
    for (const [key, manifest] of bad.pipeline.read.entries(bad.pipeline.manifests))
      good.pipeline.setManifest(key, manifest)
    expect(good.resources(gateway, 'secret')).toEqual(before)
    expect(before.size).toBe(1)
  })
})

const edge = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*"]
    tls: {mode: MUTUAL, credentialName: cert}
---
`

describe('proxies are given', () => {
  const inline = (pem: string) => ({ inline_bytes: base64(pem) })
  const certificate = {
    tls_certificate: { certificate_chain: inline(one.certificate), private_key: inline(one.privateKey) },
  }
  const trust = { validation_context: { trusted_ca: inline(authority.certificate) } }

  test('the Secrets that their listeners name, and no others', () => {
    const text = `${edge}${secret({ ...tls, 'ca.crt': authority.certificate })}---\n${secret(tls, { name: 'other' })}`
    expect(Object.fromEntries(configure(text).resources(gateway, 'secret'))).toMatchObject({
      'kubernetes://cert': certificate,
      'kubernetes://cert-cacert': trust,
    })
    expect(configure(text).resources(gateway, 'secret').size).toBe(2)
  })

  test('authorities out of <name>-cacert before those of <name>', () => {
    const other = createAuthority('other')
    const text = `${edge}${secret({ ...tls, 'ca.crt': other.certificate })}---\n${secret({ 'ca.crt': authority.certificate }, { name: 'cert-cacert' })}`
    expect(configure(text).resources(gateway, 'secret').get('kubernetes://cert-cacert')).toMatchObject(trust)
  })

  test('Secrets of their own namespace only', () => {
    const proxy: Scope = {
      ...gateway,
      anyGateway: false,
      namespace: 'edge',
      labels: { istio: 'ingressgateway' },
    }
    const text = edge + secret({ ...tls, 'ca.crt': authority.certificate })
    const configuration = configure(text)
    expect(configuration.found).toEqual([])
    expect(configuration.resources(proxy, 'secret').size).toBe(0)
    const codes = configuration.pipeline.read
      .entries(configuration.pipeline.findings)
      .flatMap(([, each]) => each)
      .map(({ code, message }) => `${code} ${message}`)
    expect(codes).toContain(
      'tls/unknown-secret Gateway default/edge: there is no such Secret cert in namespace edge, where the ' +
        'proxies are; there is one in default',
    )
    expect(
      configure(edge + secret({ ...tls, 'ca.crt': authority.certificate }, { namespace: 'edge' })).resources(
        proxy,
        'secret',
      ).size,
    ).toBe(2)
  })

  test('nothing of a Secret that lacks what is needed, which is said', () => {
    const configuration = configure(edge + secret(tls))
    expect([...configuration.resources(gateway, 'secret').keys()]).toEqual(['kubernetes://cert'])
    expect(configuration.found).toEqual([
      '8:41 tls/incomplete-secret Secret default/cert holds no authority to verify others by: connections ' +
        'that need it fail',
    ])
  })

  test('a Secret that does not count any more, which is said as information', () => {
    const old = authority.issue({
      name: 'old',
      names: [],
      from: Date.UTC(2020, 0, 1),
      to: Date.UTC(2021, 0, 1),
    })
    const { pipeline, resources } = configure(
      edge +
        secret({ 'tls.crt': old.certificate, 'tls.key': old.privateKey, 'ca.crt': authority.certificate }),
    )
    expect(resources(gateway, 'secret').size).toBe(2)
    expect(pipeline.expired(Date.UTC(2020, 6, 1)).map(({ origin }) => origin?.path)).toEqual([
      ['data', 'ca.crt'],
    ])
    expect(pipeline.expired(Date.now())).toMatchObject([
      {
        code: 'tls/expired',
        severity: 'info',
        message: 'Secret default/cert: a certificate expired on 2021-01-01T00:00:00.000Z',
        origin: { path: ['data', 'tls.crt'] },
      },
    ])
  })
})
