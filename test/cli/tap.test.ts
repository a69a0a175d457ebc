import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readTapEvent } from '../../src/cli/tap/tap-event.ts'
import { renderJson, renderLine } from '../../src/cli/tap/tap-text.ts'
import { tapEventBytes } from '../../src/admin/tap-event.ts'
import type { RecordedRequest } from '../../src/record/recorded-request.ts'
import { plane, reviews } from '../admin/plane.ts'
import type { Plane } from '../admin/plane.ts'
import { command, projectRoot, shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { running } from '../support/running.ts'
import { waitFor } from '../support/wait-for.ts'

const recorded: RecordedRequest = {
  time: 1_700_000_000_123_456_789n,
  method: 'POST',
  url: '/cart?a=b',
  headers: [
    ['Host', 'shop.example'],
    ['X-User', 'ü\x9b2J'],
  ],
  body: Buffer.from('a\n"b"'),
  bodyLength: 5,
  isCut: false,
}

describe('a request is printed', () => {
  test('as a line, with nothing that moves a cursor', () => {
    expect(renderLine(recorded)).toBe(
      '2023-11-14T22:13:20.123456Z POST http://shop.example/cart?a=b [X-User: ü\\u009b2J] "a\\n\\"b\\""\n',
    )
    expect(
      renderLine({ ...recorded, headers: [], body: Buffer.from([0xff, 0]), bodyLength: 10, isCut: true }),
    ).toBe('2023-11-14T22:13:20.123456Z POST /cart?a=b [] base64 /wA= (2 of 10 bytes)\n')
    expect(renderLine({ ...recorded, body: Buffer.alloc(0), bodyLength: 0 })).not.toContain('"')
  })

  test('as JSON', () => {
    expect(JSON.parse(renderJson(recorded))).toEqual({
      time: '2023-11-14T22:13:20.123456Z',
      method: 'POST',
      url: '/cart?a=b',
      headers: recorded.headers,
      body: 'a\n"b"',
      bodyLength: 5,
      cut: false,
    })
    expect(JSON.parse(renderJson({ ...recorded, body: Buffer.from([0xff]) }))).toMatchObject({
      bodyBase64: '/w==',
    })
  })
})

test.each([
  recorded,
  { ...recorded, body: Buffer.alloc(0), bodyLength: 0 },
  { ...recorded, isCut: true, bodyLength: 5_000_000_000 },
])('what the control plane encodes is what the command reads', (each) => {
  expect(readTapEvent(tapEventBytes({ counts: { received: 7, dropped: 1 }, request: each }))).toEqual({
    kind: 'request',
    request: each,
  })
})

async function tapped(control: Plane, count: number): Promise<string> {
  const recorder = await waitFor({
    what: 'a tap',
    look: async () =>
      ((await (await control.ask('/v1/taps')).json()) as { readonly taps?: [{ readonly recorder: string }] })
        .taps?.[0].recorder,
  })
  for (let index = 0; index < count; index += 1) {
    await new Promise<void>((resolve, reject) => {
      request(`http://${recorder}/n/${index}`, { method: 'POST' }, (response) =>
        response.resume().once('end', resolve),
      )
        .once('error', reject)
        .end(`body ${index}`)
    })
  }
  return recorder
}

describe('shadowplane tap', () => {
  test('prints what its recorder gets until it is interrupted, and takes the mirror away', async () => {
    const control = await plane({ 'reviews.yaml': reviews })
    const tap = running(['tap', '--admin', control.adminAddress, '--host', 'reviews'])
    await tapped(control, 3)
    await tap.until('three lines', (text) => text.split('\n').length > 3)
    expect(await tap.interrupt()).toBe(0)
    expect(
      tap
        .stdout()
        .split('\n')
        .map((line) => line.replace(/^\S+ /, '').replace(/127\.0\.0\.1:\d+/, 'R')),
    ).toEqual(
      [
        ...[0, 1, 2].map(
          (index) =>
            `POST http://R/n/${index} [Connection: keep-alive, Transfer-Encoding: chunked] "body ${index}"`,
        ),
        '',
      ].map((line) =>
        line.replace(
          'Connection: keep-alive, Transfer-Encoding: chunked',
          /\[(.*?)\]/.exec(tap.stdout())?.[1] ?? '',
        ),
      ),
    )
    expect(tap.stderr()).toBe(
      'tapping host reviews at 100 %: 1 route, no proxy is connected\n3 requests printed\n',
    )
    expect(await (await control.ask('/v1/taps')).json()).toEqual({})
  })

  test('--output compresses, and nothing of what came is lost', async () => {
    const control = await plane({ 'reviews.yaml': reviews })
    const file = join(folderWith({}), 'out.jsonl.gz')
    const tap = running([
      'tap',
      '--admin',
      control.adminAddress,
      '--format',
      'json',
      '--output',
      file,
      '--body-limit',
      '4',
    ])
    await tapped(control, 50)
    expect(await tap.interrupt()).toBe(0)
    expect(tap.remains()).toMatch(/\n50 requests printed\n$/)
    const lines = gunzipSync(readFileSync(file))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines[7]).toMatchObject({ url: '/n/7', body: 'body', bodyLength: 6, cut: true })
  })

  test('says that nothing is there to mirror, with the place', async () => {
    const control = await plane({ 'reviews.yaml': reviews })
    const { status, stderr } = await command([
      'tap',
      '--admin',
      control.adminAddress,
      '--host',
      'elsewhere.example',
      '--for',
      '200ms',
    ])
    expect(stderr).toMatch(
      /^tapping host elsewhere\.example at 100 %: 0 routes, no proxy is connected\n<Tap tap-\w+>:\d+:\d+ warning mirror\/attached-to-nothing/,
    )
    expect(status).toBe(0)
  })

  test('a control plane that ends ends it, with status 1', async () => {
    const folder = folderWith({ 'reviews.yaml': reviews })
    const serve = running(['serve', '--config', folder, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'])
    await serve.until('its address', (text) => text.includes('admin on'))
    const admin = /admin on http:\/\/(\S+)/.exec(serve.stdout())?.[1] ?? ''
    const tap = running(['tap', '--admin', admin])
    await waitFor({ what: 'the tap', look: () => tap.stderr().includes('tapping every route') || undefined })
    expect(await serve.interrupt()).toBe(0)
    await waitFor({ what: 'the end of the tap', look: () => tap.remains() })
    expect(await tap.interrupt()).toBe(1)
    expect(tap.stderr()).toContain(
      '\n0 requests printed; the tap has ended: the control plane is shutting down\n',
    )
  })

  test('where the recorder is must be known when the xDS server listens everywhere', async () => {
    const control = await plane(
      { 'reviews.yaml': reviews },
      { recorder: { host: '127.0.0.1', ports: [0], advertised: '0.0.0.0' } },
    )
    const { status, stderr } = await command(['tap', '--admin', control.adminAddress])
    expect(stderr).toContain('start "shadowplane serve" with --tap-address')
    expect(status).toBe(2)
  })
})

describe('what cannot be tapped ends with status 2 and says what to write', () => {
  test.each([
    { args: ['--admin', '127.0.0.1:1'], says: '--admin 127.0.0.1:1 cannot be reached' },
    { args: ['--admin', 'here'], says: '--admin here: write host:port' },
    { args: ['--percent', '0'], says: '--percent 0: write a percentage above 0, up to 100' },
    { args: ['--percent', '101'], says: '--percent 101: write a percentage above 0, up to 100' },
    { args: ['--format', 'xml'], says: 'Allowed choices are line, json, gor' },
    { args: ['--body-limit', '1GiB'], says: '--body-limit 1GiB: write a size' },
    { args: ['--for', '10'], says: '--for 10: write a duration above 0, as in 30s' },
    { args: ['--host', 'a', '--route', 'b/c/d'], says: "cannot be used with option '--host <host>'" },
    { args: ['--cert', 'a'], says: '--cert and --key go together' },
    { args: ['--token-file', 'absent'], says: '--token-file absent: ENOENT' },
    { args: ['--output', 'absent/x'], says: '--output absent/x: ENOENT' },
  ])('$args', async ({ args, says }) => {
    const { status, stderr } = await shadowplane(['tap', ...args])
    expect(stderr).toContain(says)
    expect(status).toBe(2)
  })

  test.each([
    { args: ['--admin-cert', 'a'], says: '--admin-cert and --admin-key go together' },
    { args: ['--admin-client-ca', 'a'], says: '--admin-client-ca needs --admin-cert and --admin-key' },
    { args: ['--admin-token-file', 'absent'], says: '--admin-token-file absent: ENOENT' },
    {
      args: ['--admin-token-file', '.gitignore'],
      says: 'the token must have 8 characters or more, and no blank',
    },
    {
      args: ['--admin-cert', 'package.json', '--admin-key', 'package.json'],
      says: '--admin-cert, --admin-key, --admin-client-ca: ',
    },
    { args: ['--tap-ports', '5-1'], says: '--tap-ports 5-1: write up to 100 ports' },
    { args: ['--tap-address', 'a:5'], says: '--tap-address a:5: write a name or an address' },
  ])('serve $args', async ({ args, says }) => {
    const { status, stderr } = await shadowplane(
      [
        'serve',
        '--config',
        'examples/istio-cross-cluster',
        '--listen',
        '127.0.0.1:0',
        '--admin',
        '127.0.0.1:0',
        ...args,
      ],
      { cwd: projectRoot },
    )
    expect(stderr).toContain(says)
    expect(status).toBe(2)
  })
})
