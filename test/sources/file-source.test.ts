import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { scanFiles } from '../../src/sources/files/scan.ts'
import { createFileSource } from '../../src/sources/files/file-source.ts'
import type { FileSourceOptions } from '../../src/sources/files/file-source.ts'
import { pauses } from '../../src/sources/files/held-file.ts'
import { UsageError } from '../../src/errors.ts'
import type { Source, SourceState } from '../../src/sources/source.ts'
import type { After } from '../../src/clock.ts'
import { patience, within } from '../support/within.ts'

let home: string
let opened: Source[] = []

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'file-source-'))
})

afterEach(async () => {
  await Promise.all(opened.map((source) => source.close()))
  opened = []
  rmSync(home, { recursive: true, force: true })
})

function service(name: string, port = 80): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec:\n  ports: [{port: ${port}}]\n`
}

function write(path: string, text: string): string {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

/**
 * Writes beside the file and renames over it; the content is older than the rename, as it is for every
 * editor.
 */
function replace(path: string, text: string): void {
  const beside = write(`${path}.new`, text)
  utimesSync(beside, 1_000_000_000, 1_000_000_000)
  renameSync(beside, join(home, path))
}

const settleAfter = 2_000
/** The pauses of a file that is held back, and not those of looking again. */
const holdPauses: readonly number[] = [...Object.values(pauses), settleAfter]

/** Time that passes only when a test says so. */
function handTimers() {
  const waiting = new Set<{ readonly milliseconds: number; readonly action: () => void }>()
  const after: After = (milliseconds, action) => {
    const timer = { milliseconds, action }
    waiting.add(timer)
    return () => waiting.delete(timer)
  }
  const holding = (...milliseconds: readonly number[]) =>
    [...waiting].filter((timer) =>
      (milliseconds.length === 0 ? holdPauses : milliseconds).includes(timer.milliseconds),
    )
  /** Fires what waits until a file is believed, or for these milliseconds; the number of timers. */
  const pass = (...milliseconds: readonly number[]) => {
    const due = holding(...milliseconds)
    for (const timer of due) {
      waiting.delete(timer)
      timer.action()
    }
    return due.length
  }
  /** Whether a file is held back now, or for one of these milliseconds. */
  const holdsBack = (...milliseconds: readonly number[]) => holding(...milliseconds).length > 0
  return { after, pass, holdsBack }
}

/** Checks again and again, a turn of the event loop each, until it is so. */
async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + patience
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${patience} ms for ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function open(paths: readonly string[], more: Partial<FileSourceOptions> = {}) {
  const timers = handTimers()
  const source = createFileSource({
    paths: paths.map((path) => (path === '-' ? path : join(home, path))),
    settleAfter,
    after: timers.after,
    ...more,
  })
  opened.push(source)
  const states: SourceState[] = []
  let woken = Promise.withResolvers<void>()
  source.onChange((state) => {
    states.push(state)
    woken.resolve()
  })
  states.push(await within(patience, 'start', source.start()))
  const latest = () => {
    const state = states.at(-1)
    if (state === undefined) throw new Error('no state')
    return state
  }
  const until = async (what: string, holds: (state: SourceState) => boolean) => {
    while (!holds(latest())) {
      woken = Promise.withResolvers()
      await within(patience, `${what}; last: ${summary(latest())}`, woken.promise)
    }
    return latest()
  }
  return { source, states, latest, until, timers, names: () => names(latest()) }
}

function names(state: SourceState): readonly string[] {
  return [...state.manifests.values()].map(({ manifest }) => manifest.id.name).toSorted()
}

function ports(state: SourceState): string {
  return [...state.manifests.values()]
    .map(({ manifest }) => `${manifest.id.name} ${JSON.stringify(manifest.object['spec'])}`)
    .toSorted()
    .join()
}

function said(state: SourceState): readonly string[] {
  return state.diagnostics.map(
    ({ code, place }) => `${code} ${place?.file.slice(home.length + 1)}:${place?.line}:${place?.column}`,
  )
}

function summary(state: SourceState): string {
  return JSON.stringify({ names: names(state), said: said(state), outage: state.outage })
}

describe('what is read', () => {
  test('a directory with its subdirectories: .yaml, .yml and .json, without names that begin with a dot', async () => {
    for (const path of [
      'd/a.yaml',
      'd/b.yml',
      'd/sub/deep/c.json',
      'd/.hidden.yaml',
      'd/.git/x.yaml',
      'd/readme.md',
      'd/e.yaml~',
    ]) {
      write(path, service(path.replaceAll(/[^a-z]/g, '-')))
    }
    const { latest } = await open(['d'])
    expect(names(latest())).toEqual(['d-a-yaml', 'd-b-yml', 'd-sub-deep-c-json'])
    expect(latest()).toMatchObject({ diagnostics: [], outage: undefined })
    expect([...latest().manifests.keys()]).toContain('/Service/default/d-a-yaml')
  })

  test('several paths, one of them of any name, each file once though two paths lead to it', async () => {
    write('d/a.yaml', service('a'))
    write('plain', service('b'))
    const { latest } = await open(['d', 'plain', 'd/a.yaml', 'd'])
    expect([names(latest()), latest().diagnostics]).toEqual([['a', 'b'], []])
    const place = latest().manifests.get('/Service/default/b')?.locate(['metadata', 'name'])
    expect(place).toMatchObject({ file: join(home, 'plain'), line: 3, column: 18 })
  })

  test('standard input, once', async () => {
    let reads = 0
    const readStandardInput = () => {
      reads++
      return Promise.resolve(`${service('a')}---\n[`)
    }
    const { latest } = await open(['-', '-'], { readStandardInput })
    expect([names(latest()), reads]).toEqual([['a'], 1])
    expect(latest().diagnostics).toMatchObject([{ code: 'yaml/syntax', place: { file: '<stdin>', line: 7 } }])
  })

  test(
    'symbolic links inside a directory are followed, each directory is read once, and a loop of them ' +
      'ends',
    async () => {
      write('d/.versions/x/a.yaml', service('a'))
      write('d/b.yaml', service('b'))
      symlinkSync('.versions', join(home, 'd/link'))
      symlinkSync('.versions/x', join(home, 'd/other-link'))
      symlinkSync('../..', join(home, 'd/.versions/x/back'))
      symlinkSync('nowhere', join(home, 'd/dangling.yaml'))
      const { latest } = await open(['d'])
      expect([names(latest()), latest().diagnostics, latest().outage]).toEqual([['a', 'b'], [], undefined])
    },
  )

  test('directories that link to each other cost what each costs once', async () => {
    const all = Array.from({ length: 12 }, (_, index) => `d${index}`)
    for (const each of all) write(`d/${each}/${each}.yaml`, service(each))
    for (const each of all)
      for (const other of all) symlinkSync(`../${other}`, join(home, 'd', each, `to-${other}`))
    const visited: string[] = []
    const scan = await scanFiles(join(home, 'd'), {
      visit: (path) => {
        visited.push(path.slice(home.length + 1))
      },
      within: [realpathSync(join(home, 'd'))],
    })
    expect(scan.files.map(({ path }) => path.slice(home.length + 1)).toSorted()).toEqual(
      all.map((each) => `d/${each}/${each}.yaml`).toSorted(),
    )
    expect(visited.toSorted()).toEqual(['d', ...all.map((each) => `d/${each}`)].toSorted())
  })

  test('a symbolic link out of all configured paths is an error, and what it leads to is not looked at', async () => {
    write('elsewhere/a.yaml', service('a'))
    write('named/c.yaml', service('c'))
    write('d/b.yaml', service('b'))
    symlinkSync('../elsewhere', join(home, 'd/link'))
    symlinkSync('../elsewhere/a.yaml', join(home, 'd/file-link.yaml'))
    symlinkSync('/', join(home, 'd/root.d'))
    symlinkSync('../named', join(home, 'd/named'))
    symlinkSync('d', join(home, 'configured'))
    const { latest } = await open(['configured', 'named'])
    expect(names(latest())).toEqual(['b', 'c'])
    expect(said(latest())).toEqual([
      'file/not-read configured/file-link.yaml:1:1',
      'file/not-read configured/link:1:1',
      'file/not-read configured/root.d:1:1',
    ])
    expect(latest().diagnostics[1]?.message).toBe(
      `${home}/configured/link is not read: it is a link to ${realpathSync(home)}/elsewhere, which is ` +
        `outside of the configured paths; name ${realpathSync(home)}/elsewhere as a path of its own`,
    )
    expect(latest().outage).toBeUndefined()
  })

  test('no more directories and files than there may be: the rest is an error', async () => {
    for (let each = 0; each < 8; each += 1) write(`d/${each}/${each}/${each}.yaml`, service(`s${each}`))
    const options = { visit: () => {}, within: [] }
    const few = await scanFiles(join(home, 'd'), { ...options, limits: { depth: 32, entries: 5 } })
    expect(few.files.length).toBeLessThan(8)
    expect(few.refused).toEqual([
      {
        path: join(home, 'd'),
        reason: 'it has more than 5 manifest files and directories, so some of them are not read',
      },
    ])
    const shallow = await scanFiles(join(home, 'd'), { ...options, limits: { depth: 1, entries: 100 } })
    expect([shallow.files, shallow.refused.length, shallow.refused[0]]).toEqual([
      [],
      8,
      { path: join(home, 'd/0/0'), reason: 'it is more than 1 directories deep' },
    ])
  })

  test.skipIf(process.platform === 'win32')(
    'pipes, and files that are too large, are errors; what was read before stays',
    async () => {
      write('d/b.yaml', service('b'))
      const file = write('d/a.yaml', service('a'))
      execFileSync('mkfifo', [join(home, 'd/pipe.yaml'), join(home, 'd/pipe')])
      const { latest, until } = await open(['d'])
      expect([names(latest()), said(latest())]).toEqual([['a', 'b'], ['file/not-read d/pipe.yaml:1:1']])
      truncateSync(file, 600 * 2 ** 20)
      const state = await until('the large file', (each) => each.diagnostics.length > 1)
      expect([names(state), said(state)]).toEqual([
        ['a', 'b'],
        ['file/not-read d/a.yaml:1:1', 'file/not-read d/pipe.yaml:1:1'],
      ])
      expect(state.diagnostics[0]?.message).toBe(
        `${file} is not read: it is 600 MiB large, and a file may have at most 32 MiB; split it`,
      )
      replace('d/a.yaml', service('a', 2))
      expect(ports(await until('the small file', (each) => each.diagnostics.length === 1))).toContain(
        'a {"ports":[{"port":2}]}',
      )
    },
  )

  test.skipIf(process.platform === 'win32').each<[string, () => string, string]>([
    [
      'a pipe without a writer',
      () => {
        execFileSync('mkfifo', [join(home, 'pipe')])
        return join(home, 'pipe')
      },
      'it is a pipe without a writer',
    ],
    ['a device', () => '/dev/zero', 'it is a device; name a file or a directory, or - for standard input'],
  ])('%s that is named ends with its own words', async (_, pathOf, reason) => {
    const path = pathOf()
    const refusal = await within(
      patience,
      'the refusal',
      createFileSource({ paths: [path] })
        .start()
        .catch((thrown: unknown) => thrown),
    )
    expect(refusal).toBeInstanceOf(UsageError)
    expect(String(refusal)).toBe(`Error: ${path} cannot be read: ${reason}`)
  })

  test.skipIf(process.platform === 'win32')(
    'a pipe, such as a shell makes for <(command), is read to its end',
    async () => {
      const pipe = join(home, 'pipe')
      execFileSync('mkfifo', [pipe])
      const writer = await openFile(pipe, 'r+')
      const source = createFileSource({ paths: [pipe] })
      opened.push(source)
      const starting = source.start()
      // More than a pipe holds, so that it has a reader when this has been written.
      await writer.writeFile(`${service('a')}${'# more\n'.repeat(50_000)}`)
      await writer.close()
      expect(names(await within(patience, 'the pipe', starting))).toEqual(['a'])
    },
  )

  test('a List as its items', async () => {
    write(
      'l.yaml',
      `kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- ` +
        `{apiVersion: v1, kind: Service, metadata: {name: b}}\n`,
    )
    const { names: found } = await open(['l.yaml'])
    expect(found()).toEqual(['a', 'b'])
  })

  test("nothing, when a path does not exist: that is the user's mistake", async () => {
    const source = createFileSource({ paths: [join(home, 'absent')] })
    const refusal = await source.start().catch((thrown: unknown) => thrown)
    expect(refusal).toBeInstanceOf(UsageError)
    expect(String(refusal)).toContain(`${join(home, 'absent')} cannot be read: ENOENT`)
  })

  test(
    'the same object twice: the first by path and position counts, the others are errors with both ' +
      'places',
    async () => {
      write('d/b.yaml', service('x', 2))
      write('d/a.yaml', `${service('x', 1)}---\n${service('x', 3)}`)
      const { latest } = await open(['d'])
      expect(ports(latest())).toBe('x {"ports":[{"port":1}]}')
      expect(said(latest())).toEqual(['manifest/duplicate d/a.yaml:9:18', 'manifest/duplicate d/b.yaml:3:18'])
      expect(latest().diagnostics[1]?.message).toBe(
        `Service default/x is defined at ${home}/d/a.yaml:3 and again at ${home}/d/b.yaml:3; the first ` +
          `definition is used`,
      )
    },
  )
})

describe('an object that is in two files', () => {
  test('is a warning if both are the same, and a note if nothing reads its kind', async () => {
    const web = (port: number): string =>
      service('web', port).replace('kind: Service', 'kind: Deployment').replace('v1', 'apps/v1')
    write('d/a.yaml', `${service('x')}---\n${service('y', 1)}---\n${web(1)}`)
    write('d/b.yaml', `# Elsewhere.\n${service('x')}---\n${service('y', 2)}---\n${web(2)}`)
    const { latest } = await open(['d'], { mayBeRead: ({ kind }) => kind === 'Service' })
    expect(
      latest().diagnostics.map(({ severity, hint, origin }) => [origin?.object.name, severity, hint]),
    ).toEqual([
      ['x', 'warning', 'remove one of the two'],
      ['y', 'error', 'remove one of the two, or give it another name'],
      ['web', 'info', undefined],
    ])
  })
})

describe('a change', () => {
  test('in place is seen, and so is the next', async () => {
    write('d/a.yaml', service('a', 1))
    const { states, until } = await open(['d'])
    for (const port of [2, 3, 4, 5, 6, 7]) {
      write('d/a.yaml', service('a', port))
      await until(`port ${port}`, (state) => ports(state).includes(`:${port}}`))
    }
    expect(states.map(ports)).toEqual([1, 2, 3, 4, 5, 6, 7].map((port) => `a {"ports":[{"port":${port}}]}`))
  })

  test('by an atomic rename is in force at once, whatever it takes away', async () => {
    write('d/a.yaml', `${service('a')}---\n${service('b')}`)
    const { until, timers } = await open(['d'])
    replace('d/a.yaml', service('b', 81))
    expect(ports(await until('b alone', (state) => state.manifests.size === 1))).toBe(
      'b {"ports":[{"port":81}]}',
    )
    expect(timers.holdsBack()).toBe(false)
  })

  test('by renaming what was written this very moment is in force at once, too', async () => {
    write('d/a.yaml', `${service('a')}---\n${service('b')}`)
    const { states, until, timers } = await open(['d'])
    for (const left of ['b', 'c', 'b', 'c', 'b', 'c']) {
      renameSync(write('d/.a.yaml.tmp', service(left)), join(home, 'd/a.yaml'))
      await until(`${left} alone`, (state) => names(state).join() === left)
    }
    expect(timers.holdsBack()).toBe(false)
    expect(states.length).toBe(7)
  })

  test('by deleting and creating the file waits: it may be half a file', async () => {
    const file = write('d/a.yaml', `${service('a')}---\n${service('b')}`)
    const { until, timers } = await open(['d'])
    unlinkSync(file)
    write('d/a.yaml', service('a'))
    await eventually('the new file is held', () => timers.holdsBack(pauses.closed))
    timers.pass()
    expect(names(await until('a alone', (state) => state.manifests.size === 1))).toEqual(['a'])
  })

  test('that takes away what is not at the end needs no look at who writes the file', async () => {
    write('d/a.yaml', `${service('a')}---\n${service('b')}`)
    const { until, timers } = await open(['d'])
    write('d/a.yaml', service('b'))
    await eventually('it is held', () => timers.holdsBack(pauses.closed, pauses.whole))
    timers.pass()
    expect(names(await until('b alone', (state) => state.manifests.size === 1))).toEqual(['b'])
  })

  test('by a backup rename, as vim does it, removes nothing on the way', async () => {
    write('d/a.yaml', service('a', 1))
    const { states, until, timers } = await open(['d'])
    renameSync(join(home, 'd/a.yaml'), join(home, 'd/a.yaml~'))
    await eventually('the absence is seen', () => timers.holdsBack())
    write('d/a.yaml', '')
    write('d/a.yaml', service('a', 2))
    unlinkSync(join(home, 'd/a.yaml~'))
    await until('port 2', (state) => ports(state).includes(':2}'))
    expect(states.map((state) => state.manifests.size)).toEqual(states.map(() => 1))
    expect(timers.holdsBack()).toBe(false)
  })

  test('of a single file passes through the same dance', async () => {
    const file = write('a.yaml', service('a', 1))
    const { states, until } = await open(['a.yaml'])
    renameSync(file, `${file}~`)
    await until('the outage', (state) => state.outage !== undefined)
    write('a.yaml', service('a', 2))
    const state = await until('port 2', (each) => ports(each).includes(':2}') && each.outage === undefined)
    expect(names(state)).toEqual(['a'])
    expect(states.every((each) => each.manifests.size === 1)).toBe(true)
  })

  test('by truncate and write keeps the objects between the two', async () => {
    const file = write('d/a.yaml', `${service('a', 1)}---\n${service('b', 1)}`)
    const { states, until, timers } = await open(['d'])
    truncateSync(file)
    await eventually('the empty file is held', () => timers.holdsBack())
    writeFileSync(file, `${service('a', 2)}---\n${service('b', 1)}`)
    await until('port 2', (state) => ports(state).includes(':2}'))
    expect(states.map((state) => state.manifests.size)).toEqual(states.map(() => 2))
  })

  test('of a ConfigMap mount is the swap of ..data', async () => {
    write('d/..2024_1/a.yaml', `${service('a', 1)}---\n${service('b', 1)}`)
    symlinkSync('..2024_1', join(home, 'd/..data'))
    symlinkSync('..data/a.yaml', join(home, 'd/a.yaml'))
    const { latest, until, timers } = await open(['d'])
    expect(names(latest())).toEqual(['a', 'b'])
    write('d/..2024_2/a.yaml', service('b', 2))
    symlinkSync('..2024_2', join(home, 'd/..data_tmp'))
    renameSync(join(home, 'd/..data_tmp'), join(home, 'd/..data'))
    rmSync(join(home, 'd/..2024_1'), { recursive: true })
    const state = await until('b alone', (each) => each.manifests.size === 1)
    expect(ports(state)).toBe('b {"ports":[{"port":2}]}')
    expect(state.manifests.get('/Service/default/b')?.locate([])?.file).toBe(join(home, 'd/a.yaml'))
    expect(timers.holdsBack()).toBe(false)
  })

  test('behind a symbolic link is seen', async () => {
    write('elsewhere/a.yaml', service('a', 1))
    write('elsewhere/b.yaml', service('b', 1))
    mkdirSync(join(home, 'd'))
    symlinkSync('../elsewhere/a.yaml', join(home, 'd/a.yaml'))
    symlinkSync('elsewhere/b.yaml', join(home, 'b.yaml'))
    const { until } = await open(['d', 'b.yaml', 'elsewhere'])
    write('elsewhere/a.yaml', service('a', 2))
    write('elsewhere/b.yaml', service('b', 2))
    const state = await until('both', (each) => !ports(each).includes(':1}'))
    expect(ports(state)).toBe('a {"ports":[{"port":2}]},b {"ports":[{"port":2}]}')
  })

  test('that only moves lines is told, with the very same manifest', async () => {
    write('d/a.yaml', `${service('a')}---\n${service('b')}`)
    const { latest, until } = await open(['d'])
    const before = latest().manifests.get('/Service/default/b')
    write('d/a.yaml', `${service('a')}\n\n---\n${service('b')}`)
    const state = await until(
      'another line',
      (each) => each.manifests.get('/Service/default/b')?.locate([])?.line === 9,
    )
    expect(state.manifests.get('/Service/default/b')?.manifest).toBe(before?.manifest)
  })

  test('of nothing is told to nobody', async () => {
    const file = write('d/a.yaml', service('a'))
    write('d/c.yaml', '# nothing\n')
    const { states, until } = await open(['d'])
    utimesSync(file, 1, 1)
    replace('d/a.yaml', service('a'))
    write('d/c.yaml', '# still nothing\n')
    write('d/note.txt', 'x')
    write('d/b.yaml', service('b'))
    await until('b', (state) => state.manifests.size === 2)
    expect(states.length).toBe(2)
    expect(states[1]?.manifests.get('/Service/default/a')).toBe(
      states[0]?.manifests.get('/Service/default/a'),
    )
  })

  test('below a new directory is seen', async () => {
    write('d/a.yaml', service('a'))
    const { until } = await open(['d'])
    write('d/sub/deeper/b.yaml', service('b', 1))
    await until('b', (state) => state.manifests.size === 2)
    write('d/sub/deeper/b.yaml', service('b', 2))
    expect(names(await until('port 2', (state) => ports(state).includes(':2}')))).toEqual(['a', 'b'])
  })

  test('between start and the first listener is not lost', async () => {
    write('d/a.yaml', service('a', 1))
    const source = createFileSource({ paths: [join(home, 'd')] })
    opened.push(source)
    await source.start()
    write('d/a.yaml', service('a', 2))
    const told = new Promise<SourceState>((resolve) =>
      setImmediate(() => setImmediate(() => source.onChange(resolve))),
    )
    expect(ports(await within(patience, 'the change', told))).toContain(':2}')
  })
})

test('a document that is no object, in a file with objects, does not keep objects that were taken out', async () => {
  write('d/a.yaml', `${service('a')}---\n${service('b')}---\nreplicas: 3\n`)
  const { until } = await open(['d'])
  replace('d/a.yaml', `${service('a')}---\nreplicas: 3\n`)
  expect(names(await until('a alone', (state) => state.manifests.size === 1))).toEqual(['a'])
})

describe('a mistake', () => {
  test('of syntax in one document leaves its object, at its old place, and takes the rest', async () => {
    write('d/a.yaml', `${service('a', 1)}---\n${service('b', 1)}`)
    const { until } = await open(['d'])
    write('d/a.yaml', `${service('a', 2)}---\n${service('b', 2)}  x: [\n`)
    const state = await until('the diagnostic', (each) => each.diagnostics.length > 0)
    expect(ports(state)).toBe('a {"ports":[{"port":2}]},b {"ports":[{"port":1}]}')
    expect(said(state)[0]).toMatch(/^yaml\/syntax d\/a.yaml:12:/)
    write('d/a.yaml', `${service('a', 2)}---\n${service('b', 3)}`)
    expect(ports(await until('all is well', (each) => each.diagnostics.length === 0))).toContain(
      'b {"ports":[{"port":3}]}',
    )
  })

  test('of a file that is there and cannot be read keeps its content, says so, and ends', async () => {
    const file = write('d/a.yaml', service('a', 1))
    const { until } = await open(['d'])
    symlinkSync('a.yaml', `${file}.loop`)
    renameSync(`${file}.loop`, file)
    const state = await until('the outage', (each) => each.outage !== undefined)
    expect([names(state), said(state)]).toEqual([['a'], ['file/unreadable d/a.yaml:1:1']])
    expect(state.outage).toMatch(/d\/a\.yaml cannot be read: ELOOP/)
    replace('d/a.yaml', service('a', 2))
    const after = await until('recovery', (each) => each.outage === undefined)
    expect([ports(after), after.diagnostics]).toEqual(['a {"ports":[{"port":2}]}', []])
  })
})

describe('a file cut at any byte', () => {
  const whole = `${service('a')}---\n${service('b').replace('name: b', 'name: b, labels: {x: é}')}---\n${service('c')}`

  test('removes nothing; the whole content is in force again at once', async () => {
    const file = write('d/a.yaml', whole)
    const bytes = Buffer.from(whole)
    const { states, latest, until, timers } = await open(['d'])
    for (let cut = 0; cut < bytes.length - 1; cut++) {
      writeFileSync(file, bytes.subarray(0, cut))
      await eventually(`the cut at ${cut} is held`, () => timers.holdsBack())
      const text = whole.replace('port: 80', `port: ${1000 + cut}`)
      writeFileSync(file, text)
      await until(`the edit after cut ${cut}`, (state) => ports(state).includes(`:${1000 + cut}}`))
      writeFileSync(file, whole)
      await until(`the whole after cut ${cut}`, (state) => !ports(state).includes(`:${1000 + cut}}`))
    }
    expect(states.every((state) => names(state).join() === 'a,b,c' && state.diagnostics.length === 0)).toBe(
      true,
    )
    expect(ports(latest())).not.toContain('null')
  })

  test('is refused at that place when it stays so, until the file changes', async () => {
    const file = write('d/a.yaml', whole)
    const { until, timers } = await open(['d'])
    writeFileSync(file, whole.slice(0, whole.indexOf('vice', whole.indexOf('---'))))
    await eventually('it is held', () => timers.holdsBack())
    timers.pass()
    const state = await until('the diagnostic', (each) => each.diagnostics.length > 0)
    expect([names(state), said(state)]).toEqual([['a', 'b', 'c'], ['file/truncated d/a.yaml:8:10']])
    writeFileSync(file, whole)
    expect(names(await until('all is well', (each) => each.diagnostics.length === 0))).toEqual([
      'a',
      'b',
      'c',
    ])
  })
})

describe('a file that a process has open for writing', () => {
  const whole = `${service('a')}---\n${service('b')}`

  test.skipIf(process.platform !== 'linux')(
    'is not believed, whatever time passes, until it is closed',
    async () => {
      const file = write('d/a.yaml', whole)
      const { names: found, until, timers } = await open(['d'])
      const writer = openSync(file, 'w')
      writeSync(writer, service('a'))
      await eventually('half of it is held', () => timers.holdsBack(pauses.closed))
      for (let looks = 0; looks < 5; looks += 1) {
        timers.pass()
        await eventually('it is held again', () => timers.holdsBack() || found().length < 2)
        expect(found()).toEqual(['a', 'b'])
      }
      closeSync(writer)
      timers.pass()
      expect(names(await until('a alone', (state) => state.manifests.size === 1))).toEqual(['a'])
    },
  )
})

describe('a deletion', () => {
  test('of a document in place is believed once the file is left alone', async () => {
    const file = write('d/a.yaml', `${service('a')}---\n${service('b')}`)
    const { names: found, until, timers } = await open(['d'])
    writeFileSync(file, service('b'))
    await eventually('it is held', () => timers.holdsBack())
    expect(found()).toEqual(['a', 'b'])
    timers.pass()
    expect(names(await until('b alone', (state) => state.manifests.size === 1))).toEqual(['b'])
  })

  test('of a whole content, of a file and of a directory, too', async () => {
    const file = write('d/a.yaml', service('a'))
    write('d/b.yaml', service('b'))
    write('d/sub/c.yaml', service('c'))
    const { until, timers, latest } = await open(['d'])
    const deletions: readonly (readonly [string, () => void])[] = [
      ['b,c', () => truncateSync(file)],
      ['c', () => unlinkSync(join(home, 'd/b.yaml'))],
      ['', () => rmSync(join(home, 'd/sub'), { recursive: true })],
    ]
    for (const [left, remove] of deletions) {
      remove()
      await eventually(`${left} will be left`, () => timers.holdsBack())
      timers.pass()
      await until(`${left} left`, (state) => names(state).join() === left)
    }
    expect(latest()).toMatchObject({ outage: undefined, diagnostics: [] })
  })

  test('gives way at once to the same object in another file, without an error', async () => {
    const file = write('d/a.yaml', service('a', 1))
    const { states, until } = await open(['d'])
    renameSync(file, join(home, 'd/b.yaml'))
    const state = await until(
      'the other file',
      (each) => each.manifests.get('/Service/default/a')?.locate([])?.file === join(home, 'd/b.yaml'),
    )
    expect(state.diagnostics).toEqual([])
    expect(states.every((each) => each.manifests.size === 1)).toBe(true)
  })

  test('of the configured directory is an outage: everything stays, and it ends when the directory is back', async () => {
    write('d/a.yaml', service('a', 1))
    write('d/sub/b.yaml', service('b', 1))
    const { until, timers } = await open(['d'])
    rmSync(join(home, 'd'), { recursive: true })
    const outage = await until('the outage', (state) => state.outage !== undefined)
    expect([names(outage), outage.outage]).toEqual([
      ['a', 'b'],
      `${home}/d cannot be read: ENOENT: no such file or directory`,
    ])
    expect(timers.holdsBack()).toBe(false)
    write('back/a.yaml', service('a', 2))
    renameSync(join(home, 'back'), join(home, 'd'))
    const back = await until('it is back', (state) => state.outage === undefined)
    expect(ports(back)).toBe('a {"ports":[{"port":2}]},b {"ports":[{"port":1}]}')
    await eventually('b is on its way out', () => timers.holdsBack())
    timers.pass()
    expect(names(await until('a alone', (state) => state.manifests.size === 1))).toEqual(['a'])
    write('d/a.yaml', service('a', 3))
    await until('port 3', (state) => ports(state).includes(':3}'))
  })
})

test('what was about to be believed when the directory went away is judged anew when it is back', async () => {
  const file = write('d/a.yaml', `${service('a')}---\n${service('b')}`)
  const { until, timers } = await open(['d'])
  writeFileSync(file, service('b'))
  await eventually('it is held', () => timers.holdsBack())
  renameSync(join(home, 'd'), join(home, 'away'))
  await until('the outage', (state) => state.outage !== undefined)
  expect(timers.holdsBack()).toBe(false)
  renameSync(join(home, 'away'), join(home, 'd'))
  expect(names(await until('it is back', (state) => state.outage === undefined))).toEqual(['a', 'b'])
  await eventually('it is held again', () => timers.holdsBack())
  timers.pass()
  await until('b alone', (state) => names(state).join() === 'b')
})

test('without any event, the slow look finds a change', async () => {
  write('elsewhere/sub/a.yaml', service('a', 1))
  write('other/sub/a.yaml', service('a', 2))
  symlinkSync('../elsewhere', join(write('d/b.yaml', service('b')), '../link'))
  symlinkSync('link/sub', join(home, 'd/deep'))
  const { until, timers } = await open(['d/deep/a.yaml'])
  symlinkSync('../other', join(home, 'd/link.new'))
  renameSync(join(home, 'd/link.new'), join(home, 'd/link'))
  expect(timers.pass(10_000)).toBe(1)
  await until('port 2', (state) => ports(state).includes(':2}'))
  expect(timers.holdsBack(10_000)).toBe(true)
})

test('closed, it tells nothing any more', async () => {
  write('d/a.yaml', service('a', 1))
  const { source, states, timers } = await open(['d'])
  write('d/a.yaml', service('a', 2))
  await source.close()
  const told = states.length
  write('d/a.yaml', service('a', 3))
  timers.pass(10_000)
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(states.length).toBe(told)
})
