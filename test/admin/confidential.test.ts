import { Client, credentials } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { renderText } from '../../src/diagnostics/render.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import { shownSecret } from '../../src/xds/confidential.ts'
import { encode } from '../../src/xds/proto.ts'
import { configure, locateIn, parse } from '../support/configuration.ts'
import { within } from '../support/within.ts'
import { plane } from './plane.ts'
import type { Plane } from './plane.ts'

const issued = createAuthority('test').issue({ name: 'a', names: ['a.example'] })
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const edge = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: ["*"]
    tls: {mode: SIMPLE, credentialName: cert}
`
const secret = `apiVersion: v1
kind: Secret
metadata: {name: cert}
type: kubernetes.io/tls
data:
  tls.crt: ${base64(issued.certificate)}
  tls.key: ${base64(issued.privateKey)}
`

/** Every line of the key, as PEM has it and in base64 of that, whatever the offset. */
function showsTheKey(text: string): boolean {
  const lines = issued.privateKey.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))
  return [
    ...lines,
    ...lines.map((line) => base64(line).slice(4, -4)),
    base64(issued.privateKey).slice(0, 40),
  ].some((each) => text.includes(each))
}

function csds(running: Plane): Promise<string> {
  const client = new Client(running.xdsAddress, credentials.createInsecure())
  onTestFinished(() => client.close())
  const pass = (bytes: Buffer): Buffer => bytes
  const request = encode('envoy.service.status.v3.ClientStatusRequest', {})
  return within(
    5_000,
    'FetchClientStatus',
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus',
        pass,
        pass,
        request,
        (error, answer) => {
          if (error !== null || answer === undefined) reject(error ?? new Error('no answer'))
          else resolve(answer.toString('latin1'))
        },
      )
    }),
  )
}

describe('a private key', () => {
  test('goes to the proxy, and is shown nowhere', async () => {
    const running = await plane({ 'edge.yaml': `${edge}---\n${secret}` })
    const client = running.client('envoy', 'delta')
    client.subscribe('secret', ['kubernetes://cert'])
    const sent = await client.next('secret')
    expect(JSON.stringify(sent)).toContain(base64(issued.privateKey))
    client.nack('secret', `Failed to load private key from ${issued.privateKey}`)
    await running.event('nacked', ({ message }) => message === 'Failed to load private key from [redacted]\n')
    const dump = await (await running.ask('/config_dump?proxy=envoy')).text()
    const answers = [await csds(running), dump, await (await running.ask('/status')).text()]
    expect(answers.map(showsTheKey)).toEqual([false, false, false])
    expect(answers[0]).toContain('[redacted]')
    expect(answers[2]).toContain('Failed to load private key from [redacted]')
  })

  test('that was taken stands redacted in the config dump, beside its certificate', async () => {
    const running = await plane({ 'edge.yaml': `${edge}---\n${secret}` })
    const client = running.client('envoy', 'sotw')
    client.subscribe('secret', ['kubernetes://cert'])
    await client.next('secret')
    client.ack('secret')
    await running.event('acked')
    const dump = await (await running.ask('/config_dump?proxy=envoy')).text()
    expect(showsTheKey(dump)).toBe(false)
    expect(dump).toContain('envoy.admin.v3.SecretsConfigDump')
    expect(dump).toContain(base64(issued.certificate))
    expect(dump).toContain(base64('[redacted]'))
  })

  test.each([
    [
      'with another certificate',
      secret.replace(base64(issued.certificate), base64(createAuthority('other').certificate)),
    ],
    ['cut off', secret.replace(base64(issued.privateKey), base64(issued.privateKey.slice(0, 120)))],
    [
      'as it stands',
      secret
        .replace('\ndata:', '\nstringData:')
        .replace(base64(issued.privateKey), JSON.stringify(`${issued.privateKey}x`)),
    ],
    [
      'in flow style',
      `${secret.slice(0, secret.indexOf('\ndata:'))}\ndata: {tls.crt: ${base64('no')}, tls.key: ` +
        `${base64(issued.privateKey)}}\n`,
    ],
    [
      'in JSON',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'cert' },
        type: 'kubernetes.io/tls',
        data: { 'tls.crt': 'no', 'tls.key': base64(issued.privateKey) },
      }),
    ],
    ['in a file of its own', issued.privateKey],
    ['in a broken document', secret.replace('type:', 'type: }')],
    [
      'in a label that is a list',
      secret.replace('{name: cert}', `{name: cert, labels: {a: [${base64(issued.privateKey)}]}}`),
    ],
  ])('%s is in no diagnostic', (_, text) => {
    const { pipeline } = configure(edge)
    const { manifests, diagnostics } = parseManifests('input.yaml', text)
    for (const { manifest } of manifests) pipeline.setManifest(manifest.id.name, manifest)
    pipeline.flush()
    const rendered = renderText([...diagnostics, ...diagnosticsOf(pipeline)], locateIn(manifests))
    expect(rendered).not.toBe('')
    expect(showsTheKey(rendered)).toBe(false)
  })
})

test('the line of a diagnostic in a Secret is shown without its value', () => {
  const text = secret.replace(base64(issued.certificate), base64('no certificate'))
  const { pipeline } = configure(text)
  expect(renderText(diagnosticsOf(pipeline), locateIn(parse(text)))).toBe(
    `input.yaml:6:3 error tls/malformed-pem  Secret default/cert: data["tls.crt"] is not a certificate ` +
      `in PEM
    tls.crt: …
    ^^^^^^^   hint: it begins with -----BEGIN CERTIFICATE-----
`,
  )
})

test('of every kind of Secret only what is public is shown', () => {
  const name = 'envoy.extensions.transport_sockets.tls.v3.Secret'
  const key = { inline_string: 'swordfish' }
  const redacted = { inline_bytes: base64('[redacted]') }
  expect(
    shownSecret(
      encode(name, {
        name: 'a',
        tls_certificate: { certificate_chain: { filename: '/c' }, private_key: key, password: key },
      }),
    ),
  ).toEqual({ name: 'a', tls_certificate: { certificate_chain: { filename: '/c' }, private_key: redacted } })
  expect(
    shownSecret(encode(name, { name: 'a', tls_certificate: { private_key: { filename: '/k' } } })),
  ).toEqual({ name: 'a', tls_certificate: { private_key: { filename: '/k' } } })
  expect(shownSecret(encode(name, { name: 'a', generic_secret: { secret: key } }))).toEqual({
    name: 'a',
    generic_secret: { secret: redacted },
  })
  expect(shownSecret(encode(name, { name: 'a', session_ticket_keys: { keys: [key] } }))).toEqual({
    name: 'a',
    session_ticket_keys: { keys: [redacted] },
  })
})

describe('lines of a document', () => {
  const shownLine = (text: string): string | undefined =>
    parseManifests('a.yaml', text).diagnostics[0]?.place?.text

  test.each([
    [
      'that refers to a Secret',
      'apiVersion: a/v1\nkind: Gateway\nmetadata:\n  name: g\n  labels: {a: 1}\nspec: {certificateRefs: ' +
        '[{kind: Secret, name: x}], from: [{group: "", kind: Secret}]}\n',
      '  labels: {a: 1}',
    ],
    [
      'beside a Secret, in a document of its own',
      `${secret}---\napiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {a: 1}}\n`,
      'metadata: {name: a, labels: {a: 1}}',
    ],
  ])('%s are shown', (_, text, line) => {
    expect(shownLine(text)).toBe(line)
  })

  test.each([
    ['that is a Secret', 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  labels: {a: 1}\n'],
    ['that is a Secret without a name', 'apiVersion: v1\nkind: Secret\nlabels: {a: 1}\n'],
    [
      'that lists Secrets',
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: s\n   ' +
        ' labels: {a: 1}\n',
    ],
    [
      'that holds a Secret',
      'apiVersion: a/v1\nkind: Template\nmetadata:\n  name: s\n  labels: {a: 1}\nobjects:\n- kind: ' +
        'Secret\n  data: {a: b}\n',
    ],
    [
      'with a Secret in a text',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: s\n  labels: {a: 1}\ndata:\n  a: |\n    kind: ' +
        'Secret\n    data: {a: b}\n',
    ],
    ['that is a Secret and cannot be read', 'apiVersion: v1\nkind: Secret\nlabels: {a: 1\n'],
    ['in JSON', '{"apiVersion": "v1", "kind": "Secret", "labels": {"a": 1}}'],
  ])('%s are shown without values', (_, text) => {
    expect(shownLine(text)).not.toContain('1')
  })
})
