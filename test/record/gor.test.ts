import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fileSink } from '../../src/record/byte-sink.ts'
import { readGorFile } from '../../src/record/gor-file.ts'
import { readGor } from '../../src/record/gor-reader.ts'
import type { GorItem } from '../../src/record/gor-reader.ts'
import { renderRecord, separator } from '../../src/record/gor-record.ts'
import type { RecordedRequest } from '../../src/record/recorded-request.ts'
import { folderWith } from '../support/folder.ts'

const end = '\n🐵🙈🙉\n'
const get = 'GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\n\r\n'
const post = (body: string): string =>
  `POST /cart HTTP/1.1\r\nHost: shop.example\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

async function read(bytes: string | Buffer, chunk = Infinity): Promise<readonly GorItem[]> {
  const whole = Buffer.from(bytes)
  const size = Math.min(chunk, Math.max(whole.length, 1))
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
  }
  return all(readGor(chunks()))
}

async function all(items: AsyncIterable<GorItem>): Promise<readonly GorItem[]> {
  const found: GorItem[] = []
  for await (const item of items) found.push(item)
  return found
}

const requests = (items: readonly GorItem[]): readonly RecordedRequest[] =>
  items.flatMap((item) => ('request' in item ? [item.request] : []))
const bodies = (items: readonly GorItem[]): readonly string[] =>
  requests(items).map(({ body }) => body.toString())
const damages = (items: readonly GorItem[]): readonly string[] =>
  items.flatMap((item) => ('damage' in item ? [`${item.damage.offset}: ${item.damage.problem}`] : []))

describe('a file of GoReplay', () => {
  test('is read: requests, with answers passed over', async () => {
    const file =
      `1 932079936fa4306fc308d67588178d17d823647c 1439818823587396305 200\n${get}${end}` +
      `2 932079936fa4306fc308d67588178d17d823647c 1439818823587396306 31\nHTTP/1.1 200 ` +
      `OK\r\nContent-Length: 2\r\n\r\nok${end}` +
      `3 932079936fa4306fc308d67588178d17d823647c 1439818823587396306 31\nHTTP/1.1 500 No\r\n\r\nclosed ` +
      `at its end${end}` +
      `1 8e091765ae902fef8a2b7d9dd960e9d52222bd8c 1439818823587396400 0\n${post('a=1\nb=2\n')}${end}`
    const items = await read(file)
    expect(damages(items)).toEqual([])
    expect(requests(items)).toEqual([
      {
        time: 1439818823587396305n,
        method: 'GET',
        url: '/a?b=c',
        headers: [['Host', 'shop.example']],
        body: Buffer.alloc(0),
        bodyLength: 0,
        isCut: false,
      },
      {
        time: 1439818823587396400n,
        method: 'POST',
        url: '/cart',
        headers: [
          ['Host', 'shop.example'],
          ['Content-Length', '8'],
        ],
        body: Buffer.from('a=1\nb=2\n'),
        bodyLength: 8,
        isCut: false,
      },
    ])
  })

  test.each([
    {
      name: 'without a latency, as older versions write it',
      file: `1 aa 5\n${post('x')}${end}`,
      expected: ['x'],
    },
    { name: 'without the last separator', file: `1 aa 5 0\n${post('x')}`, expected: ['x'] },
    {
      name: 'with a part of the last separator',
      file: Buffer.from(`1 aa 5 0\n${post('x')}${end}`).subarray(0, -7),
      expected: ['x'],
    },
    {
      name: 'with blank lines between records',
      file: `\n\n1 aa 5 0\n${post('x')}${end}\r\n1 ab 6 0\n${post('y')}${end}\n`,
      expected: ['x', 'y'],
    },
    {
      name: 'with bare line feeds',
      file: `1 aa 5 0\nPOST / HTTP/1.1\nContent-Length: 3\n\na\nb${end}`,
      expected: ['a\nb'],
    },
    {
      name: 'with a separator in a body',
      file: `1 aa 5 0\n${post(`x${end}y`)}${end}`,
      expected: [`x${end}y`],
    },
    {
      name: 'with a whole recording in a body',
      file:
        `1 aa 5 0\n${post(`1 cc 7 0\n${get}${end}1 dd 8 0\n${get}${end}`)}${end}1 ab 6 ` +
        `0\n${post('y')}${end}`,
      expected: [`1 cc 7 0\n${get}${end}1 dd 8 0\n${get}${end}`, 'y'],
    },
    {
      name: 'with a chunked body',
      file:
        `1 aa 5 0\nPOST / HTTP/1.1\r\nTransfer-Encoding: ` +
        `chunked\r\n\r\n3\r\na\nb\r\n2;x=y\r\ncd\r\n0\r\n\r\n${end}`,
      expected: ['a\nbcd'],
    },
    {
      name: 'with a body that no header announces',
      file: `1 aa 5 0\nPOST / HTTP/1.1\r\nHost: a\r\n\r\nbody${end}`,
      expected: ['body'],
    },
    { name: 'that is empty', file: '', expected: [] },
  ])('$name', async ({ file, expected }) => {
    for (const chunk of [Infinity, 7, 1]) {
      const items = await read(file, chunk)
      expect(damages(items)).toEqual([])
      expect(bodies(items)).toEqual(expected)
      expect(requests(items).some(({ isCut }) => isCut)).toBe(false)
    }
  })

  test('a body shorter than announced is marked as cut, and costs no other', async () => {
    const file =
      `1 aa 5 0\nPOST /long HTTP/1.1\r\nContent-Length: 500000\r\n\r\nlost${end}1 ab 6 ` +
      `0\n${post('y')}${end}`
    const items = requests(await read(file))
    expect(items.map(({ body, bodyLength, isCut }) => [body.toString(), bodyLength, isCut])).toEqual([
      ['lost', 500_000, true],
      ['y', 1, false],
    ])
  })
})

describe('damage is told of with its byte offset, and the rest is read', () => {
  test.each([
    {
      name: 'another line instead of a header',
      damaged: `1 aa yesterday 0\n${get}`,
      says: 'this is not a record of GoReplay: "1 aa yesterday 0"',
    },
    {
      name: 'an unknown type',
      damaged: `4 aa 5 0\n${get}`,
      says: 'this is not a record of GoReplay: "4 aa 5 0"',
    },
    {
      name: 'no request line',
      damaged: '1 aa 5 0\n\x16\x03\x01 not HTTP\r\n\r\n',
      says: 'this is not a request line of HTTP/1: "\\u0016\\u0003\\u0001 not HTTP"',
    },
    {
      name: 'no end of the headers',
      damaged: '1 aa 5 0\nGET / HTTP/1.1\r\nHost: a',
      says: 'the request ends before its headers do',
    },
    {
      name: 'no header',
      damaged: '1 aa 5 0\nGET / HTTP/1.1\r\nHost a\r\n\r\n',
      says: 'this is not a header: "Host a"',
    },
  ])('$name', async ({ damaged, says }) => {
    const before = `1 aa 5 0\n${post('before')}${end}`
    for (const chunk of [Infinity, 5]) {
      const items = await read(`${before}${damaged}${end}1 ab 6 0\n${post('behind')}${end}`, chunk)
      expect(bodies(items)).toEqual(['before', 'behind'])
      expect(damages(items)).toEqual([expect.stringContaining(`${Buffer.byteLength(before)}: ${says}`)])
    }
  })

  test('a file of something else', async () => {
    expect(damages(await read('<html>\n<body>\n'.repeat(1000)))).toEqual([
      expect.stringContaining('0: this is not a record of GoReplay: "<html>"'),
    ])
  })

  test('what cannot be decompressed', async () => {
    const path = join(folderWith({}), 'a.gz')
    const member = gzipSync(`1 aa 5 0\n${post('x')}${end}`)
    writeFileSync(
      path,
      Buffer.concat([
        ...Array.from({ length: 500 }, () => member),
        Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9]),
      ]),
    )
    const items = await all(readGorFile(path))
    expect(bodies(items).length).toBeGreaterThan(400)
    expect(damages(items).at(-1)).toMatch(
      /^[1-9]\d+: the rest cannot be decompressed: unknown compression method$/,
    )
  })

  test('but a compressed file whose writer was killed is read as far as it goes', async () => {
    const path = join(folderWith({}), 'a.gz')
    const compressed = gzipSync(
      Array.from({ length: 2000 }, (_, index) => `1 aa ${index} 0\n${post(`${index * 7919}`)}${end}`).join(
        '',
      ),
    )
    writeFileSync(path, compressed.subarray(0, compressed.length / 2))
    const items = await all(readGorFile(path))
    expect(requests(items).length).toBeGreaterThan(500)
    expect(damages(items).length).toBeLessThanOrEqual(1)
  })
})

const header = fc.tuple(
  fc.stringMatching(/^X-[A-Za-z\d]{1,10}$/),
  fc.stringMatching(/^[!-~\u00a1-\u00ff]([ -~\u00a1-\u00ff]{0,10}[!-~\u00a1-\u00ff])?$/),
)
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(separator, separator.subarray(0, 5), Buffer.from('1 aa 5 0\n'), Buffer.from('\r\n\r\n')),
)
const request = fc.record({
  time: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  method: fc.constantFrom('GET', 'POST', 'M-SEARCH'),
  url: fc.stringMatching(/^\/[!-~]{0,20}$/),
  headers: fc.array(header, { maxLength: 4 }),
  body: fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces)),
})

describe('what is written is read', () => {
  test('whatever a body holds, and however the bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { maxLength: 5 }),
        fc.integer({ min: 1, max: 200 }),
        async (written, chunk) => {
          const whole = written.map((each): RecordedRequest => ({
            ...each,
            bodyLength: each.body.length,
            isCut: false,
          }))
          const items = await read(Buffer.concat(whole.flatMap(renderRecord)), chunk)
          expect(damages(items)).toEqual([])
          expect(requests(items)).toEqual(
            whole.map((each) => ({
              ...each,
              headers:
                each.body.length === 0
                  ? each.headers
                  : [...each.headers, ['Content-Length', String(each.body.length)]],
            })),
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each(['requests.gor', 'requests.gor.gz'])('%s', async (name) => {
    const path = join(folderWith({}), name)
    const sink = await fileSink(path)
    const written = Array.from({ length: 200 }, (_, index): RecordedRequest => ({
      time: BigInt(index),
      method: 'PUT',
      url: `/${index}`,
      headers: [
        ['Transfer-Encoding', 'chunked'],
        ['X-A', 'b'],
      ],
      body: Buffer.alloc(index * 100, index),
      bodyLength: index * 100,
      isCut: false,
    }))
    for (const each of written) await sink.write(renderRecord(each))
    await sink.close()
    expect(
      readFileSync(path)
        .subarray(0, 2)
        .equals(Buffer.from([0x1f, 0x8b])),
    ).toBe(name.endsWith('.gz'))
    const items = requests(await all(readGorFile(path)))
    expect(items.map(({ body }) => body.toString('hex'))).toEqual(
      written.map(({ body }) => body.toString('hex')),
    )
    expect(items[3]?.headers).toEqual([
      ['Content-Length', '300'],
      ['X-A', 'b'],
    ])
  })

  test('a cut body stays one', async () => {
    const cut: RecordedRequest = {
      time: 1n,
      method: 'POST',
      url: '/',
      headers: [['Transfer-Encoding', 'chunked']],
      body: Buffer.from('abc'),
      bodyLength: 10,
      isCut: true,
    }
    expect(
      requests(
        await read(
          Buffer.concat([...renderRecord(cut), ...renderRecord({ ...cut, isCut: false, bodyLength: 3 })]),
        ),
      ),
    ).toMatchObject([
      { isCut: true, bodyLength: 10, body: Buffer.from('abc') },
      { isCut: false, bodyLength: 3 },
    ])
  })

  test('an output that cannot be written is an error', async () => {
    await expect(fileSink(join(folderWith({}), 'absent/requests.gor'))).rejects.toThrow('ENOENT')
    if (!existsSync('/dev/full')) return
    const sink = await fileSink('/dev/full')
    await expect(Promise.all([sink.write([Buffer.alloc(1_000_000)]), sink.close()])).rejects.toThrow('ENOSPC')
  })
})
