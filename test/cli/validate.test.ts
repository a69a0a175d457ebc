import { expect, test } from 'vitest'
import { command, shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'

const broken = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route: [{destination: {host: reviews}}]
    mirror: {host: shadow}
    mirrorPercentage:
      value: 150
---
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 80}]}
`

test('text has the place, the line, a caret and a hint; an error is status 1', async () => {
  const folder = folderWith({ 'reviews.yaml': broken })
  const { status, stdout } = await shadowplane(['validate', '-f', 'reviews.yaml'], { cwd: folder })
  expect(stdout).toBe(
    `reviews.yaml:10:14 error mirror/percentage-out-of-range  VirtualService default/reviews: ` +
      `mirrorPercentage.value is 150, must be 0 to 100
    value: 150
           ^^^   hint: write a percentage from 0 to 100
`,
  )
  expect(status).toBe(1)
})

test('json is one array with every key', async () => {
  const folder = folderWith({ 'reviews.yaml': broken })
  const { stdout } = await command(['validate', '-f', 'reviews.yaml', '-o', 'json'], { cwd: folder })
  expect(JSON.parse(stdout)).toEqual([
    {
      code: 'mirror/percentage-out-of-range',
      severity: 'error',
      message: 'VirtualService default/reviews: mirrorPercentage.value is 150, must be 0 to 100',
      hint: 'write a percentage from 0 to 100',
      object: { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'default', name: 'reviews' },
      path: ['spec', 'http', 0, 'mirrorPercentage', 'value'],
      file: 'reviews.yaml',
      line: 10,
      column: 14,
    },
  ])
})

test('github is a workflow command', async () => {
  const folder = folderWith({ 'reviews.yaml': broken })
  const { stdout } = await command(['validate', '-f', 'reviews.yaml', '-o', 'github'], { cwd: folder })
  expect(stdout).toMatch(/^::error file=reviews\.yaml,line=10,col=14,title=mirror\/percentage-out-of-range::/)
})

test('what is sound has nothing to report, also to a real Envoy', async () => {
  const { status, stdout } = await command(['validate', '-f', 'examples/istio-cross-cluster', '--envoy'])
  expect(stdout).toBe('nothing to report\n')
  expect(status).toBe(0)
})

test("a regular expression beyond Envoy's own limit, and within ours, is accepted", async () => {
  const folder = folderWith({
    'shop.yaml': [
      'apiVersion: networking.istio.io/v1',
      'kind: VirtualService',
      'metadata: {name: shop}',
      'spec:',
      '  hosts: [shop]',
      '  http:',
      "  - match: [{uri: {regex: '/\\d{1000}'}}]",
      '    route: [{destination: {host: shop}}]',
      '---',
      'apiVersion: v1',
      'kind: Service',
      'metadata: {name: shop}',
      'spec: {ports: [{name: http, port: 80}]}',
      '',
    ].join('\n'),
  })
  const { status, stdout } = await command(['validate', '-f', 'shop.yaml', '--envoy'], { cwd: folder })
  expect(stdout).toBe('nothing to report\n')
  expect(status).toBe(0)
})

test('notes are counted on standard error, and printed when they are asked for', async () => {
  const folder = folderWith({ 'reviews.yaml': broken.replace('150', '15') })
  const quiet = await command(['validate', '-f', 'reviews.yaml'], { cwd: folder })
  expect(quiet.stdout).toMatch(/^reviews\.yaml:8:20 error mirror\/unknown-host /)
  const sound = await command(['validate', '-f', 'reviews.yaml', '--severity', 'error'], {
    cwd: folderWith({ 'reviews.yaml': broken.replace('150', '15').replace('shadow', 'reviews') }),
  })
  expect(sound).toMatchObject({ stdout: 'nothing to report\n', status: 0 })
  expect(sound.stderr).toMatch(
    /^1 warning, \d notes?; --severity info prints all of them; shadowplane explain-code CODE says more\n$/,
  )
  const all = await command(['validate', '-f', 'reviews.yaml', '--severity', 'info', '-o', 'json'], {
    cwd: folderWith({ 'reviews.yaml': broken.replace('150', '15').replace('shadow', 'reviews') }),
  })
  expect((JSON.parse(all.stdout) as readonly { readonly code: string }[]).map(({ code }) => code)).toEqual([
    'mirror/to-itself',
    'mirror/write-methods',
  ])
})
