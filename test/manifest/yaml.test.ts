import { describe, expect, test } from 'vitest'
import { parseManifests } from '../../src/manifest/yaml.ts'
import type { FieldPath } from '../../src/diagnostics/diagnostic.ts'

const reviews = `# the first
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  labels: {app: reviews, "tier": back}
  annotations:
    note: |
      two
      lines
spec:
  hosts: [reviews]
  http:
  - name: main
    mirror: {host: reviews-v2}
    mirror_percentage:
      value: 0.12345678901234567890
    route:
      - destination:
          host: reviews
`

function only(text: string) {
  const parsed = parseManifests('a.yaml', text)
  const [first] = parsed.manifests
  if (first === undefined) throw new Error(`no manifest: ${JSON.stringify(parsed.diagnostics)}`)
  return first
}

function problems(text: string) {
  return parseManifests('a.yaml', text).diagnostics.map(
    ({ code, message, place }) => `${place?.line}:${place?.column} ${code} ${message}`,
  )
}

function named(name: string, more = ''): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\n${more}`
}

describe('an object', () => {
  test('is read with its identity, labels, annotations and content', () => {
    const { manifest } = only(reviews)
    expect(manifest).toMatchObject({
      id: { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'default', name: 'reviews' },
      apiVersion: 'networking.istio.io/v1',
      labels: { app: 'reviews', tier: 'back' },
      annotations: { note: 'two\nlines\n' },
      created: '',
    })
    expect(manifest.object['spec']).toMatchObject({ hosts: ['reviews'] })
  })

  test('keeps the digits of a number that a double cannot hold, and only those', () => {
    expect(only(reviews).manifest.exactNumbers).toEqual({
      '["spec","http",0,"mirror_percentage","value"]': '0.12345678901234567890',
    })
    const numbers = only(
      named(
        'a',
        'n: [0.57, 33.3333, 1e3, 100, 0.10, +5, -0.0, 0xff, .nan, .inf, 9007199254740993, 1e999, ' +
          '0x20000000000001]\n',
      ),
    )
    expect(numbers.manifest.exactNumbers).toEqual({
      '["n",10]': '9007199254740993',
      '["n",11]': '1e999',
      '["n",12]': '0x20000000000001',
    })
    expect(numbers.manifest.object['n']).toEqual([
      0.57,
      33.3333,
      1000,
      100,
      0.1,
      5,
      -0,
      255,
      NaN,
      Infinity,
      9007199254740992,
      Infinity,
      9007199254740992,
    ])
  })

  test('of a kind without a namespace has none', () => {
    expect(only('apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}').manifest.id.namespace).toBe('')
    expect(
      only(
        named('a').replace(
          '{name: a}',
          '{name: a, namespace: shop, creationTimestamp: 2024-01-02T03:04:05Z}',
        ),
      ).manifest,
    ).toMatchObject({ id: { namespace: 'shop' }, created: '2024-01-02T03:04:05Z' })
  })

  test('may be JSON, with tabs, and with CRLF line ends', () => {
    const text =
      '{\r\n\t"apiVersion": "v1",\r\n\t"kind": "Service", "metadata": {"name": "a"},\r\n\t"spec": ' +
      '{"ports": [80]}\r\n}\r\n'
    expect(only(text).locate(['spec', 'ports', 0])).toEqual({
      file: 'a.yaml',
      line: 4,
      column: 21,
      text: '\t"spec": {"ports": [80]}',
      length: 2,
    })
  })

  test('has string keys, and `__proto__` is one like any other', () => {
    const { object } = only(named('a', 'spec: {80: x, true: y, __proto__: {polluted: 1}}\n')).manifest
    expect(JSON.stringify(object['spec'])).toBe('{"80":"x","true":"y","__proto__":{"polluted":1}}')
    expect(Object.getPrototypeOf(object['spec'])).toBe(Object.prototype)
  })

  test('reads aliases and merge keys', () => {
    const { manifest, locate } = only(
      named(
        'a',
        `base: &base {host: x, port: 1}
one: *base
two: {<<: *base, port: 2}
three:
  <<: [{host: y}, *base]
quoted: {"<<": kept}
`,
      ),
    )
    expect(manifest.object).toMatchObject({
      one: { host: 'x', port: 1 },
      two: { host: 'x', port: 2 },
      three: { host: 'y', port: 1 },
      quoted: { '<<': 'kept' },
    })
    expect(locate(['two', 'host'])).toMatchObject({ line: 4, column: 20, length: 1 })
    expect(locate(['one', 'port'])).toMatchObject({ line: 4, column: 29 })
  })
})

describe('a stream', () => {
  test('gives its objects in order; empty and comment-only documents are nothing', () => {
    const parsed = parseManifests(
      'a.yaml',
      `%YAML 1.2\n---\n# only a comment\n---\n${named('a')}---\n---   # ` +
        `b\n${named('b')}...\n${named('c')}---\n~\n---\n`,
    )
    expect(parsed.manifests.map(({ manifest }) => manifest.id.name)).toEqual(['a', 'b', 'c'])
    expect(parsed).toMatchObject({ complete: true, diagnostics: [] })
    expect(parsed.manifests.map(({ locate }) => locate(['metadata', 'name']).line)).toEqual([7, 12, 16])
  })

  test('of nothing is nothing', () => {
    for (const text of ['', '\n\n', '# c', '---', '\uFEFF', '---\n---\n']) {
      expect(parseManifests('a.yaml', text)).toMatchObject({ manifests: [], diagnostics: [], complete: true })
    }
  })

  test('loses only the document with the syntax error', () => {
    const parsed = parseManifests('a.yaml', `${named('a')}---\nkind: "open\nmore: [1\n---\n${named('b')}`)
    expect(parsed.manifests.map(({ manifest }) => manifest.id.name)).toEqual(['a', 'b'])
    expect(parsed.complete).toBe(false)
    expect(parsed.diagnostics).toMatchObject([
      { code: 'yaml/syntax', severity: 'error', place: { file: 'a.yaml', line: 6, text: 'more: [1' } },
    ])
  })

  test('reads a List as its items, with paths relative to the item', () => {
    const text = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: a}
  spec: {weight: 0.12345678901234567890}
- kind: Oops
- apiVersion: v1
  kind: ServiceList
  items:
  - metadata: {name: b}
    spec: {port: 80}
`
    const parsed = parseManifests('a.yaml', text)
    expect(
      parsed.manifests.map(({ manifest }) => [manifest.id.kind, manifest.id.name, manifest.apiVersion]),
    ).toEqual([
      ['Service', 'a', 'v1'],
      ['Service', 'b', 'v1'],
    ])
    expect(parsed.manifests[0]?.manifest.exactNumbers).toEqual({
      '["spec","weight"]': '0.12345678901234567890',
    })
    expect(parsed.manifests[1]?.locate(['spec', 'port'])).toMatchObject({ line: 13, column: 18, length: 2 })
    expect(parsed.diagnostics.map(({ message, place }) => [message, place?.line, place?.column])).toEqual([
      ['items[1] is not a Kubernetes object: it has no apiVersion, no metadata.name', 8, 3],
    ])
    expect(parsed.complete).toBe(false)
    expect(parseManifests('a.yaml', 'apiVersion: v1\nkind: List\n')).toMatchObject({
      manifests: [],
      complete: true,
    })
  })

  test('parses again only the documents that changed', () => {
    const before = parseManifests('a.yaml', `${named('a')}---\n${named('b')}`)
    const after = parseManifests('a.yaml', `${named('a2')}\n---\n${named('b')}`, { previous: before })
    expect(after.manifests[1]?.manifest).toBe(before.manifests[1]?.manifest)
    expect(after.manifests[1]?.locate([]).line).toBe((before.manifests[1]?.locate([]).line ?? 0) + 1)
  })
})

describe('a large document', () => {
  const many = (line: (index: number) => string) =>
    Array.from({ length: 50_000 }, (_, index) => line(index)).join('')

  test('takes time in step with its length: keys, anchors, aliases', () => {
    const keys = parseManifests('a.yaml', named('a', `x:\n${many((index) => `  k${index}: &a${index} x\n`)}`))
    expect(Object.keys(keys.manifests[0]?.manifest.object['x'] ?? {})).toHaveLength(50_000)
    const aliases = parseManifests('a.yaml', named('a', `x:\n- &a x\n${many(() => '- *a\n')}`))
    expect(aliases.manifests[0]?.manifest.object['x']).toHaveLength(50_001)
  }, 30_000)

  test('so do the places of many mistakes, and the numbers of many items', () => {
    const labels = parseManifests(
      'a.yaml',
      named('a').replace(
        'metadata: {name: a}\n',
        `metadata:\n  name: a\n  labels:\n${many((index) => `    k${index}: 1\n`)}`,
      ),
    )
    expect(labels.diagnostics).toHaveLength(50_000)
    expect(labels.diagnostics.at(-1)?.place?.line).toBe(50_005)
    const items =
      `apiVersion: v1\nkind: ` +
      `List\nitems:\n${many((index) => `- {apiVersion: v1, kind: Service, metadata: {name: a${index}}, x: 12345678901234567890}\n`)}`
    expect(parseManifests('a.yaml', items).manifests.at(-1)?.manifest.exactNumbers).toEqual({
      '["x"]': '12345678901234567890',
    })
  }, 60_000)
})

describe('a mistake', () => {
  test.each([
    ['duplicate keys', named('a', 'spec: {}\nspec: {}\n'), '5:1 yaml/syntax Map keys must be unique'],
    ['a tab as indentation', 'a:\n\tb: 1\n', '2:1 yaml/syntax Tabs are not allowed as indentation'],
    [
      'an open bracket',
      'a: [1,\n\n\n',
      '1:7 yaml/syntax Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['an unknown alias', named('a', 'x: *b\n'), '4:4 yaml/syntax the alias *b has no anchor &b before it'],
    [
      'an alias of itself',
      named('a', 'x: &x [*x]\n'),
      '4:8 yaml/syntax the alias *x is inside its own anchor',
    ],
    [
      'a merge of a scalar',
      named('a', 'x: {<<: 1}\n'),
      '4:9 yaml/syntax the merge key << takes a mapping or a list of mappings',
    ],
    [
      'a merge of itself',
      named('a', 'x: &x {<<: *x}\n'),
      '4:12 yaml/syntax the alias *x is inside its own anchor',
    ],
    [
      'a key that is a list',
      named('a', '? [a]\n: 1\n'),
      '4:3 yaml/syntax the key of a mapping must be a string',
    ],
    ['a list', '- a\n', '1:1 manifest/other-yaml the document is a list, not a Kubernetes object'],
    [
      'a list of objects',
      `- ${named('a').replaceAll('\n', '\n  ').trimEnd()}\n`,
      '1:1 manifest/not-an-object the document is a list, not a Kubernetes object',
    ],
    [
      'a scalar',
      'hello\n',
      '1:1 manifest/other-yaml the document is the string "hello", not a Kubernetes object',
    ],
    [
      'no name',
      'apiVersion: v1\nkind: Service\nmetadata: {namespace: x}\n',
      '1:1 manifest/not-an-object the document is not a Kubernetes object: it has no metadata.name',
    ],
    [
      'items that are no list',
      'kind: List\nitems: 5\n',
      '2:8 manifest/not-an-object items is not the list of objects that a List holds',
    ],
    [
      'a label that is no string',
      named('a').replace('{name: a}', '{name: a, labels: {version: 1, app: a}}'),
      '3:39 field/wrong-type Service default/a: metadata.labels.version is the number 1, must be a string',
    ],
  ])('%s has its place', (_, text, expected) => {
    expect(problems(text)).toEqual([expected])
  })

  test('in a label leaves the object and the other labels', () => {
    const parsed = parseManifests(
      'a.yaml',
      named('a').replace('{name: a}', '{name: a, labels: {version: 1, app: a}}'),
    )
    expect(parsed.manifests[0]?.manifest.labels).toEqual({ app: 'a' })
    expect(parsed.complete).toBe(true)
    expect(parsed.diagnostics[0]).toMatchObject({
      hint: 'write "1" in quotes',
      origin: { path: ['metadata', 'labels', 'version'] },
    })
  })

  test('is what a billion laughs and endless nesting are', () => {
    const laughs = Array.from(
      'bcdefghi',
      (name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(', ')}]`,
    )
    expect(problems(`a: &a [1, 1]\n${laughs.join('\n')}\n`)).toEqual([
      '1:8 yaml/syntax aliases expand to more than 100000 values',
    ])
    expect(problems('['.repeat(100_000))[0]).toMatch(/yaml\/syntax/)
    expect(problems(named('a', `x: ${'['.repeat(300)}${']'.repeat(300)}`))).toEqual([
      '4:204 yaml/syntax nested more than 200 levels deep',
    ])
  })
})

describe('a place', () => {
  const { locate } = only(reviews)
  test.each<[FieldPath, number, number, string]>([
    [[], 2, 1, 'apiVersion'],
    [['metadata', 'name'], 5, 9, 'reviews'],
    [['metadata', 'labels'], 6, 3, 'labels'],
    [['metadata', 'labels', 'tier'], 6, 34, 'back'],
    [['metadata', 'annotations', 'note'], 8, 11, '|'],
    [['spec', 'hosts', 0], 12, 11, 'reviews'],
    [['spec', 'http'], 13, 3, 'http'],
    [['spec', 'http', 0], 14, 5, 'name'],
    [['spec', 'http', 0, 'mirror'], 15, 5, 'mirror'],
    [['spec', 'http', 0, 'mirror', 'host'], 15, 20, 'reviews-v2'],
    [['spec', 'http', 0, 'mirrorPercentage', 'value'], 17, 14, '0.12345678901234567890'],
    [['spec', 'http', 0, 'route', 0, 'destination', 'host'], 20, 17, 'reviews'],
    [['spec', 'http', 0, 'route', 0, 'destination', 'port', 'number'], 19, 9, 'destination'],
    [['spec', 'http', 7, 'mirror'], 13, 3, 'http'],
    [['status'], 2, 1, 'apiVersion'],
  ])('of %j is %i:%i', (path, ...[line, column, text]) => {
    const place = locate(path)
    expect([place.line, place.column, place.text.slice(column - 1, column - 1 + place.length)]).toEqual([
      line,
      column,
      text,
    ])
  })

  test('of a name is the key', () => {
    expect(locate(['metadata', 'name'], 'key')).toMatchObject({ line: 5, column: 3, length: 4 })
    expect(locate(['spec', 'hosts', 0], 'key')).toMatchObject({ line: 12, column: 11 })
  })

  test('of an empty value is its key', () => {
    expect(only(named('a', 'spec:\n')).locate(['spec'])).toMatchObject({ line: 4, column: 1, length: 4 })
  })
})
