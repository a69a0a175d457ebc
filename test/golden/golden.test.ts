import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey, objectName } from '../../src/diagnostics/diagnostic.ts'
import type { Origin } from '../../src/diagnostics/diagnostic.ts'
import { renderPath } from '../../src/diagnostics/field-path.ts'
import { renderText } from '../../src/diagnostics/render.ts'
import type { Translated } from '../../src/dialects/dialect.ts'
import { readManifest, translateManifest } from '../../src/dialects/index.ts'
import { createPipeline, diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import { configDump } from '../../src/xds/config-dump.ts'
import { resourceTypes } from '../../src/xds/resource-types.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { gateway, locateIn, parse, resourcesOf, sidecar, lookupIn } from '../support/configuration.ts'

const cases = new URL('cases/', import.meta.url)
const names = readdirSync(cases).toSorted()

/**
 * Each input gives the meaning of its objects, their mistakes, and the resources of proxies; `vitest -u`
 * rewrites the files.
 */
describe.each(names)('%s', (name) => {
  const path = (file: string): string => new URL(`${name}/${file}`, cases).pathname
  const located = parse(readFileSync(path('input.yaml'), 'utf8'))
  const manifests = located.map(({ manifest }) => manifest)

  test('means this model', async () => {
    const model = manifests.map(
      (manifest) =>
        [
          objectKey(manifest.id),
          parts(
            translateManifest(readManifest(manifest, defaultSettings), lookupIn(manifests, defaultSettings)),
          ),
        ] as const,
    )
    await expect(json(Object.fromEntries(model))).toMatchFileSnapshot(path('model.json'))
  })

  test('is said to have these mistakes, and gives a gateway and a sidecar this', async () => {
    const pipeline = createPipeline(defaultSettings)
    for (const manifest of manifests) pipeline.setManifest(objectKey(manifest.id), manifest)
    for (const scope of [gateway, sidecar()]) pipeline.connect(scopeKey(scope), scope)
    pipeline.flush()
    const dump = (scope: Scope) =>
      configDump(
        resourceTypes.flatMap(({ name: type }) => resourcesOf(pipeline, scope, type)),
        'all',
      ).configs
    await expect(json({ gateway: dump(gateway), sidecar: dump(sidecar()) })).toMatchFileSnapshot(
      path('envoy.json'),
    )
    await expect(renderText(diagnosticsOf(pipeline), locateIn(located))).toMatchFileSnapshot(
      path('diagnostics.txt'),
    )
  })
})

test('no case has files that nothing reads', () => {
  for (const name of names)
    expect(readdirSync(new URL(`${name}/`, cases)).toSorted()).toEqual([
      'diagnostics.txt',
      'envoy.json',
      'input.yaml',
      'model.json',
    ])
})

/** Without what is empty, and without diagnostics, which have a file of their own. */
function parts(translated: Translated): object {
  return Object.fromEntries(
    Object.entries(translated).filter(
      ([name, value]) =>
        name !== 'diagnostics' && (Array.isArray(value) ? value.length > 0 : value !== false),
    ),
  )
}

/**
 * Versions are left out: they follow from the rest, and would make two differences of one. Origins are one
 * line each.
 */
function json(value: unknown): string {
  return `${JSON.stringify(value, (key, each: unknown) => (key === 'version_info' ? undefined : isOrigin(each) ? originText(each) : each), 2)}\n`
}

function isOrigin(value: unknown): value is Origin {
  return typeof value === 'object' && value !== null && 'object' in value && 'path' in value
}

function originText({ object, path }: Origin): string {
  return `${object.kind} ${objectName(object)} ${renderPath(path)}`
}
