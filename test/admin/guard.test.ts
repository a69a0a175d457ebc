import { request as requestHttp } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { Client, Metadata, credentials, status } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { textLog } from '../../src/cli/output/event-log.ts'
import { command } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { patience, within } from '../support/within.ts'
import { plane, reviews } from './plane.ts'
import type { Plane } from './plane.ts'

const token = 'correct-horse'
const guarded = [
  '/status',
  '/status/proxies/x',
  '/config_dump?proxy=x',
  '/metrics',
  '/v1/taps',
  '/',
  '/nowhere',
  '/healthz/../status',
  '/readyz/%2e%2e/v1/taps',
  '//x/status',
]
const health = ['/healthz', '/readyz']

interface Asked {
  readonly host: string
  readonly port: number
  readonly headers?: Readonly<Record<string, string>>
}

function statusOf({ host, port, headers = {} }: Asked, path: string): Promise<number> {
  return within(
    patience,
    path,
    new Promise((resolve, reject) => {
      requestHttp({ host, port, path, headers, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
        .once('error', reject)
        .end()
    }),
  )
}

/** The same, over HTTP/2 in plain text. */
async function statusOverHttp2({ host, port, headers = {} }: Asked, path: string): Promise<number> {
  const session = connectHttp2(`http://${host}:${port}`)
  session.on('error', () => {})
  const { host: authority, ...others } = headers
  const stream = session.request({
    ':path': path,
    ...others,
    ...(authority === undefined ? {} : { ':authority': authority }),
  })
  const found = await within(
    patience,
    path,
    new Promise<number>((resolve, reject) => {
      stream
        .once('response', (head) => {
          resolve(Number(head[':status']))
        })
        .once('error', reject)
        .resume()
    }),
  )
  session.destroy()
  return found
}

const ways = [
  ['HTTP/1', statusOf],
  ['HTTP/2', statusOverHttp2],
] as const
const statuses = async (ask: typeof statusOf, asked: Asked, paths: readonly string[]) =>
  Promise.all(paths.map((path) => ask(asked, path)))
const at = ({ adminAddress }: Plane): Asked => ({
  host: '127.0.0.1',
  port: Number(adminAddress.split(':').at(-1)),
})

describe.each(ways)('everything on the admin port but health is guarded, over %s', (_, ask) => {
  test('with a token: by the token', async () => {
    const asked = at(await plane({ 'reviews.yaml': reviews }, { adminAccess: { token } }))
    expect(await statuses(ask, asked, guarded)).toEqual(guarded.map(() => 401))
    expect(await statuses(ask, asked, health)).toEqual([200, 200])
    const shown = { ...asked, headers: { authorization: `Bearer ${token}`, host: 'shadowplane.internal' } }
    expect(await statuses(ask, shown, ['/status', '/metrics', '/v1/taps', '/nowhere'])).toEqual([
      200, 200, 200, 404,
    ])
  })

  test('without a token: against pages in browsers that have found a name for this machine', async () => {
    const asked = at(await plane({ 'reviews.yaml': reviews }))
    for (const headers of [
      { host: 'evil.example' },
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect(await statuses(ask, { ...asked, headers }, guarded)).toEqual(guarded.map(() => 403))
      expect(await statuses(ask, { ...asked, headers }, health)).toEqual([200, 200])
    }
    expect(await statuses(ask, asked, ['/status', '/metrics', '/v1/taps'])).toEqual([200, 200, 200])
  })

  test('without a token: against other machines', async ({ skip }) => {
    const host = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address
    if (host === undefined) return skip('this machine has no address but loopback')
    const running = await plane({ 'reviews.yaml': reviews }, { admin: '0.0.0.0:0' })
    const asked = { ...at(running), host }
    expect(await statuses(ask, asked, guarded)).toEqual(guarded.map(() => 403))
    expect(await statuses(ask, asked, health)).toEqual([200, 200])
  })

  test('and metrics, if the operator opens them', async () => {
    const asked = at(await plane({ 'reviews.yaml': reviews }, { adminAccess: { token, metrics: 'open' } }))
    expect(await statuses(ask, asked, ['/metrics', '/status'])).toEqual([200, 401])
  })
})

test('gRPC is guarded likewise: by the token, and against names that are not of this machine', async () => {
  const call = (
    running: Plane,
    { authority, token: shown }: { readonly authority: string; readonly token?: string },
  ): Promise<number> => {
    const client = new Client(running.adminAddress, credentials.createInsecure(), {
      'grpc.default_authority': authority,
    })
    onTestFinished(() => {
      client.close()
    })
    const metadata = new Metadata()
    if (shown !== undefined) metadata.set('authorization', `Bearer ${shown}`)
    const pass = (bytes: Buffer): Buffer => bytes
    return within(
      patience,
      authority,
      new Promise((resolve) => {
        client.makeUnaryRequest(
          '/shadowplane.admin.v1.Taps/ListTaps',
          pass,
          pass,
          Buffer.alloc(0),
          metadata,
          (error) => {
            resolve(error?.code ?? status.OK)
          },
        )
      }),
    )
  }
  const open = await plane({ 'reviews.yaml': reviews })
  expect(await call(open, { authority: 'localhost:1' })).toBe(status.OK)
  expect(await call(open, { authority: 'evil.example' })).toBe(status.PERMISSION_DENIED)
  const secured = await plane({ 'reviews.yaml': reviews }, { adminAccess: { token } })
  expect(await call(secured, { authority: 'localhost:1' })).toBe(status.UNAUTHENTICATED)
  expect(await call(secured, { authority: 'shadowplane.internal', token })).toBe(status.OK)
})

test('over TLS, HTTP/2 and HTTP/1 answer, "status" works with the flags of "tap", and the log says https', async () => {
  const authority = createAuthority('servers')
  const own = authority.issue({ name: 'admin', names: ['127.0.0.1', 'localhost'] })
  const running = await plane(
    { 'reviews.yaml': reviews },
    { adminAccess: { token, tls: { certificate: own.certificate, key: own.privateKey } } },
  )
  const session = connectHttp2(`https://${running.adminAddress}`, { ca: authority.certificate })
  onTestFinished(() => {
    session.destroy()
  })
  for (const path of ['/status', '/metrics', '/readyz', '/v1/taps']) {
    const stream = session.request({ ':path': path, authorization: `Bearer ${token}` })
    expect(
      await within(
        patience,
        path,
        new Promise((resolve) => {
          stream
            .once('response', (head) => {
              resolve(head[':status'])
            })
            .resume()
        }),
      ),
    ).toBe(200)
  }
  const folder = folderWith({ ca: authority.certificate, token: `${token}\n` })
  const shadowplaneStatus = (...args: readonly string[]) =>
    command(['status', '--server', running.adminAddress, ...args])
  expect(
    await shadowplaneStatus('--ca', join(folder, 'ca'), '--token-file', join(folder, 'token')),
  ).toMatchObject({ status: 0, stdout: expect.stringMatching(/^0 proxies; /) })
  expect(await shadowplaneStatus('--ca', join(folder, 'ca'))).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('this needs the token of the control plane'),
  })
  expect(await shadowplaneStatus('--tls')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('its certificate is not of an authority that is known here: give --ca'),
  })
  expect(await shadowplaneStatus()).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('does it speak TLS? then give --ca or --tls'),
  })
  const lines: string[] = []
  const log = textLog((line) => {
    lines.push(line)
  })
  for (const event of running.events) log(event)
  expect(lines.join('\n')).toContain(`admin on https://${running.adminAddress}`)
})

test('an IPv6 address is written with brackets, and answers under it', async ({ skip }) => {
  if (
    !Object.values(networkInterfaces())
      .flat()
      .some((each) => each?.address === '::1')
  )
    return skip('this machine has no ::1')
  const running = await plane({ 'reviews.yaml': reviews }, { admin: '[::1]:0' })
  expect(running.adminAddress).toMatch(/^\[::1\]:\d+$/)
  expect((await fetch(`http://${running.adminAddress}/status`)).status).toBe(200)
  expect(await command(['status', '--server', running.adminAddress])).toMatchObject({ status: 0 })
  expect(await command(['tap', '--admin', running.adminAddress, '--for', '100ms'])).toMatchObject({
    status: 0,
  })
})
