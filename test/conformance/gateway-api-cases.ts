import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { sharedFolder, sharedIsAbsent } from '../support/shared.ts'

const folder = join(sharedFolder, 'conformance/gateway-api')

const request = z.strictObject({ path: z.string(), headers: z.record(z.string(), z.string()).optional() })

const seen = z.strictObject({
  path: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  absent: z.array(z.string()).optional(),
})

const mirrored = z.union([z.string(), z.strictObject({ name: z.string(), percent: z.number() })])

const trafficTest = z.looseObject({
  test: z.string(),
  manifest: z.string(),
  route: z.string(),
  cases: z.array(
    z
      .strictObject({ request, primary: z.string(), primary_sees: seen, mirrored_to: z.array(mirrored) })
      .or(z.strictObject({ request, primary: z.string(), mirrored_to: z.array(mirrored) })),
  ),
  statistics: z.looseObject({ requests: z.number(), attempts: z.number() }).optional(),
})

const validationCase = z.strictObject({
  requestMirror: z.record(z.string(), z.unknown()).optional(),
  filter: z.record(z.string(), z.unknown()).optional(),
  filters: z.array(z.string()).optional(),
  valid: z.boolean(),
  message: z.string().optional(),
  messages: z.array(z.string()).optional(),
})

const file = z.looseObject({
  traffic_conformance: z.array(trafficTest),
  cel_validation: z.looseObject({
    backendRef_in_every_case: z.record(z.string(), z.unknown()),
    cases: z.array(validationCase),
  }),
})

export type TrafficTest = z.infer<typeof trafficTest>
export type TrafficCase = TrafficTest['cases'][number]
export type ValidationCase = z.infer<typeof validationCase>

const read = sharedIsAbsent ? undefined : file.parse(parse(readFileSync(join(folder, 'cases.yaml'), 'utf8')))

/** The mirror tests of the Gateway API's conformance suite; none if the data is absent. */
export const trafficTests: readonly TrafficTest[] = read?.traffic_conformance ?? []

/** Messages of the CRD's own validation about mirror filters. */
export const validationCases: readonly ValidationCase[] = read?.cel_validation.cases ?? []

/** A manifest of the suite, unchanged. */
export function suiteManifest(path: string): string {
  return readFileSync(join(folder, path), 'utf8')
}

/** The common objects of all of the suite's tests. */
export function baseManifests(): string {
  return suiteManifest('raw/conformance/base/manifests.yaml').replaceAll(
    '{GATEWAY_CLASS_NAME}',
    'shadowplane',
  )
}
