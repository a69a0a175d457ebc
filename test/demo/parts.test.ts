import { access, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../../src/demo/backend.ts'
import type { Arrival } from '../../src/demo/backend.ts'
import { display, table } from '../../src/demo/display.ts'
import { copyBounds, overallExpectations, stepExpectations } from '../../src/demo/expectation.ts'
import { expectedRoute } from '../../src/demo/expected-route.ts'
import { containsSubset, isSubset } from '../../src/demo/subset.ts'
import { ledger } from '../../src/demo/tally.ts'
import type { Tally } from '../../src/demo/tally.ts'
import type { Answer } from '../../src/demo/traffic.ts'
import { startTraffic } from '../../src/demo/traffic.ts'
import { examplePorts, openWorkspace } from '../../src/demo/workspace.ts'
import { waitFor } from '../support/wait-for.ts'

const example = join(import.meta.dirname, '../../examples/istio-cross-cluster')

describe('the example', () => {
  test('has a README that shows the route the demo expects', async () => {
    const [, shown = ''] = /```json\n(.*?)```/s.exec(await readFile(join(example, 'README.md'), 'utf8')) ?? []
    expect(JSON.parse(shown)).toEqual(expectedRoute)
  })
})

describe('the workspace', () => {
  test('is a copy with the ports of this run, and leaves the example alone', async () => {
    const workspace = await openWorkspace(
      example,
      new Map([
        [examplePorts.v1, 40_001],
        [examplePorts.v2, 40_002],
        [examplePorts.clusterB, 40_003],
      ]),
    )
    onTestFinished(() => workspace.close())
    const texts = await Promise.all(
      ['endpoints.yaml', 'cluster-b.yaml', 'production.yaml'].map((file) =>
        readFile(join(workspace.folder, file), 'utf8'),
      ),
    )
    expect(texts.join('\n').match(/\b\d{4,5}$/gm)).toEqual(['40001', '40002', '40003', '8000'])
    expect(await readFile(join(example, 'cluster-b.yaml'), 'utf8')).toContain('http: 9003')
  })

  test('edits the percentage in place, says where, and goes away', async () => {
    const workspace = await openWorkspace(example, new Map())
    const before = await readFile(workspace.virtualService, 'utf8')
    const { file, line, column } = await workspace.setPercentage(150)
    const after = await readFile(file, 'utf8')
    expect(after).toBe(before.replace('value: 50', 'value: 150'))
    expect(after.split('\n')[line - 1]?.slice(column - 1)).toBe('150')
    expect(await readdir(workspace.folder)).toEqual(await readdir(example))
    await workspace.close()
    await expect(access(workspace.folder)).rejects.toThrow('ENOENT')
  })
})

describe('traffic and backends', () => {
  test('every request is answered by the backend and counted once, with its Host and id', async () => {
    const arrivals: Arrival[] = []
    const answers: Answer[] = []
    const backend = await startBackend({
      name: 'production-v1',
      port: 0,
      onRequest: (arrival) => arrivals.push(arrival),
    })
    onTestFinished(() => backend.close())
    const ids = ledger('production-v1', '')
    const traffic = startTraffic({
      port: backend.port,
      host: 'shop.example',
      rate: () => 2000,
      nextId: () => ids.nextId('a'),
      onAnswer: (answer) => answers.push(answer),
    })
    await waitFor({ what: 'fifty answers', look: () => answers.length >= 50 || undefined })
    await traffic.close()
    expect(new Set(answers.map(({ id }) => id)).size).toBe(answers.length)
    expect(arrivals.map(({ id }) => id).toSorted()).toEqual(answers.map(({ id }) => id).toSorted())
    expect(new Set(arrivals.map(({ host, path }) => `${host}${path}`))).toEqual(
      new Set(['shop.example/headers']),
    )
    expect(new Set(answers.map(({ status, backend: name }) => `${status} ${name}`))).toEqual(
      new Set(['200 production-v1']),
    )
  })

  test('a request without an answer is one that failed', async () => {
    const backend = await startBackend({ name: 'gone', port: 0, onRequest: () => {} })
    await backend.close()
    const answers: Answer[] = []
    const traffic = startTraffic({
      port: backend.port,
      host: 'a',
      rate: () => 200,
      nextId: () => 'a.0',
      onAnswer: (answer) => answers.push(answer),
    })
    await waitFor({ what: 'an answer', look: () => answers[0] })
    await traffic.close()
    expect(answers[0]).toEqual({
      id: 'a.0',
      status: 0,
      backend: '',
      error: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('a health check is answered and not counted; a taken port is an error', async () => {
    const arrivals: Arrival[] = []
    const backend = await startBackend({ name: 'a', port: 0, onRequest: (arrival) => arrivals.push(arrival) })
    onTestFinished(() => backend.close())
    expect((await fetch(`http://127.0.0.1:${backend.port}/healthz`)).status).toBe(200)
    expect(arrivals).toEqual([])
    await expect(startBackend({ name: 'b', port: backend.port, onRequest: () => {} })).rejects.toThrow(
      'EADDRINUSE',
    )
  })
})

const answer = (id: string, over: Partial<Answer> = {}): Answer => ({
  id,
  status: 200,
  backend: 'v1',
  ...over,
})
const copy = (id: string, host = 'a-shadow:80'): Arrival => ({ backend: 'cluster-b', path: '/', host, id })

describe('the ledger', () => {
  test('counts a late copy where its request was sent', () => {
    const counts = ledger('v1', 'a-shadow:80')
    const ids = [counts.nextId('50 %'), counts.nextId('50 %'), counts.nextId('10 %')]
    expect(ids).toEqual(['50 %.0', '50 %.1', '10 %.0'])
    for (const id of ids) counts.answered(answer(id))
    counts.copied(copy('50 %.0'))
    counts.copied(copy('', 'by hand'))
    expect(counts.tally('50 %')).toEqual({
      sent: 2,
      answered: 2,
      failed: 0,
      failure: undefined,
      copies: 1,
      wrongHosts: 0,
    })
    expect(counts.tally('10 %').copies).toBe(0)
    expect(counts.tally()).toMatchObject({ sent: 3, answered: 3, copies: 1 })
  })

  test.each([
    [{ status: 503 }, 'status 503'],
    [{ backend: 'v2' }, 'answered by v2'],
    [{ status: 0, error: 'ECONNRESET' }, 'ECONNRESET'],
  ])('an answer with %j failed', (over, failure) => {
    const counts = ledger('v1', '')
    counts.answered(answer(counts.nextId('a'), over))
    expect(counts.tally('a')).toMatchObject({ answered: 1, failed: 1, failure })
  })

  test('notices a copy with another Host', () => {
    const counts = ledger('v1', 'a-shadow:80')
    counts.copied(copy('a.0', 'httpbin.mirror.cluster-b'))
    expect(counts.tally()).toMatchObject({ copies: 1, wrongHosts: 1 })
  })
})

const tally: Tally = { sent: 1000, answered: 1000, failed: 0, failure: undefined, copies: 500, wrongHosts: 0 }
const held = (over: Partial<Tally>, share: number): readonly boolean[] =>
  stepExpectations('', { ...tally, ...over }, share).map((each) => each.held)
const overall = (over: Partial<Tally>): readonly boolean[] =>
  overallExpectations({ ...tally, ...over }, 'v1', 'h').map((each) => each.held)

describe('expectations', () => {
  test('allow four standard deviations, and none at 0 and 100 %', () => {
    expect(copyBounds(1000, 0.5).tolerance).toBeCloseTo(63.2, 1)
    expect([held({ copies: 563 }, 0.5), held({ copies: 564 }, 0.5), held({ copies: 436 }, 0.5)]).toEqual([
      [true],
      [false],
      [false],
    ])
    expect([held({ copies: 1000 }, 1), held({ copies: 999 }, 1), held({ copies: 1 }, 0)]).toEqual([
      [true],
      [false],
      [false],
    ])
    expect(held({ sent: 0, copies: 0 }, 0.5)).toEqual([false])
  })

  test('allow no failed request and no other Host', () => {
    expect([
      overall({}),
      overall({ failed: 1 }),
      overall({ answered: 999 }),
      overall({ wrongHosts: 1 }),
      overall({ copies: 0 }),
    ]).toEqual([
      [true, true],
      [false, true],
      [false, true],
      [true, false],
      [true, false],
    ])
  })
})

describe('a subset', () => {
  test.each([
    [{ a: 1 }, { a: 1, b: 2 }, true],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 1, d: 2 }], e: 3 } }, true],
    [{ a: [1] }, { a: [1, 2] }, false],
    [{ a: 1 }, { a: '1' }, false],
    [{ a: undefined }, {}, false],
    [{ a: [] }, { a: {} }, false],
    [{}, null, false],
  ])('%j in %j: %s', (part, whole, expected) => {
    expect(isSubset(part, whole)).toBe(expected)
  })

  test('is found at any depth', () => {
    expect(containsSubset({ a: 1 }, { x: [{ y: { a: 1, b: 2 } }] })).toBe(true)
    expect(containsSubset({ a: 1 }, { x: [{ y: { a: 2 } }] })).toBe(false)
  })
})

function output(isTTY: boolean): {
  readonly isTTY: boolean
  readonly columns: number
  text: string
  write(text: string): void
} {
  return {
    isTTY,
    columns: 20,
    text: '',
    write(text) {
      this.text += text
    },
  }
}

describe('the display', () => {
  test('writes plain lines and no status where there is no terminal', () => {
    const plain = output(false)
    const shown = display(plain)
    shown.status('12 requests')
    shown.line('done')
    expect(plain.text).toBe('done\n')
  })

  test('keeps the status below the lines of a terminal, cut to its width', () => {
    const terminal = output(true)
    const shown = display(terminal)
    shown.status('0123456789012345678901234')
    shown.line('a line')
    expect(terminal.text.split('\r\x1b[K')).toEqual([
      '',
      '0123456789012345678',
      'a line\n',
      '0123456789012345678',
    ])
  })

  test('aligns a table', () => {
    expect(
      table([
        ['a', 'number'],
        ['longer', '1'],
      ]),
    ).toEqual(['a       number', 'longer       1'])
  })
})
