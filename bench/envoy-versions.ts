/**
 * Each supported Envoy, over SotW and delta, through the same steps: `node bench/envoy-versions.ts
 * [--versions 1.36.4,1.40.0] [--json FILE]`.
 */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startBackend } from '../src/demo/backend.ts'
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import { waitFor } from '../src/demo/wait.ts'
import { fetchEnvoy } from '../src/envoy/binary.ts'
import type { BootstrapOptions } from '../src/envoy/bootstrap.ts'
import { startEnvoy } from '../src/envoy/process.ts'
import type { EnvoyProcess } from '../src/envoy/process.ts'
import { releaseOf, releases } from '../src/envoy/release.ts'
import type { BenchSetting } from './support/bench-run.ts'
import { warningsIn } from './support/envoy-log.ts'
import { repeat, sendRequest } from './support/request.ts'
import type { HeadedAnswer } from './support/request.ts'
import { freePort } from './support/free-port.ts'
import { gatewayBootstrap } from './support/scene.ts'
import { startServe } from './support/serve-process.ts'
import type { ServeProcess } from './support/serve-process.ts'
import { versionGroundwork, versionRoute } from './support/version-manifests.ts'

export interface EnvoyVersionsOptions extends Omit<BenchSetting, 'binary'> {
  /** As in `releases`. */
  readonly versions: readonly string[]
  /** Requests of each count. */
  readonly requests: number
}

/** The results of one Envoy over one protocol. */
export interface VersionRow {
  readonly version: string
  readonly mode: BootstrapOptions['mode']
  readonly answered: number
  readonly copies: number
  /** Copies of as many requests after the edit that ends the mirror. */
  readonly copiesAfterEdit: number
  readonly answeredAfterEdit: number
  /** Status of a host before it is added, while it is there, and after its removal. */
  readonly addedAndRemoved: readonly number[]
  /** Where the refused edit was reported, and what the other host answered meanwhile. */
  readonly refused: { readonly place: string; readonly otherHost: number; readonly healed: boolean }
  /** The header that only newer Envoys know, and whether the rest of the route was served without it. */
  readonly newerFormat: 'sent' | 'left out'
  /** Rejected updates before the edit that is to be refused. */
  readonly rejected: number
  /** Warnings and errors of Envoy's log, without the one that reports the refused edit. */
  readonly warnings: readonly string[]
}

const modes = ['sotw', 'delta'] as const
const lanes = 8

/** Envoy's words for the expression that it is to refuse. */
const refusedExpression = 'Not able to parse expression'

/** Rejects when an Envoy does not take a change within seconds. */
export async function measureEnvoyVersions(options: EnvoyVersionsOptions): Promise<readonly VersionRow[]> {
  const rows: VersionRow[] = []
  for (const version of options.versions) {
    const release = releaseOf(version)
    if (release === undefined)
      throw new Error(
        `${version} is not a known release: write one of ${releases.map((each) => each.version).join(', ')}`,
      )
    const { path } = await fetchEnvoy(release, { env: process.env, progress: options.progress })
    for (const mode of modes) rows.push(await measureOne({ ...options, binary: path, version, mode }))
  }
  return rows
}

type OneOptions = EnvoyVersionsOptions & Pick<BenchSetting, 'binary'> & Pick<VersionRow, 'version' | 'mode'>

async function measureOne({
  binary,
  version,
  mode,
  requests,
  signal,
  progress,
}: OneOptions): Promise<VersionRow> {
  await using parts = new AsyncDisposableStack()
  const keep = <T extends { close(): Promise<void> }>(part: T): T => parts.adopt(part, (each) => each.close())
  let copies = 0
  const primary = keep(await startBackend({ name: 'primary', port: 0, onRequest: () => {} }))
  const copy = keep(
    await startBackend({
      name: 'copy',
      port: 0,
      onRequest: () => {
        copies += 1
      },
    }),
  )
  const folder = parts.adopt(await mkdtemp(join(tmpdir(), 'shadowplane-versions-')), (each) =>
    rm(each, { recursive: true }),
  )
  const save = saver(folder)
  await save('groundwork', versionGroundwork({ primary: primary.port, copy: copy.port }))
  await save('shop', versionRoute('shop.example', { share: 100, edit: 'first' }))
  const serve = keep(await startServe({ paths: [folder], signal }))
  const port = await freePort()
  const envoy = keep(
    await startEnvoy({ binary, bootstrap: gatewayBootstrap({ xds: serve.xds, mode }, port) }),
  )
  await envoy.ready()
  const agent = parts.adopt(new Agent({ keepAlive: true }), (each) => each.destroy())
  let sent = 0
  const ask = (host: string): Promise<HeadedAnswer> => sendRequest({ agent, port, host, id: `v-${++sent}` })
  const becomes = (host: string, wanted: (answer: HeadedAnswer) => boolean): Promise<HeadedAnswer> =>
    waitFor({
      what: `another answer for ${host} from Envoy ${version} over ${mode}`,
      signal,
      look: async () => {
        const answer = await ask(host)
        return wanted(answer) ? answer : undefined
      },
    })
  const count = async (): Promise<number> => {
    let answered = 0
    await repeat(requests, lanes, async () => {
      if ((await ask('shop.example')).backend === 'primary') answered += 1
    })
    return answered
  }
  const settledCopies = async (): Promise<number> => {
    await quietCopies(envoy, signal)
    return copies
  }

  const first = await becomes('shop.example', ({ status }) => status === 200)
  const before = await settledCopies()
  const answered = await count()
  const copied = (await settledCopies()) - before
  await save('shop', versionRoute('shop.example', { share: 0, edit: 'second' }))
  await becomes('shop.example', ({ headers }) => headers['x-edit'] === 'second')
  const beforeEdit = await settledCopies()
  const answeredAfterEdit = await count()
  const copiesAfterEdit = (await settledCopies()) - beforeEdit
  const unknown = (await ask('other.example')).status
  await save('other', versionRoute('other.example', { share: 0, edit: 'first' }))
  const added = (await becomes('other.example', ({ status }) => status === 200)).status
  await rm(join(folder, 'other.yaml'))
  const removed = (await becomes('other.example', ({ status }) => status !== 200)).status
  const rejected = [...(await envoy.stats('update_rejected$')).values()].reduce((sum, each) => sum + each, 0)
  const refused = await refusal({ serve, save, becomes })
  progress(`Envoy ${version} over ${mode}: ${answered} answered, ${copied} copies`)
  return {
    version,
    mode,
    answered,
    copies: copied,
    copiesAfterEdit,
    answeredAfterEdit,
    addedAndRemoved: [unknown, added, removed],
    refused,
    rejected,
    newerFormat: first.headers['x-newer'] === undefined ? 'left out' : 'sent',
    warnings: warningsIn(envoy.log()).filter((line) => !line.includes(refusedExpression)),
  }
}

type Save = (name: string, text: string) => Promise<void>

/** Writes files as editors do: at once, by a rename. */
function saver(folder: string): Save {
  return async (name, text) => {
    await writeFile(join(folder, `.${name}.part`), text)
    await rename(join(folder, `.${name}.part`), join(folder, `${name}.yaml`))
  }
}

interface RefusalScene {
  readonly serve: ServeProcess
  readonly save: Save
  readonly becomes: (host: string, wanted: (answer: HeadedAnswer) => boolean) => Promise<HeadedAnswer>
}

/** An edit with an expression that only Envoy knows to be wrong, and then a good one. */
async function refusal({ serve, save, becomes }: RefusalScene): Promise<VersionRow['refused']> {
  const from = serve.events.length
  await save('bad', versionRoute('bad.example', { share: 0, edit: '%CEL(1 +)%' }))
  const shown = await serve.until('diagnostics', from, ({ added }) =>
    added.some(({ code }) => code === 'xds/nack'),
  )
  const places = shown.added
    .filter(({ code }) => code === 'xds/nack')
    .map(({ text }) => text.split(' ', 1)[0]?.split('/').at(-1) ?? '')
  const place = places.find((each) => each.startsWith('bad.yaml')) ?? places.join()
  const otherHost = (await becomes('shop.example', () => true)).status
  await save('bad', versionRoute('bad.example', { share: 0, edit: 'good' }))
  const healed = await becomes('bad.example', ({ headers }) => headers['x-edit'] === 'good')
  await serve.until('diagnostics', from, ({ resolved }) => resolved.some(({ code }) => code === 'xds/nack'))
  return { place, otherHost, healed: healed.status === 200 }
}

/** Waits until no request to a backend is under way. */
async function quietCopies(envoy: EnvoyProcess, signal: AbortSignal): Promise<void> {
  await waitFor({
    what: 'the last copies',
    signal,
    look: async () =>
      [...(await envoy.stats('^cluster\\.outbound.*upstream_rq_active')).values()].every(
        (active) => active === 0,
      ) || undefined,
  })
}

/** The expectations of each row. */
export function versionExpectations(rows: readonly VersionRow[], requests: number): readonly Expectation[] {
  return rows.map((row) => {
    const { version, mode, refused, addedAndRemoved, warnings } = row
    const held =
      row.answered === requests &&
      row.copies === requests &&
      row.answeredAfterEdit === requests &&
      row.copiesAfterEdit === 0 &&
      row.rejected === 0 &&
      addedAndRemoved.join() === '404,200,404' &&
      refused.place.startsWith('bad.yaml:') &&
      refused.otherHost === 200 &&
      refused.healed &&
      warnings.length === 0
    return {
      what: `Envoy ${version} over ${mode}: all steps, no warning`,
      held,
      found: held ? 'yes' : JSON.stringify(row),
    }
  })
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      versions: { type: 'string', default: releases.map(({ version }) => version).join(',') },
      requests: { type: 'string', default: '200' },
      json: { type: 'string' },
    },
  })
  const requests = Number(values.requests)
  const rows = await measureEnvoyVersions({
    versions: values.versions.split(','),
    requests,
    signal: AbortSignal.timeout(limit),
    progress: (line) => console.error(line),
  })
  const head = [
    'Envoy',
    'mode',
    'answered',
    'copies at 100 %',
    'copies at 0 %',
    'added, removed',
    'refused edit at',
    'other host',
    'healed',
    'newer format',
    'rejected',
    'warnings',
  ]
  for (const line of table([
    head,
    ...rows.map((row) => [
      row.version,
      row.mode,
      `${row.answered} of ${requests}`,
      String(row.copies),
      String(row.copiesAfterEdit),
      row.addedAndRemoved.join(', '),
      row.refused.place,
      String(row.refused.otherHost),
      row.refused.healed ? 'yes' : 'no',
      row.newerFormat,
      String(row.rejected),
      String(row.warnings.length),
    ]),
  ]))
    console.log(line)
  for (const warning of new Set(
    rows.flatMap(({ version, warnings }) => warnings.map((each) => `${version}: ${each}`)),
  ))
    console.log(warning)
  const expectations = versionExpectations(rows, requests)
  for (const { held, what, found } of expectations) if (!held) console.log(`FAILED  ${what}: ${found}`)
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ rows, expectations }, null, 2)}\n`)
  process.exitCode = expectations.every(({ held }) => held) ? 0 : 1
}

const limit = 1_800_000

if (import.meta.main) await main()
