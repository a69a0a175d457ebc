import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codes } from '../src/diagnostics/codes.ts'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

interface Room {
  /** Rooms, or single files of them, that this one may import in addition to itself. */
  readonly imports: readonly string[]
  readonly because: string
}

/** Ideas that every room shares: waiting, and the texts of errors. */
const shared = ['clock.ts', 'errors.ts']

/** The import table of the house. A room that is not here may import nothing of ours. */
const rooms: Readonly<Record<string, Room>> = {
  collection: { imports: [], because: 'incremental computation knows neither Kubernetes nor Envoy' },
  diagnostics: { imports: [], because: 'every stage speaks of diagnostics, so they know no stage' },
  manifest: { imports: ['diagnostics'], because: 'reading text does not depend on what it means' },
  model: {
    imports: ['diagnostics'],
    because: 'the model is what every dialect becomes: it carries results, not rules',
  },
  dialects: {
    imports: ['manifest', 'model', 'diagnostics', 'collection/collection.ts'],
    because: 'a dialect ends at the model, and could be written knowing nothing more',
  },
  resolve: {
    imports: ['model', 'diagnostics', 'collection', 'xds/envoy-version.ts', 'xds/scope.ts'],
    because: 'what a proxy sees of the model is found before anything is encoded',
  },
  translate: {
    imports: [
      'model',
      'resolve',
      'diagnostics',
      'xds/interned.ts',
      'xds/proto.ts',
      'xds/resource.ts',
      'xds/wire.ts',
    ],
    because: 'building messages asks no more questions',
  },
  xds: { imports: ['diagnostics'], because: 'resources and snapshots do not know what they are made from' },
  identity: {
    imports: ['kubernetes', 'manifest/message.ts', 'server/authentication.ts', 'server/tls.ts'],
    because:
      'who a proxy is follows from what it shows, whatever it is served; tokens are reviewed by a cluster',
  },
  server: { imports: ['xds', 'diagnostics'], because: 'the protocol serves resources, whatever they mean' },
  sources: {
    imports: ['manifest', 'diagnostics', 'collection', 'kubernetes'],
    because: 'a source finds manifests and does not read them',
  },
  kubernetes: {
    imports: ['manifest'],
    because: 'speaking to the API server does not depend on what is asked for',
  },
  envoy: {
    imports: ['xds', 'translate/runtime.ts', 'model/regex.ts'],
    because: 'finding and starting an Envoy does not depend on what it is told',
  },
  simulate: {
    imports: ['xds/proto.ts'],
    because: 'what Envoy does with a request follows from its messages, whatever they were made from',
  },
  install: { imports: ['envoy'], because: 'what is installed are values, made from nothing but settings' },
  record: { imports: [], because: 'recording and replay know requests, and not why they were copied' },
  library: {
    imports: ['xds', 'server'],
    because: 'the engine alone is of use to other control planes: no dialect, no source',
  },
  pipeline: {
    imports: ['collection', 'dialects', 'manifest', 'model', 'resolve', 'translate', 'xds', 'diagnostics'],
    because: 'it is the page with the whole graph',
  },
  observe: {
    imports: [
      'diagnostics',
      'model',
      'resolve/resolved.ts',
      'server/authentication.ts',
      'server/event.ts',
      'server/status/client-state.ts',
      'sources/cluster/held.ts',
      'version.ts',
      'writeback/writeback.ts',
      'xds',
    ],
    because: 'events, metrics and reports describe what the other rooms do, and decide nothing',
  },
  convert: {
    imports: [
      'collection/collection.ts',
      'diagnostics',
      'dialects',
      'manifest',
      'model',
      'pipeline/pipeline.ts',
    ],
    because: 'writing a dialect is the way back from the model, out of the way of those that read it',
  },
  writeback: {
    imports: ['diagnostics', 'kubernetes', 'manifest'],
    because: 'writing a status does not depend on what it says',
  },
  admin: {
    imports: [
      'diagnostics',
      'manifest/manifest.ts',
      'model/fraction.ts',
      'observe',
      'record',
      'server/status/client-state.ts',
      'sources/overlay-source.ts',
      'xds/config-dump.ts',
      'xds/proto.ts',
      'xds/wire.ts',
    ],
    because:
      'the admin listener is asked, and asks back through functions; a tap is a recorder and an object of the overlay',
  },
  demo: {
    imports: ['control-plane', 'diagnostics', 'envoy', 'model', 'xds'],
    because: 'the demo uses the system from outside',
  },
  'control-plane': {
    imports: [
      'admin',
      'collection',
      'diagnostics',
      'dialects/index.ts',
      'dialects/status.ts',
      'identity',
      'kubernetes',
      'manifest',
      'model',
      'observe',
      'pipeline',
      'server',
      'sources',
      'writeback',
      'xds',
    ],
    because: 'the composition root is the only room that constructs sources, pipeline and servers',
  },
  cli: {
    imports: [
      'collection/collection.ts',
      'control-plane',
      'convert',
      'demo',
      'diagnostics',
      'dialects/index.ts',
      'dialects/portability.ts',
      'envoy',
      'identity/authenticate.ts',
      'install',
      'manifest/duration-text.ts',
      'manifest/manifest.ts',
      'manifest/map-file.ts',
      'model',
      'observe',
      'pipeline/pipeline.ts',
      'record',
      'server/event.ts',
      'server/limits.ts',
      'simulate',
      'sources',
      'version.ts',
      'writeback/lease-pace.ts',
      'xds',
    ],
    because: 'a command composes; it holds no rule of its own',
  },
  'index.ts': { imports: ['control-plane', 'observe/event.ts'], because: 'the public API' },
  'version.ts': { imports: [], because: 'it reads package.json' },
  'clock.ts': { imports: [], because: 'waiting depends on nothing' },
  'errors.ts': { imports: [], because: 'errors have a text wherever they are thrown' },
  'main.ts': { imports: ['cli'], because: 'argv to exit status, nothing else' },
}

const files = globSync('**/*.ts', { cwd: src }).toSorted()

describe('the import table', () => {
  for (const [name, room] of Object.entries(rooms)) {
    test(
      `${name} imports ` +
        `${room.imports.length === 0 ? 'nothing of ours' : `only ${room.imports.join(', ')}`}: ` +
        room.because,
      () => {
        expect(
          files.filter((file) => isIn(file, name)).flatMap((file) => foreignImports(file, name, room)),
        ).toEqual([])
      },
    )
  }

  test('every file has a room', () => {
    expect(files.filter((file) => !Object.keys(rooms).some((name) => isIn(file, name)))).toEqual([])
  })

  test('of other dialects, a dialect imports only kubernetes', () => {
    const offences = files
      .filter((file) => /^dialects\/[^/]+\//.test(file))
      .flatMap((file) => {
        const own = file.split('/').slice(0, 2).join('/')
        return importsOf(file).filter(
          (imported) =>
            /^dialects\/[^/]+\//.test(imported) &&
            ![own, 'dialects/kubernetes', 'dialects/reading'].some((room) => isIn(imported, room)),
        )
      })
    expect(offences).toEqual([])
  })
})

/** Each is to become several files, except the table of codes. */
const longerForNow: ReadonlySet<string> = new Set(['server/stream.ts', 'diagnostics/codes.ts'])

describe('the house', () => {
  test('no dialect is named outside its folder, except in the one list of dialects', () => {
    const named = files
      .filter((file) => !/^(dialects|convert)\//.test(file))
      .flatMap((file) =>
        codeOf(file)
          .filter((line) => /(['"`.])(istio|gateway-api|gloo|emissary)\1/i.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      )
    expect(named).toEqual([])
  })

  test('protobufjs is imported in one place', () => {
    expect(files.filter((file) => /from 'protobufjs/.test(read(file)) && file !== 'xds/proto.ts')).toEqual([])
  })

  test('a command line is read, and a mistake in it told, before anything large is loaded', () => {
    const loaded = [...loadedBy('cli/program.ts')]
    const packages = loaded.flatMap((file) =>
      [...read(file).matchAll(/^import (?!type ).*from '((?!\.|node:)[^']+)'/gm)].map(([, name]) => name),
    )
    expect([...new Set(packages)]).toEqual(['commander'])
    expect(loaded.length).toBeLessThanOrEqual(48)
  })

  test('no file is longer than 400 lines, and half of them have at most 90', () => {
    const lengths = files
      .filter((file) => !longerForNow.has(file))
      .map((file) => read(file).split('\n').length)
      .toSorted((a, b) => a - b)
    expect(lengths.at(-1)).toBeLessThanOrEqual(400)
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(90)
  })

  test('no folder or file is a drawer for everything', () => {
    expect(
      files.filter((file) => /(^|\/)(utils?|helpers?|common|types|.*manager)(\/|\.ts$)/i.test(file)),
    ).toEqual([])
  })
})

test('every diagnostic code is documented', () => {
  const page = readFileSync(join(root, 'docs/diagnostics.md'), 'utf8')
  expect(Object.keys(codes).filter((code) => !page.includes(`\`${code}\``))).toEqual([])
})

function foreignImports(file: string, name: string, room: Room): readonly string[] {
  return importsOf(file)
    .filter(
      (imported) =>
        !isIn(imported, name) &&
        !shared.includes(imported) &&
        !room.imports.some((allowed) => isIn(imported, allowed)),
    )
    .map((imported) => `${file} imports ${imported}`)
}

function isIn(file: string, room: string): boolean {
  return file === room || file.startsWith(`${room}/`)
}

/** Files of ours that a file imports, relative to src; what lies outside of src is left out. */
function importsOf(file: string): readonly string[] {
  return [...read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map(([, target]) => relative(src, join(src, dirname(file), target ?? '')))
    .filter((target) => !target.startsWith('..'))
}

/** The file, and what it loads as it is loaded: neither types nor what is imported later. */
function loadedBy(file: string, seen: Set<string> = new Set()): ReadonlySet<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, target] of read(file).matchAll(/^(?:import|export) (?!type ).*from '(\.[^']+)'/gm))
    loadedBy(relative(src, join(src, dirname(file), target ?? '')), seen)
  return seen
}

function codeOf(file: string): readonly string[] {
  return read(file)
    .split('\n')
    .filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line))
}

function read(file: string): string {
  return readFileSync(join(src, file), 'utf8')
}
