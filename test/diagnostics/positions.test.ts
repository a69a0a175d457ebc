import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { validation } from './validation.ts'

const around = join(projectRoot, 'docs/diagnostics/around.yaml')
const head = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route: [{destination: {host: shop}}]
`

/** `§` marks the place that is meant, in each text. */
const layouts: Readonly<Record<string, string>> = {
  'block style': `${head}    mirror:\n      host: §shadov\n`,
  'flow style': `${head}    mirror: {host: §shadov}\n`,
  'flow style over several lines': `${head}    mirror: {\n      host:\n        §shadov,\n      port: {number: 80}\n    }\n`,
  'a list in a list':
    `${head}    mirrors:\n    - destination: {host: shadow}\n    - destination: {host: ` +
    `§shadov}\n      percentage: {value: 5}\n`,
  quotes: `${head}    mirror: {host: §"shadov"}\n`,
  'a literal block scalar': `${head}    mirror:\n      host: §|-\n        shadov\n`,
  'a folded block scalar with an explicit indentation': `${head}    mirror:\n      host: §>2-\n        shadov\n`,
  'behind a block scalar': `${head.replace('{name: shop}', '\n  name: shop\n  annotations:\n    note: |\n      one: line\n\n      mirror: {host: no}')}    mirror: {host: §shadov}\n`,
  'an alias of the value, where it stands': `${head.replace('{name: shop}', '{name: shop, labels: {target: &copy shadov}}')}    mirror: {host: §*copy }\n`,
  'an alias of what is around it, at the anchor': `${head.replace('route: [{', 'route: [&other {').replace('host: shop}}]', 'host: §shadov}}]')}    mirrors: [*other ]\n`,
  CRLF: `${head}    mirror:\n      host: §shadov\n`.replaceAll('\n', '\r\n'),
  'a byte order mark': `\uFEFF${head}    mirror: {host: §shadov}\n`,
  'a byte order mark on the very line':
    '\uFEFF{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: shop}, spec: ' +
    '{hosts: [shop], http: [{route: [{destination: {host: shop}}], mirror: {host: §shadov}}]}}\n',
  'characters beyond ASCII, counted as UTF-16': `${head}    mirror: {\n      # é, 日本, 😀\n      host: §shadov} # ü\n`,
  'JSON with tabs':
    '{\n\t"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": ' +
    '"shop"},\n\t"spec": {"hosts": ["shop"], "http": [\n\t\t{"route": [{"destination": {"host": ' +
    '"shop"}}], "mirror": {"host":\t§"shadov"}}\n\t]}\n}\n',
  'tabs between tokens': `${head}    mirror:\t{host:\t§shadov}\t# tab\n`,
  'the second document, behind a comment': `# nothing\n---\n# more\n${head}    mirror: {host: §shadov}\n`,
  'an item of a List':
    `apiVersion: v1\nkind: List\nitems:\n- ` +
    `${head.trimEnd().replaceAll('\n', '\n  ')}\n      mirror: {host: §shadov}\n`,
}

test.each(Object.entries(layouts))('a value is found in %s', async (_, marked) => {
  const before = marked.slice(0, marked.indexOf('§'))
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  const column = before.length - lineStart + 1 - (line === 1 && before.startsWith('\uFEFF') ? 1 : 0)
  const folder = folderWith({ 'wrong.yaml': marked.replace('§', '') })
  const { found } = await validation([around, join(folder, 'wrong.yaml')], { least: 'warning', hide: [] })
  expect([...new Set(found.map(({ place }) => `${place?.line}:${place?.column}`))]).toEqual([
    `${line}:${column}`,
  ])
  expect(found.map(({ diagnostic }) => diagnostic.code)).toContain('mirror/unknown-host')
})

describe('what stands behind the caret', () => {
  test.each([
    ['CRLF', 'CRLF', '    host: shadov\n          ^^^^^^'],
    ['JSON with tabs', 'a tab, shown as one space', '"mirror": {"host": "shadov"}}\n'],
    ['a literal block scalar', 'the indicator of a block scalar', '    host: |-\n          ^^'],
  ])('%s: %s', async (layout, _, shown) => {
    const folder = folderWith({ 'wrong.yaml': (layouts[layout] ?? '').replace('§', '') })
    const { text } = await validation([around, join(folder, 'wrong.yaml')], {
      least: 'warning',
      hide: [`${folder}/`],
    })
    expect(text).toContain(shown)
  })
})
