import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { command, shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'

const services = ['shop', 'shadow']
  .map(
    (name) =>
      `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{name: http, port: 80}]}\n`,
  )
  .join('---\n')
const mappings = `apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: shop}
spec: {prefix: /shop/, hostname: '*', service: shop}
---
apiVersion: getambassador.io/v3alpha1
kind: Mapping
metadata: {name: shop-shadow}
spec: {prefix: /shop/, hostname: '*', service: shadow, shadow: true, weight: 10}
`

describe('convert', () => {
  test('writes YAML with a comment on what could not be carried, and counts them', async () => {
    const folder = folderWith({ 'services.yaml': services, 'mappings.yaml': mappings })
    const { status, stdout, stderr } = await shadowplane(['convert', '-f', folder, '--to', 'istio'])
    expect(status).toBe(0)
    expect(parseAllDocuments(stdout).map((each) => (each.toJS() as { kind: string }).kind)).toEqual([
      'Gateway',
      'VirtualService',
    ])
    expect(stdout).toContain('# Taken as given, and not repeated: Service default/shadow, default/shop\n')
    expect(stdout).toMatch(/^# not carried, settings of connections: Mapping default\/shop/m)
    expect(stderr).toBe('2 objects written; 1 thing could not be carried, see the comments\n')
  })

  test('a comment stands before the field that it is about', async () => {
    const { stdout } = await command(['convert', '-f', '-', '--to', 'gateway-api'], {
      input: `${services}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:
  - route: [{destination: {host: shop}}]
    retries: {attempts: 2, retryOn: "5xx"}
`,
    })
    expect(stdout).toContain('      # not carried, retries on 5xx\n      retry:\n        attempts: 2\n')
  })

  test('writes to a file', async () => {
    const folder = folderWith({ 'in.yaml': services + '---\n' + mappings })
    const file = join(folder, 'out.txt')
    const { status, stdout } = await command([
      'convert',
      '-f',
      join(folder, 'in.yaml'),
      '--to',
      'gateway-api',
      '-o',
      file,
    ])
    expect([status, stdout]).toEqual([0, ''])
    expect(readFileSync(file, 'utf8')).toContain('percent: 10')
  })

  test('a rule that would answer with an error is an error, and says that its mirror is lost', async () => {
    const subsets =
      `${services}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {hosts: [shop], http: [{route: [{destination: {host: shop, subset: v1}}], mirror: {host: shop, ` +
      `subset: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec: {host: shop, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
`
    const { status, stdout, stderr } = await command(['convert', '-f', '-', '--to', 'gateway-api'], {
      input: subsets,
    })
    expect(status).toBe(1)
    expect(stderr).toContain('error: 1 rule would answer requests with an error')
    expect(stdout).toContain('the requests are answered with 500, and not mirrored')
  })

  test('with errors in the input, the rest is converted', async () => {
    const { status, stdout, stderr } = await command(['convert', '-f', '-', '--to', 'istio'], {
      input: `${services}---\n${mappings}---\nkind: [\n`,
    })
    expect(status).toBe(1)
    expect(stderr).toContain('error yaml/syntax')
    expect(stdout).toContain('kind: VirtualService')
  })

  test('leaves what is in the dialect already as it is', async () => {
    const { stdout, stderr } = await command(['convert', '-f', '-', '--to', 'istio'], {
      input: `${services}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {hosts: [shop], http: [{route: [{destination: {host: shop}}]}]}
`,
    })
    expect(stdout).toContain('# In this dialect already, and left as they are: VirtualService default/shop\n')
    expect(stderr).toBe('0 objects written; 0 things could not be carried\n')
  })

  test('names the dialects that can be written', async () => {
    const { status, stderr } = await command(['convert', '-f', '-', '--to', 'gloo'])
    expect(status).toBe(2)
    expect(stderr).toContain('istio, gateway-api')
  })
})

describe('validate --portability', () => {
  const text =
    `${services}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, annotations: {shadowplane.io/shadow-host: keep}}
spec: {hosts: [shop], http: [{route: [{destination: {host: shop}}], mirror: {host: shadow}, ` +
    `mirrorPercentage: {value: 0.57}}]}
`

  test("warns of what the vendor's controller does otherwise", async () => {
    const { status, stdout } = await command(['validate', '--portability', '-f', '-'], { input: text })
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining(
        'warning portability/percentage  VirtualService default/shop: istiod mirrors 0.5699 % of the ' +
          'requests, not 0.57 %',
      ),
    ])
  })

  test('without it nothing is said', async () => {
    expect((await command(['validate', '-f', '-'], { input: text })).stdout).toBe('nothing to report\n')
  })
})
