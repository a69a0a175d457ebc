import { expect, test } from 'vitest'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import { createPipeline, diagnosticsOf } from '../../../src/pipeline/pipeline.ts'
import type { Pipeline } from '../../../src/pipeline/pipeline.ts'
import { scopeKey } from '../../../src/xds/scope.ts'
import { fingerprint, gateway, parse } from '../../support/configuration.ts'
import { around, host, mapping } from './text.ts'

const first = mapping('a', 'prefix: /shop/\nservice: shop\nconnect_timeout_ms: 500')
const canary = mapping('b', 'prefix: /shop/\nservice: canary\nweight: 10')
const shadow = mapping('c', 'prefix: /shop/\nservice: shadow\nshadow: true\nweight: 5')
const second = mapping('d', 'prefix: /shop/\nservice: other\nshadow: true')
const apart = mapping('e', 'prefix: /other/\nservice: shop')
const site = host('site', 'hostname: a.example, requestPolicy: {insecure: {action: Route}}')

function empty(): Pipeline {
  const pipeline = createPipeline(defaultSettings)
  pipeline.connect(scopeKey(gateway), gateway)
  set(pipeline, around)
  return pipeline
}

function set(pipeline: Pipeline, text: string): void {
  for (const { manifest } of parse(text)) pipeline.setManifest(objectKey(manifest.id), manifest)
  pipeline.flush()
}

function remove(pipeline: Pipeline, text: string): void {
  for (const { manifest } of parse(text)) pipeline.deleteManifest(objectKey(manifest.id))
  pipeline.flush()
}

/** All resources of the proxies, and all findings. */
function state(pipeline: Pipeline): readonly string[] {
  return [
    ...fingerprint(pipeline, gateway),
    ...diagnosticsOf(pipeline)
      .map((each) => JSON.stringify(each))
      .toSorted(),
  ]
}

const parts = [first, canary, shadow, second, apart, site]
const scratch = (texts: readonly string[]): readonly string[] => {
  const pipeline = empty()
  set(pipeline, texts.join(''))
  return state(pipeline)
}

test('the order in which objects arrive does not matter', () => {
  const wanted = scratch(parts)
  for (let turn = 0; turn < parts.length; turn += 1) {
    const pipeline = empty()
    for (const each of [...parts.slice(turn), ...parts.slice(0, turn)].toReversed()) set(pipeline, each)
    expect(state(pipeline)).toEqual(wanted)
  }
})

test.each([
  ['the first of a group', first],
  ['a canary', canary],
  ['the shadow', shadow],
  ['a second shadow', second],
  ['another group', apart],
  ['the only Host', site],
])('without %s it is as if it had never been there', (_, text) => {
  const pipeline = empty()
  set(pipeline, parts.join(''))
  remove(pipeline, text)
  expect(state(pipeline)).toEqual(scratch(parts.filter((each) => each !== text)))
})

test('an edit of one group translates no other', () => {
  const pipeline = empty()
  set(pipeline, parts.join(''))
  const routesOf = (name: string) =>
    pipeline.read
      .entries(pipeline.virtualHosts)
      .flatMap(([, each]) => each.routes)
      .find((route) => route.name === name)
  const kept = routesOf('e')
  set(pipeline, shadow.replace('weight: 5', 'weight: 7'))
  expect(kept).toBeDefined()
  expect(routesOf('e')?.origin).toBe(kept?.origin)
  expect(routesOf('a')?.action).toMatchObject({ mirrors: [{ fraction: 70_000 }] })
})

test('a refused edit of a shadow keeps its last good version', () => {
  const pipeline = empty()
  set(pipeline, parts.join(''))
  const wanted = fingerprint(pipeline, gateway)
  set(pipeline, shadow.replace('weight: 5', 'weight: 500'))
  expect(fingerprint(pipeline, gateway)).toEqual(wanted)
  expect(diagnosticsOf(pipeline).map(({ code }) => code)).toContain('mirror/percentage-out-of-range')
})
