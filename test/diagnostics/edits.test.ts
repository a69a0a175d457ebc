import { expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { objectKey } from '../../src/diagnostics/diagnostic.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'
import { createPipeline, diagnosticsOf } from '../../src/pipeline/pipeline.ts'
import { endpointSlice, services } from '../features/ground.ts'

/** A pipeline that is edited, and the codes of what it finds after each edit. */
function edited() {
  const pipeline = createPipeline(defaultSettings)
  const codes = (): readonly string[] => {
    pipeline.flush()
    return [
      ...new Set(
        diagnosticsOf(pipeline)
          .filter(({ severity }) => severity !== 'info')
          .map(({ code }) => code),
      ),
    ].toSorted()
  }
  return {
    save(text: string): readonly string[] {
      for (const { manifest } of parseManifests('these.yaml', text).manifests)
        pipeline.setManifest(objectKey(manifest.id), manifest)
      return codes()
    },
    remove(text: string): readonly string[] {
      for (const { manifest } of parseManifests('these.yaml', text).manifests)
        pipeline.deleteManifest(objectKey(manifest.id))
      return codes()
    },
  }
}

const mirroring = (from: string, to: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${from}}
spec: {hosts: [${from}], http: [{route: [{destination: {host: ${from}}}], mirror: {host: ${to}}}]}
`

test('a loop is found with the mirror that closes it, and resolved with the first that goes', () => {
  const { save, remove } = edited()
  expect(save(services + mirroring('shop', 'shadow').replace(/^/, '---\n'))).toEqual([])
  expect(save(mirroring('shadow', 'lab'))).toEqual([])
  expect(save(mirroring('lab', 'shop'))).toEqual(['mirror/loop'])
  expect(remove(mirroring('shadow', 'lab'))).toEqual([])
})

test('a target without endpoints is found when its last one goes, and resolved when one is ready', () => {
  const { save } = edited()
  const ready = endpointSlice('shadow', { '10.0.0.1': 'v1' })
  expect(save(`${services}---\n${mirroring('shop', 'shadow')}---\n${ready}`)).toEqual([])
  expect(save(ready.replace('{addresses', '{conditions: {ready: false}, addresses'))).toEqual([
    'mirror/no-endpoints',
  ])
  expect(save(ready)).toEqual([])
})

test('a host that nothing defines is one no more when its Service comes', () => {
  const { save } = edited()
  const late =
    'apiVersion: v1\nkind: Service\nmetadata: {name: late}\nspec: {ports: [{name: http, port: 80}]}\n'
  const rule =
    'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: late}\nspec: {host: late}\n'
  expect(save(`${services}---\n${mirroring('shop', 'late')}---\n${rule}`)).toEqual([
    'mirror/unknown-host',
    'policy/unknown-host',
  ])
  expect(save(late)).toEqual([])
})

test('an older policy takes the host, and gives it back when it goes', () => {
  const { save, remove } = edited()
  const rule = (name: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: ${name}}\nspec: {host: ` +
    `shop, trafficPolicy: {loadBalancer: {simple: RANDOM}}}\n`
  expect(save(`${services}---\n${rule('b')}`)).toEqual([])
  expect(save(rule('a'))).toEqual(['policy/duplicate-host'])
  expect(remove(rule('a'))).toEqual([])
})
