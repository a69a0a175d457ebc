import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codes } from '../src/diagnostics/codes.ts'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

interface Room {
  /** Rooms, or single files of them, that this one may import besides itself. */
  readonly imports: readonly string[]
  readonly because: string
}

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
    imports: ['model', 'resolve', 'diagnostics', 'xds/proto.ts', 'xds/resource.ts', 'xds/wire.ts'],
    because: 'building messages asks no more questions',
  },
  xds: { imports: ['diagnostics'], because: 'resources and snapshots do not know what they are made from' },
  identity: {
    imports: [
      'kubernetes',
      'manifest/message.ts',
      'server/authentication.ts',
      'server/tls.ts',
      'sources/source.ts',
    ],
    because:
      'who a proxy is follows from what it shows, whatever it is served; tokens are reviewed by a cluster',
  },
  server: { imports: ['xds', 'diagnostics'], because: 'the protocol serves resources, whatever they mean' },
  sources: {
    imports: ['manifest', 'diagnostics', 'collection', 'kubernetes'],
    because: 'a source finds manifests and does not read them',
  },
  kubernetes: {
    imports: ['manifest', 'sources/source.ts'],
    because: 'speaking to the API server does not depend on what is asked for',
  },
  writeback: {
    imports: ['diagnostics', 'kubernetes', 'manifest'],
    because: 'writing what there is to say does not depend on what is said',
  },
  envoy: {
    imports: ['xds', 'sources/source.ts', 'translate/runtime.ts', 'model/regex.ts'],
    because: 'finding and starting an Envoy does not depend on what it is told',
  },
  simulate: {
    imports: ['xds/proto.ts'],
    because: 'what Envoy does with a request follows from its messages, whatever they were made from',
  },
  status: {
    imports: ['denials.ts', 'diagnostics', 'refusals.ts', 'server/client-state.ts', 'xds'],
    because: 'who has what is read off the clients, whoever asks for it',
  },
  admin: {
    imports: [
      'denials.ts',
      'diagnostics',
      'manifest/manifest.ts',
      'metrics.ts',
      'model/fraction.ts',
      'record',
      'server/client-state.ts',
      'sources/overlay-source.ts',
      'sources/source.ts',
      'status',
      'xds/config-dump.ts',
      'xds/proto.ts',
      'xds/wire.ts',
    ],
    because:
      'the admin listener is asked, and asks back through functions; a tap is a recorder and an object of ' +
      'the overlay',
  },
  install: { imports: ['envoy'], because: 'what is installed are values, made from nothing but settings' },
  record: { imports: [], because: 'recording and replay know requests, and not why they were copied' },
  library: {
    imports: ['xds', 'server'],
    because: 'the engine alone is of use to other control planes: no dialect, no source',
  },
  demo: {
    imports: ['config.ts', 'envoy', 'diagnostics', 'xds', 'model', 'control-plane.ts', 'sources/source.ts'],
    because: 'the demo uses the system from outside',
  },
  cli: {
    imports: [
      'collection/collection.ts',
      'control-plane.ts',
      'denials.ts',
      'event.ts',
      'identity/authenticate.ts',
      'install',
      'refusals.ts',
      'pipeline.ts',
      'config.ts',
      'diagnostics',
      'dialects/conversion.ts',
      'dialects/index.ts',
      'dialects/portability.ts',
      'dialects/writable-names.ts',
      'dialects/written.ts',
      'demo',
      'envoy',
      'manifest/duration-text.ts',
      'manifest/manifest.ts',
      'manifest/map-file.ts',
      'model',
      'record',
      'server/event.ts',
      'server/limits.ts',
      'simulate',
      'sources',
      'status/report.ts',
      'version.ts',
      'writeback/lease-pace.ts',
      'xds',
    ],
    because: 'a command composes; it holds no rule of its own',
  },
  'pipeline.ts': {
    imports: ['collection', 'dialects', 'manifest', 'model', 'resolve', 'translate', 'xds', 'diagnostics'],
    because: 'it is the page with the whole graph',
  },
  'event.ts': {
    imports: ['diagnostics', 'model', 'server/event.ts', 'writeback/writeback.ts'],
    because: 'events are types',
  },
  'config.ts': {
    imports: [
      'admin/access.ts',
      'admin/taps.ts',
      'cluster-reports.ts',
      'identity',
      'model',
      'server/limits.ts',
      'sources/cluster-source.ts',
      'sources/source.ts',
    ],
    because: 'a configuration is values',
  },
  'mirror-changes.ts': {
    imports: ['resolve', 'event.ts'],
    because: 'it compares what is in force with what was',
  },
  'metrics.ts': {
    imports: [
      'diagnostics',
      'event.ts',
      'server/client-state.ts',
      'sources/kubernetes-held.ts',
      'version.ts',
      'writeback/writeback.ts',
      'xds',
    ],
    because: 'metrics are events counted, and the standing of things when asked',
  },
  'tap-standing.ts': {
    imports: ['admin/taps.ts', 'diagnostics', 'pipeline.ts', 'server/client-state.ts'],
    because: 'how far a tap is in force is read off the graph and the clients',
  },
  'cluster-reports.ts': {
    imports: [
      'collection/graph.ts',
      'diagnostics',
      'dialects/index.ts',
      'dialects/status.ts',
      'kubernetes',
      'manifest',
      'pipeline.ts',
      'sources/kubernetes-kinds.ts',
      'sources/kubernetes-source.ts',
      'writeback',
    ],
    because: 'what the graph says of an object is joined with where the cluster has it',
  },
  'version.ts': { imports: [], because: 'it reads package.json' },
  'denials.ts': {
    imports: ['server/authentication.ts', 'server/event.ts'],
    because: 'it remembers who was turned away',
  },
  'refusals.ts': {
    imports: ['diagnostics', 'xds', 'server/event.ts'],
    because: 'it turns what proxies refuse into diagnostics',
  },
  'control-plane.ts': {
    imports: [
      'admin',
      'cluster-reports.ts',
      'collection',
      'config.ts',
      'denials.ts',
      'diagnostics',
      'dialects/index.ts',
      'event.ts',
      'identity',
      'manifest',
      'metrics.ts',
      'mirror-changes.ts',
      'pipeline.ts',
      'refusals.ts',
      'server',
      'sources',
      'tap-standing.ts',
      'xds',
    ],
    because: 'the composition root is the only file that constructs sources, pipeline and servers',
  },
  'index.ts': { imports: ['control-plane.ts', 'event.ts', 'config.ts'], because: 'the public API' },
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
            !isIn(imported, own) &&
            !isIn(imported, 'dialects/kubernetes'),
        )
      })
    expect(offences).toEqual([])
  })
})

describe('the house', () => {
  test('no dialect is named outside its folder, except in the one list of dialects', () => {
    const named = files
      .filter((file) => !file.startsWith('dialects/'))
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
    expect(loaded.length).toBeLessThanOrEqual(46)
  })

  test('no file is longer than 400 lines, and half of them have at most 90', () => {
    const lengths = files.map((file) => read(file).split('\n').length).toSorted((a, b) => a - b)
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
    .filter((imported) => !isIn(imported, name) && !room.imports.some((allowed) => isIn(imported, allowed)))
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
