/** The cost of one edit among many VirtualServices: `node bench/work-per-edit.ts [--json FILE]`. */
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import { startEnvoy } from '../src/envoy/process.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { initialPercentage, virtualService, virtualServiceFile, writeFleet } from './support/fleet.ts'
import type { Fleet } from './support/fleet.ts'
import { freePort } from './support/free-port.ts'
import { gatewayBootstrap } from './support/scene.ts'
import { startServe } from './support/serve-process.ts'
import type { ServeProcess } from './support/serve-process.ts'
import { transformRuns } from './support/transform-runs.ts'
import type { TransformRuns } from './support/transform-runs.ts'

export interface WorkPerEditOptions extends BenchSetting {
  /** VirtualServices, each with a service and a shadow of its own. */
  readonly size: number
}

/** The work that a change of the files caused. */
export interface Work {
  readonly change: string
  /** Objects whose translation ran, and resources that were encoded to other bytes. */
  readonly translated: number
  readonly resources: number
  readonly responses: readonly Sent[]
}

/** A response to the Envoy. */
export interface Sent {
  readonly type: string
  /** Names of the resources sent and removed. */
  readonly names: readonly string[]
  readonly bytes: number
}

export interface WorkPerEditResult {
  /** From nothing to an Envoy that has everything. */
  readonly start: Work
  readonly edit: Work
  /** Changes that no proxy needs to hear of. */
  readonly unrelated: readonly Work[]
  readonly runs: Readonly<Record<'start' | 'edit', TransformRuns>>
}

interface Change {
  readonly name: string
  readonly make: (fleet: Fleet) => Promise<void>
}

const edited = 7
const marker = 11
const editedPercentage = 10

const unrelated: readonly Change[] = [
  {
    name: 'a comment in a VirtualService',
    make: (fleet) =>
      fleet.save(virtualServiceFile(edited), `# nothing to see\n${virtualService(edited, editedPercentage)}`),
  },
  {
    name: 'a file saved again as it was',
    make: (fleet) => fleet.setPercentage(edited + 1, initialPercentage),
  },
  { name: 'a text file added', make: (fleet) => fleet.save('notes.txt', 'nothing to see\n') },
  { name: 'a ConfigMap added', make: (fleet) => fleet.save('config-map.yaml', configMap('one')) },
  { name: 'the ConfigMap edited', make: (fleet) => fleet.save('config-map.yaml', configMap('two')) },
]

/** Makes each change under `serve` and a real Envoy, and counts from the log of `serve`. */
export async function measureWorkPerEdit(
  options: WorkPerEditOptions,
): Promise<BenchReport & WorkPerEditResult> {
  await using parts = new AsyncDisposableStack()
  const fleet = parts.adopt(await writeFleet(options.size), (each) => each.close())
  const bootstrapOf = async (serve: ServeProcess) =>
    gatewayBootstrap({ xds: serve.xds, mode: 'delta' }, await freePort())
  const serve = parts.adopt(await startServe({ paths: [fleet.folder], signal: options.signal }), (each) =>
    each.close(),
  )
  const bootstrap = await bootstrapOf(serve)
  const runs = await transformRuns({
    folder: fleet.folder,
    node: bootstrap.node ?? {},
    edit: virtualService(edited, editedPercentage),
  })
  const envoy = parts.adopt(await startEnvoy({ binary: options.binary, bootstrap }), (each) => each.close())
  await envoy.ready()
  await serve.until('acked', 0, ({ type }) => type === 'virtual-host')
  const start = workSince(serve, 0, 'the start')
  const edit = await workOf(
    { fleet, serve },
    { name: 'one percentage', make: (each) => each.setPercentage(edited, editedPercentage) },
  )
  const works: Work[] = []
  for (const [index, change] of unrelated.entries()) {
    options.progress(change.name)
    const both = await workOf(
      { fleet, serve },
      {
        name: change.name,
        make: async (each) => {
          await change.make(each)
          await each.setPercentage(marker, index % 2 === 0 ? 20 : 30)
        },
      },
    )
    works.push(withoutEdit(both))
  }
  const result = { start, edit, unrelated: works, runs }
  return { ...result, ...report(result, options.size) }
}

/** The work of a change that has an effect, until Envoy has ACKed it. */
async function workOf(
  { fleet, serve }: { readonly fleet: Fleet; readonly serve: ServeProcess },
  { name, make }: Change,
): Promise<Work> {
  const from = serve.events.length
  await make(fleet)
  await serve.until('acked', from, ({ type }) => type === 'virtual-host')
  return workSince(serve, from, name)
}

function workSince(serve: ServeProcess, from: number, change: string): Work {
  const changed = serve.of('config-changed', from)
  return {
    change,
    translated: changed.reduce((sum, { translated }) => sum + translated, 0),
    resources: changed.reduce((sum, { resources }) => sum + resources, 0),
    responses: serve
      .of('pushed', from)
      .map(({ type, sent, removed, bytes }) => ({ type, names: [...sent, ...removed], bytes })),
  }
}

/** The work of a change, without that of the edit right after it, whose response is the last. */
function withoutEdit({ change, translated, resources, responses }: Work): Work {
  return { change, translated: translated - 1, resources: resources - 1, responses: responses.slice(0, -1) }
}

function configMap(value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: unrelated\ndata:\n  key: ${value}\n`
}

function report({ start, edit, unrelated: works, runs }: WorkPerEditResult, size: number): BenchReport {
  const row = ({ change, translated, resources, responses }: Work): string[] => [
    change,
    `${translated}`,
    `${resources}`,
    `${responses.length}`,
    `${bytesOf(responses)}`,
  ]
  const names = start.responses.reduce((sum, response) => sum + response.names.length, 0)
  return {
    lines: [
      `${size} VirtualServices on one Gateway, each with a service and a shadow; one Envoy over delta ADS.`,
      `The start: ${start.translated} objects translated, ${names} resources in ${start.responses.length} ` +
        `responses of ${bytesOf(start.responses)} bytes.`,
      'A change without an effect shows by nothing, so an edit of another percentage follows it at once, ' +
        'and its work is taken off.',
      '',
      ...table([
        ['change', 'translations run', 'resources encoded', 'responses', 'bytes sent'],
        row(edit),
        ...works.map(row),
      ]),
      '',
      `the one percentage was sent as ${edit.responses.map(described).join(', ')}`,
      '',
      'The same edit in a pipeline with that one gateway connected; what it addresses, connected or not, ' +
        'is one more scope:',
      '',
      ...table([['transform', 'runs at the start', 'for the edit'], ...transformRows(runs)]),
    ],
    expectations: [
      {
        what: 'one percentage: 1 translation, 1 resource',
        held: edit.translated === 1 && edit.resources === 1,
        found: `${edit.translated} and ${edit.resources}`,
      },
      {
        what: 'one percentage: 1 response, with one virtual host alone',
        held: /^virtual-host http\.80\/[^,]+$/.test(edit.responses.map(described).join()),
        found: edit.responses.map(described).join(),
      },
      oneVirtualHost(runs, size),
      ...works.map(nothingDone),
    ],
    data: {
      size,
      start,
      edit,
      unrelated: works,
      runs: { start: Object.fromEntries(runs.start), edit: Object.fromEntries(runs.edit) },
    },
  }
}

function bytesOf(responses: readonly Sent[]): number {
  return responses.reduce((sum, { bytes }) => sum + bytes, 0)
}

function described({ type, names }: Sent): string {
  return [type, ...names].join(' ')
}

function oneVirtualHost({ start, edit }: WorkPerEditResult['runs'], size: number): Expectation {
  const [all, again] = [start.get('encode virtual hosts') ?? 0, edit.get('encode virtual hosts') ?? 0]
  return {
    what: 'one percentage: 1 virtual host a scope is encoded again',
    held: again > 0 && again === all / size,
    found: `${again} of ${all}`,
  }
}

function transformRows({ start, edit }: WorkPerEditResult['runs']): readonly string[][] {
  return [...start].map(([name, runs]) => [name, `${runs}`, `${edit.get(name) ?? 0}`])
}

function nothingDone({ change, translated, resources, responses }: Work): Expectation {
  const held = translated === 0 && resources === 0 && responses.length === 0
  return {
    what: `${change}: nothing translated, encoded or sent`,
    held,
    found: `${translated}, ${resources}, ${bytesOf(responses)}`,
  }
}

if (import.meta.main) {
  await runBench(120_000, (setting) => measureWorkPerEdit({ ...setting, size: 100 }))
}
