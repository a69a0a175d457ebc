import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { entryOf, foreignTo, refusal } from '../../src/admin/access.ts'
import type { AdminAccess } from '../../src/admin/access.ts'
import { command } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { within } from '../support/within.ts'
import { plane, reviews } from './plane.ts'

const token = 'correct-horse'
const tls = { certificate: '', key: '', clientCa: '' }

describe('who may use the admin API', () => {
  test.each<{
    readonly address: string
    readonly certified?: true
    readonly access: AdminAccess
    readonly authorization?: string
    readonly refused?: string
  }>([
    { address: '127.0.0.1', access: {} },
    { address: '127.9.9.9', access: {} },
    { address: '::1', access: {} },
    { address: '::ffff:127.0.0.1', access: {} },
    { address: '10.0.0.5', access: {}, refused: 'PERMISSION_DENIED' },
    { address: '::ffff:10.0.0.5', access: {}, refused: 'PERMISSION_DENIED' },
    { address: '', access: {}, refused: 'PERMISSION_DENIED' },
    { address: '127.0.0.1', access: { token }, refused: 'UNAUTHENTICATED' },
    { address: '10.0.0.5', access: { token }, authorization: `Bearer ${token}` },
    { address: '10.0.0.5', access: { token }, authorization: `bearer  ${token}` },
    { address: '10.0.0.5', access: { token }, authorization: `Bearer ${token}x`, refused: 'UNAUTHENTICATED' },
    { address: '10.0.0.5', access: { token }, authorization: token, refused: 'UNAUTHENTICATED' },
    { address: '10.0.0.5', certified: true, access: { tls } },
    { address: '10.0.0.5', certified: true, access: { tls, token } },
    { address: '10.0.0.5', access: { tls, token }, authorization: `Bearer ${token}` },
    { address: '127.0.0.1', access: { tls }, refused: 'UNAUTHENTICATED' },
    { address: '10.0.0.5', access: { tls: { certificate: '', key: '' } }, refused: 'PERMISSION_DENIED' },
  ])(
    '$address $certified $access $authorization: $refused',
    ({ address, certified, access, authorization, refused }) => {
      expect(
        refusal(
          {
            entry: entryOf({ address, isCertified: certified === true }, access),
            authorization,
            host: 'localhost:1',
          },
          access,
        )?.code,
      ).toBe(refused)
    },
  )

  test.each([
    { headers: { host: '127.0.0.1:18001' }, browser: false },
    { headers: { host: '[::1]:18001' }, browser: false },
    { headers: { host: 'localhost:18001' }, browser: false },
    { headers: { host: 'rebound.example:18001' }, browser: true },
    { headers: { host: '127.0.0.1:18001', origin: 'http://evil.example' }, browser: true },
    { headers: { host: 'LOCALHOST:18001', site: 'none' }, browser: false },
    { headers: { host: 'localhost:18001', site: 'same-origin' }, browser: false },
    { headers: { host: 'localhost:18001', site: 'cross-site' }, browser: true },
    { headers: { host: 'localhost.evil.example' }, browser: true },
    { headers: {}, browser: true },
    { headers: { host: '127.0.0.1:18001', origin: 'http://127.0.0.1:18001' }, browser: false },
    {
      headers: { host: 'localhost:18001', origin: 'http://localhost:18001', site: 'same-origin' },
      browser: false,
    },
    { headers: { host: '127.0.0.1:18001', origin: 'http://127.0.0.1:3000' }, browser: true },
    { headers: { host: '127.0.0.1:18001', origin: 'https://127.0.0.1:18001' }, browser: true },
    { headers: { host: '127.0.0.1:18001', origin: 'http://localhost:18001' }, browser: true },
    { headers: { host: '127.0.0.1:18001', origin: 'null' }, browser: true },
    { headers: { host: 'localhost:18001', site: 'same-site' }, browser: true },
    { headers: { host: 'rebound.example', origin: 'http://rebound.example' }, browser: true },
    {
      headers: { host: 'rebound.example', origin: 'http://rebound.example', site: 'same-origin' },
      browser: true,
    },
  ])('a page of another origin, $headers: $browser', ({ headers, browser }) => {
    expect(foreignTo(headers, 'http') !== undefined).toBe(browser)
  })
})

describe('on the listener', () => {
  test('a token is asked for, as JSON and as gRPC, and health is open', async () => {
    const running = await plane({ 'reviews.yaml': reviews }, { adminAccess: { token } })
    expect((await running.ask('/v1/taps')).status).toBe(401)
    expect((await running.ask('/v1/taps', { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      200,
    )
    expect((await running.ask('/readyz')).status).toBe(200)
    const folder = folderWith({ right: `${token}\n`, wrong: 'battery-staple' })
    const tap = (...args: readonly string[]) =>
      command(['tap', '--admin', running.adminAddress, '--for', '100ms', ...args])
    expect(await tap()).toMatchObject({
      status: 2,
      stderr:
        `shadowplane: --admin ${running.adminAddress}: this needs the token of the control plane, ` +
        `as in "authorization: Bearer TOKEN"\n`,
    })
    expect(await tap('--token-file', join(folder, 'wrong'))).toMatchObject({ status: 2 })
    expect(await tap('--token-file', join(folder, 'right'))).toMatchObject({ status: 0 })
  })

  test('a client certificate opens it over TLS, as JSON and as gRPC', async () => {
    const [servers, clients, others] = [
      createAuthority('servers'),
      createAuthority('clients'),
      createAuthority('others'),
    ]
    const own = servers.issue({ name: 'admin', names: ['127.0.0.1', 'localhost'] })
    const running = await plane(
      { 'reviews.yaml': reviews },
      {
        adminAccess: {
          tls: { certificate: own.certificate, key: own.privateKey, clientCa: clients.certificate },
        },
      },
    )
    const [right, wrong] = [
      clients.issue({ name: 'me', names: [] }),
      others.issue({ name: 'you', names: [] }),
    ]
    const status = (
      path: string,
      identity?: { readonly certificate: string; readonly privateKey: string },
    ): Promise<number> =>
      within(
        10_000,
        path,
        new Promise((resolve, reject) => {
          const client =
            identity === undefined ? {} : { cert: identity.certificate, key: identity.privateKey }
          request(
            `https://${running.adminAddress}${path}`,
            { ca: servers.certificate, agent: false, ...client },
            (response) => {
              response.resume().once('end', () => {
                resolve(response.statusCode ?? 0)
              })
            },
          )
            .once('error', reject)
            .end()
        }),
      )
    expect(await status('/healthz')).toBe(200)
    expect(await status('/v1/taps')).toBe(401)
    expect(await status('/v1/taps', wrong)).toBe(401)
    expect(await status('/v1/taps', right)).toBe(200)

    const folder = folderWith({})
    for (const [name, text] of Object.entries({
      ca: servers.certificate,
      cert: right.certificate,
      key: right.privateKey,
      wrong: wrong.certificate,
      wrongKey: wrong.privateKey,
    }))
      writeFileSync(join(folder, name), text)
    const tap = (...args: readonly string[]) =>
      command(['tap', '--admin', running.adminAddress, '--for', '100ms', '--ca', join(folder, 'ca'), ...args])
    expect(await tap()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('this needs a client certificate'),
    })
    expect(await tap('--cert', join(folder, 'wrong'), '--key', join(folder, 'wrongKey'))).toMatchObject({
      status: 2,
    })
    expect(await tap('--cert', join(folder, 'cert'), '--key', join(folder, 'key'))).toMatchObject({
      status: 0,
    })
  })

  test('pages in browsers are refused', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const answer = await running.ask('/v1/taps', {
      method: 'POST',
      headers: { origin: 'http://evil.example' },
    })
    expect(answer.status).toBe(403)
    expect(((await answer.json()) as { readonly code: number }).code).toBe(7)
  })

  test('a client that says little, or nonsense, holds nothing up', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    for (const words of ['G', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense', '\x16\x03\x01']) {
      const socket = connect(Number(running.adminAddress.split(':')[1]), '127.0.0.1')
      onTestFinished(() => {
        socket.destroy()
      })
      socket.on('error', () => undefined).write(words)
    }
    expect((await running.ask('/healthz')).status).toBe(200)
    expect(await command(['tap', '--admin', running.adminAddress, '--for', '100ms'])).toMatchObject({
      status: 0,
    })
  })
})
