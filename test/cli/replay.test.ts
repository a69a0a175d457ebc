import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { projectRoot, shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { within } from '../support/within.ts'
import { waitFor } from '../support/wait-for.ts'

interface Arrived {
  readonly line: string
  readonly headers: readonly string[]
  readonly body: string
}

interface Backend {
  readonly url: string
  readonly host: string
  readonly arrived: readonly Arrived[]
}

/** Answers `/status/N` with N, and never `/hang`. */
async function backend(): Promise<Backend> {
  const arrived: Arrived[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request
      .on('data', (part: Buffer) => parts.push(part))
      .once('end', () => {
        arrived.push({
          line: `${request.method} ${request.url}`,
          headers: request.rawHeaders,
          body: Buffer.concat(parts).toString(),
        })
        if (request.url !== '/hang')
          response.writeHead(Number(/\/status\/(\d+)/.exec(request.url ?? '')?.[1] ?? 200)).end('answer')
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  return { url: `http://${host}`, host, arrived }
}

const end = '\n🐵🙈🙉\n'
const record = (path: string, at = 0, body = ''): string =>
  `1 ${'ab'.repeat(12)} ${1_700_000_000_000_000_000n + BigInt(Math.round(at * 1e9))} 0\n` +
  `POST ${path} HTTP/1.1\r\nHost: shop.example\r\nX-User: u1\r\nConnection: close\r\nContent-Length: ` +
  `${Buffer.byteLength(body)}\r\n\r\n${body}${end}`

function recording(text: string | Buffer, name = 'requests.gor'): string {
  const path = join(folderWith({}), name)
  writeFileSync(path, text)
  return path
}

describe('shadowplane replay', () => {
  test('sends every request of a file that GoReplay wrote, and sums up', async () => {
    const { url, host, arrived } = await backend()
    const answer = `2 ${'ab'.repeat(12)} 1700000000000000001 31\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${end}`
    const file = recording(
      record('/a', 0, 'x\ny\n') +
        answer +
        record('/status/404', 0.01) +
        record('/status/503', 0.02, `z${end}`),
    )
    const { status, stdout, stderr } = await shadowplane(['replay', file, '--to', url])
    expect(stderr).toBe('')
    expect(stdout).toMatch(
      /^3 requests sent in [\d.]+ s \([\d.]+\/s\), 3 answered, 0 without answer\n {2}status 200: 1\n {2}status 404: 1\n {2}status 503: 1\n {2}latency: p50 .* ms, p90 .* ms, p99 .* ms, max .* ms\n(?: {2}sent later than due: .*\n)?$/,
    )
    expect(status).toBe(0)
    // Each is sent on a connection of its own if need be, so that none waits for another: they may overtake
    // each other.
    expect(new Map(arrived.map(({ line, body }) => [line, body]))).toEqual(
      new Map([
        ['POST /a', 'x\ny\n'],
        ['POST /status/404', ''],
        ['POST /status/503', `z${end}`],
      ]),
    )
    expect(arrived.length).toBe(3)
    expect(arrived.find(({ line }) => line === 'POST /a')?.headers).toEqual([
      'Host',
      host,
      'X-User',
      'u1',
      'Content-Length',
      '4',
      'Connection',
      'keep-alive',
    ])
  })

  test('compressed, several times, by rate, with the original Host and a path before', async () => {
    const { url, arrived } = await backend()
    const file = recording(
      gzipSync(record('/a?b=c', 0) + record('http://shop.example/absolute?x', 3600)),
      'requests.gor.gz',
    )
    const { status, stdout } = await shadowplane([
      'replay',
      file,
      '--to',
      `${url}/base/`,
      '--rate',
      '200',
      '--loop',
      '5',
      '--original-host',
      '-o',
      'json',
    ])
    expect(JSON.parse(stdout)).toMatchObject({
      sent: 10,
      answered: 10,
      statuses: { 200: 10 },
      errors: {},
      cut: 0,
      damaged: 0,
    })
    expect(arrived.map(({ line }) => line).toSorted()).toEqual(
      ['POST /base/a?b=c', 'POST /base/absolute?x'].flatMap((line) => Array.from({ length: 5 }, () => line)),
    )
    expect(new Set(arrived.map(({ headers }) => headers[1]))).toEqual(new Set(['shop.example']))
    expect(status).toBe(0)
  })

  test('keeps the recorded spacing, scaled', async () => {
    const { url } = await backend()
    const file = recording([0, 0.5, 1].map((at) => record('/', at)).join(''))
    const elapsed = async (speed: string): Promise<number> => {
      const { stdout } = await shadowplane(['replay', file, '--to', url, '--speed', speed, '-o', 'json'])
      return (JSON.parse(stdout) as { readonly elapsed: number }).elapsed
    }
    // Only what cannot be less: a machine may always be slower.
    expect(await elapsed('100%')).toBeGreaterThanOrEqual(999)
    expect(await elapsed('200')).toBeGreaterThanOrEqual(499)
  })

  test('tells of damage, cut bodies and requests without answer; the exit status is 1', async () => {
    const { url, arrived } = await backend()
    const cut = record('/cut', 0, 'whole').replace('whole', 'wh')
    const file = recording(`${record('/a')}damaged${end}${cut}${record('/hang')}${record('/b')}`)
    const { status, stdout, stderr } = await shadowplane(['replay', file, '--to', url, '--timeout', '5s'])
    expect(stderr).toBe(
      `${file}: byte ${Buffer.byteLength(record('/a'))}: this is not a record of GoReplay: "damaged" instead ` +
        `of "<type> <id> <timestamp> <latency>"\n`,
    )
    expect(stdout).toContain('3 requests sent in')
    expect(stdout).toContain('  no answer, timeout: 1\n')
    expect(stdout).toContain('  not sent: 1, as the recording does not hold all of their body\n')
    expect(stdout).toContain('  damaged places in the file: 1\n')
    expect(arrived.map(({ line }) => line).toSorted()).toEqual(['POST /a', 'POST /b', 'POST /hang'])
    expect(status).toBe(1)
  })

  test('a target that does not exist', async () => {
    const { status, stdout } = await shadowplane([
      'replay',
      recording(record('/a')),
      '--to',
      'http://127.0.0.1:1',
    ])
    expect(stdout).toContain('1 without answer\n  no answer, ECONNREFUSED: 1\n')
    expect(status).toBe(1)
  })

  test('a signal ends it with the summary', async () => {
    const { url, arrived } = await backend()
    const file = recording(record('/a') + record('/b', 3600))
    const child = spawn(process.execPath, [join(projectRoot, 'src/main.ts'), 'replay', file, '--to', url])
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    const ended = new Promise((resolve) => child.once('close', resolve))
    await waitFor({ what: 'the first request', look: () => arrived.length > 0 || undefined })
    child.kill('SIGINT')
    expect(await within(10_000, 'its end', ended)).toBe(0)
    expect(stdout).toMatch(/^1 requests sent in/)
  })

  test('standard input', async () => {
    const { url, arrived } = await backend()
    const { status } = await shadowplane(['replay', '-', '--to', url], { input: record('/a') })
    expect(arrived.map(({ line }) => line)).toEqual(['POST /a'])
    expect(status).toBe(0)
  })
})

describe('what cannot be replayed ends with status 2 and says what to write', () => {
  test.each([
    { args: ['absent.gor', '--to', 'http://127.0.0.1:1'], says: 'absent.gor cannot be read: ENOENT' },
    { args: ['.', '--to', 'http://127.0.0.1:1'], says: '. is a directory: name the recording itself' },
    {
      args: ['package.json', '--to', 'http://127.0.0.1:1'],
      says: "package.json holds no request in GoReplay's format",
    },
    { args: ['package.json'], says: "required option '--to <url>' not specified" },
    {
      args: ['package.json', '--to', 'ftp://a'],
      says: '--to ftp://a: write an address, as in http://127.0.0.1:8080',
    },
    {
      args: ['package.json', '--to', 'http://a/?b'],
      says: '--to http://a/?b: write scheme, host, port and path only',
    },
    {
      args: ['package.json', '--to', 'http://a', '--speed', '0%'],
      says: '--speed 0%: write a percentage above 0, as in 200% for twice as fast',
    },
    {
      args: ['package.json', '--to', 'http://a', '--speed', 'fast'],
      says: '--speed fast: write a percentage above 0',
    },
    {
      args: ['package.json', '--to', 'http://a', '--rate', '-1'],
      says: '--rate -1: write a number of requests a second above 0',
    },
    {
      args: ['package.json', '--to', 'http://a', '--rate', '5', '--speed', '50%'],
      says: "cannot be used with option '--speed <percent>'",
    },
    {
      args: ['package.json', '--to', 'http://a', '--loop', '0'],
      says: '--loop 0: write a whole number from 1 up',
    },
    {
      args: ['package.json', '--to', 'http://a', '--timeout', '5'],
      says: '--timeout 5: write a duration above 0, as in 5s or 500ms',
    },
    { args: ['-', '--to', 'http://a', '--loop', '2'], says: '--loop: standard input can be read only once' },
  ])('$args', async ({ args, says }) => {
    const { status, stderr } = await shadowplane(['replay', ...args])
    expect(stderr).toContain(says)
    expect(status).toBe(2)
  })
})
