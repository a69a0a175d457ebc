import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { staticConfig } from '../../src/envoy/static-config.ts'
import { UsageError } from '../../src/errors.ts'
import { scopeOf } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { judgedTogether } from './judged-together.ts'
import { readPage } from './page.ts'
import { absent, samples } from './peer-data.ts'
import { renderTable } from './table.ts'
import { pipelineOver, translationFor } from './translation.ts'
import type { Translation } from './translation.ts'

const examples = join(import.meta.dirname, '../../examples')

interface Subject {
  readonly name: string
  /** The row's number in the tables of docs/istio-differences.md; '' for an example. */
  readonly number: string
  readonly translation: Translation
}

interface Judged extends Subject {
  readonly verdict: 'accepted' | 'refused' | 'not supported yet'
  readonly reason: string
}

let envoy: { readonly path: string } | { readonly missing: string } = { missing: 'it was not looked for' }

beforeAll(async () => {
  envoy = await findEnvoy({
    env: process.env,
    progress: (line) => {
      console.log(line)
    },
  }).catch((error: unknown) => {
    // A wrong $ENVOY_BIN is a mistake to be seen, not a machine without Envoy.
    if (error instanceof UsageError && (process.env['ENVOY_BIN'] ?? '') === '')
      return { missing: error.message }
    throw error
  })
}, 300_000)

test('Envoy accepts what every example and every conformance case is translated to', async ({ skip }) => {
  if ('missing' in envoy) return skip(`there is no Envoy: ${envoy.missing}`)
  if (absent !== undefined) console.warn(`only the examples are judged: ${absent}`)
  const judged = await judge(envoy.path, [...(await exampleSubjects()), ...(await caseSubjects())])
  console.log(summary(judged))
  const documented =
    absent === undefined ? readPage().notSupported.flatMap(({ told, cases }) => (told ? cases : [])) : []
  expect(
    judged.filter(({ verdict }) => verdict === 'refused').map(({ name, reason }) => `${name}: ${reason}`),
  ).toEqual([])
  expect([
    ...new Set(
      judged
        .filter(({ verdict }) => verdict === 'not supported yet')
        .map(({ name, number }) => number || name),
    ),
  ]).toEqual([...new Set(documented)].toSorted())
})

test('of many configurations, the one that Envoy refuses is found, and what it says of it', async ({
  skip,
}) => {
  if ('missing' in envoy) return skip(`there is no Envoy: ${envoy.missing}`)
  const [good] = (await exampleSubjects())
    .map(({ translation }) => staticConfig(translation.resources))
    .filter(({ static_resources: all }) => (all?.listeners ?? []).length > 0)
  if (good === undefined) throw new Error('no example has a listener')
  const bad = {
    ...good,
    static_resources: {
      ...good.static_resources,
      listeners: (good.static_resources?.listeners ?? []).map((listener) => ({
        ...listener,
        filter_chains: [],
      })),
    },
  }
  const [first, second, third] = await judgedTogether(envoy.path, [good, bad, good])
  expect([first, third]).toEqual([undefined, undefined])
  expect(second).toContain('no filter chains specified')
})

/** Each example folder, as a plain Envoy gets it and as every proxy that it addresses. */
async function exampleSubjects(): Promise<readonly Subject[]> {
  const folders = readdirSync(examples, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() && readdirSync(join(examples, entry.name)).some((file) => file.endsWith('.yaml')),
    )
    .map(({ name }) => name)
    .toSorted()
  const subjects = await Promise.all(
    folders.map(async (folder) => {
      const pipeline = await pipelineOver(join(examples, folder))
      const scopes = [
        plainEnvoy(),
        ...pipeline.read.entries(pipeline.addressedScopes).map(([, scope]) => scope),
      ]
      return scopes.map((scope): Subject => ({
        name:
          `examples/${folder} ` +
          `(${scope.anyGateway ? 'a plain Envoy' : `${scope.role} in ${scope.namespace}`})`,
        number: '',
        translation: translationFor(pipeline, scope),
      }))
    }),
  )
  return subjects.flat()
}

function plainEnvoy(): Scope {
  const read = scopeOf({ id: 'envoy', cluster: 'edge' })
  if ('error' in read) throw new Error(read.error)
  return read.scope
}

async function caseSubjects(): Promise<readonly Subject[]> {
  if (absent !== undefined) return []
  const subjects = await Promise.all(
    samples().map(async ({ name, number, input, meshConfig, scope }) => {
      const pipeline = await pipelineOver(input, meshConfig)
      const { interception, ...bound } = scope
      return [
        { name, number, translation: translationFor(pipeline, scope) },
        ...(interception === undefined
          ? []
          : [{ name: `${name} (bound)`, number, translation: translationFor(pipeline, bound) }]),
      ]
    }),
  )
  return subjects.flat()
}

async function judge(binary: string, subjects: readonly Subject[]): Promise<readonly Judged[]> {
  const refusals = await judgedTogether(
    binary,
    subjects.map(({ translation }) => staticConfig(translation.resources)),
  )
  return subjects.map((subject, index) => ({ ...subject, ...verdictOn(subject, refusals[index]) }))
}

function verdictOn(
  { translation }: Subject,
  refusal: string | undefined,
): Pick<Judged, 'verdict' | 'reason'> {
  if (refusal !== undefined) return { verdict: 'refused', reason: refusal }
  if (!translation.resources.some(({ type }) => type === 'listener'))
    return { verdict: 'not supported yet', reason: 'the translation is empty: no listener' }
  const told = translation.diagnostics
    .map(({ message }) => message)
    .filter((message) => message.includes('not supported yet'))
  return told.length === 0
    ? { verdict: 'accepted', reason: '' }
    : { verdict: 'not supported yet', reason: [...new Set(told)].join('; ') }
}

function summary(judged: readonly Judged[]): string {
  const count = (verdict: Judged['verdict']): string =>
    String(judged.filter((each) => each.verdict === verdict).length)
  const named = judged
    .filter(({ verdict }) => verdict !== 'accepted')
    .map(({ verdict, name, reason }) => [verdict, name, reason])
  return (
    `envoy --mode validate: ${count('accepted')} accepted, ${count('refused')} refused, ` +
    `${count('not supported yet')} not supported yet
accepted: ${judged
      .filter(({ verdict }) => verdict === 'accepted')
      .map(({ name }) => name)
      .join(', ')}
${renderTable(['verdict', 'name', 'reason'], named)}`
  )
}
