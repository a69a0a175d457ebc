import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesUnder, importsOf, loadedOnDemandBy, stringLiteralsOf, textOf } from './support/source-code.ts'

/** The limits of a reader: names in a room, columns in a line, files that only one other needs. */
const most = { names: 25, columns: 110, filesOfOneImporter: 40 }

/** Limits that are not reached yet. A number here only ever falls. */
const notYet = {
  // The top floor lists the stages themselves.
  names: new Map([['src', 30]]),
  filesOfOneImporter: 72,
  wideLines: 0,
  dialectWords: 1,
}

const files = filesUnder('src')

/**
 * Tables of stages, parts, kinds of a dialect and commands: each of their entries is a file by intention. A
 * file that its importer loads on demand is one as well, so that a command line is parsed without it.
 */
const lists = [
  'src/pipeline/pipeline.ts',
  'src/control-plane/parts.ts',
  'src/dialects/index.ts',
  'src/cli/program.ts',
  ...files.filter((file) => /^src\/dialects\/[^/]+\/index\.ts$/.test(file)),
]

describe('the house can be read', () => {
  test(`a room has at most ${most.names} files and folders: sort them into sub-rooms, or merge files`, () => {
    const crowded = [...roomsOf(files)].filter(
      ([room, names]) => names.size > (notYet.names.get(room) ?? most.names),
    )
    expect(crowded.map(([room, names]) => `${room} has ${names.size}`)).toEqual([])
  })

  test(`a line has at most ${most.columns} columns: wrap the comment, or split the string`, () => {
    const wide = files.flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, index) =>
          line.length > most.columns && !isRegularExpression(line)
            ? [`${file}:${index + 1} has ${line.length} columns`]
            : [],
        ),
    )
    expect(wide.length <= notYet.wideLines ? [] : wide).toEqual([])
  })

  test(`at most ${most.filesOfOneImporter} files have one importer and no test: such a file belongs in its importer`, () => {
    const importers = new Map<string, number>()
    for (const file of files)
      for (const each of new Set(importsOf(file))) importers.set(each, (importers.get(each) ?? 0) + 1)
    const tested = new Set(filesUnder('test', 'bench', 'examples').flatMap(importsOf))
    const listed = new Set([...lists.flatMap(importsOf), ...files.flatMap(loadedOnDemandBy)])
    const lonely = files.filter((file) => importers.get(file) === 1 && !tested.has(file) && !listed.has(file))
    expect(lonely.length <= notYet.filesOfOneImporter ? [] : lonely).toEqual([])
  })

  test("a message outside the dialects uses no dialect's words: the dialect gives the hint, or the words come from the manifest", () => {
    const spoken = filesUnder(...roomsWithoutDialect).flatMap((file) =>
      stringLiteralsOf(file).flatMap(({ line, text }) => {
        const [word] = dialectWord.exec(text) ?? []
        return word === undefined || isAllowed(file, text) ? [] : [`${file}:${line} says ${word}: ${text}`]
      }),
    )
    expect(spoken.length <= notYet.dialectWords ? [] : spoken).toEqual([])
  })
})

/** The rooms that know no dialect. Commands, the demo and the table of codes name them in texts for people. */
const roomsWithoutDialect = [
  'collection',
  'model',
  'observe',
  'pipeline',
  'resolve',
  'server',
  'translate',
  'xds',
].map((room) => `src/${room}`)
const dialectWord =
  /\b(Istio|VirtualService|DestinationRule|ServiceEntry|HTTPRoute|GRPCRoute|ReferenceGrant|GatewayClass|Gloo|RouteOption|RouteTable|Upstream|Emissary|Mapping|MeshConfig|PASSTHROUGH|exportTo|mirrorPercentage)\b/

/** Envoy's own words, and the label by which nodes say where they run. */
function isAllowed(file: string, text: string): boolean {
  return text === 'istio-locality' || (file.startsWith('src/translate/') && !text.includes(' '))
}

function roomsOf(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const rooms = new Map<string, Set<string>>()
  for (const path of paths)
    for (let name = path; name !== 'src'; name = dirname(name)) {
      const names = rooms.get(dirname(name)) ?? new Set()
      rooms.set(dirname(name), names.add(name))
    }
  return rooms
}

/** A regular expression cannot be continued on the next line; a comment can. */
function isRegularExpression(line: string): boolean {
  return !/^\s*\/[*/]/.test(line) && /^\s*\/.*\/[a-z]*([,).]|$)/.test(line)
}
