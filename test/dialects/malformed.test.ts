import { expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { readManifest } from '../../src/dialects/index.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'

test.each([
  ['an annotation that is a number', 'annotations: {shadowplane.io/mirror-max-requests: 7}', true],
  ['a label that is a boolean', 'labels: {canary: true}', true],
  ['strings', 'annotations: {shadowplane.io/mirror-max-requests: "7"}, labels: {canary: "true"}', false],
])('%s: refused %s', (_, metadata, refused) => {
  const { manifests } = parseManifests(
    'a.yaml',
    `apiVersion: v1\nkind: Service\nmetadata: {name: a, ${metadata}}\nspec: {ports: [{name: http, port: ` +
      `80}]}\n`,
  )
  expect(manifests.map(({ manifest }) => readManifest(manifest, defaultSettings).rejected)).toEqual([refused])
})
