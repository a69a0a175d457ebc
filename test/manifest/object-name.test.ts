import { describe, expect, test } from 'vitest'
import { parseManifests } from '../../src/manifest/yaml.ts'

const kinds = {
  service: ['v1', 'Service'],
  secret: ['v1', 'Secret'],
  namespace: ['v1', 'Namespace'],
  custom: ['example.com/v1', 'Thing'],
  role: ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  address: ['networking.k8s.io/v1', 'IPAddress'],
  user: ['user.openshift.io/v1', 'User'],
} as const

function read(kind: keyof typeof kinds, metadata: object) {
  const [apiVersion, name] = kinds[kind]
  return parseManifests('a.yaml', JSON.stringify({ apiVersion, kind: name, metadata }))
}

function says(kind: keyof typeof kinds, metadata: object): readonly string[] {
  return read(kind, metadata).diagnostics.map(
    ({ code, message, hint }) => `${code} ${message}${hint === undefined ? '' : `; ${hint}`}`,
  )
}

const label = 'must be lower case letters, digits and -, with a letter or digit at each end'
const subdomain =
  'must be lower case letters, digits, - and ., with a letter or digit at each end and around each .'

describe('a name that Kubernetes takes', () => {
  test.each([
    ['service', 'a'],
    ['service', '1st'],
    ['service', 'a'.repeat(63)],
    ['namespace', 'team-a'],
    ['custom', 'a.b-c.d'],
    ['custom', 'x'.repeat(253)],
    ['secret', '8.tls'],
    ['role', 'system:auth:a_B'],
    ['address', '2001:db8::1'],
    ['user', 'kube:admin'],
  ] as const)('%s %s', (kind, name) => {
    expect(says(kind, { name })).toEqual([])
    expect(
      read(kind, { name, namespace: 'team-1' }).manifests.map(({ manifest }) => manifest.id.name),
    ).toEqual([name])
  })
})

describe('a name that Kubernetes does not take', () => {
  test.each([
    ['custom', 'Shop_Routes', `is "Shop_Routes", ${subdomain}; write shop-routes`],
    ['custom', 'a\nb', `is "a\\nb", ${subdomain}; write a-b`],
    ['custom', 'nul\0', `is "nul\\u0000", ${subdomain}; write nul`],
    ['custom', '\ud800', `is "\\ud800", ${subdomain}`],
    ['custom', 'a..b', `is "a..b", ${subdomain}`],
    ['custom', ' ', `is " ", ${subdomain}`],
    ['custom', 'x'.repeat(254), 'is 254 characters long, must have at most 253'],
    ['service', 'x'.repeat(64), 'is 64 characters long, must have at most 63'],
    ['service', 'a.b', `is "a.b", ${label}`],
    ['secret', '-----BEGIN X', `is a key or certificate, ${subdomain}`],
    ['namespace', 'a.b', `is "a.b", ${label}`],
    ['custom', 7, 'is the number 7, must be a string; write "7" in quotes'],
    ['custom', { a: 1 }, 'is a collection, must be a string'],
  ] as const)('%s %j', (kind, name, what) => {
    const [, of] = kinds[kind]
    expect(says(kind, { name })).toEqual([`manifest/invalid-name ${of}: metadata.name ${what}`])
    expect(read(kind, { name }).manifests).toEqual([])
  })

  test('of a namespace; a kind without one may say anything there, and an empty one is the default', () => {
    expect(says('custom', { name: 'a', namespace: 'A.b' })).toEqual([
      `manifest/invalid-name Thing: metadata.namespace is "A.b", ${label}`,
    ])
    expect(says('custom', { name: 'A', namespace: 5 })).toEqual([
      `manifest/invalid-name Thing: metadata.name is "A", ${subdomain}; write a`,
      'manifest/invalid-name Thing: metadata.namespace is the number 5, must be a string; write "5" in ' +
        'quotes',
    ])
    expect(says('namespace', { name: 'a', namespace: 'A.b' })).toEqual([])
    expect(read('custom', { name: 'a', namespace: '' }).manifests[0]?.manifest.id.namespace).toBe('default')
    expect(read('custom', { name: 'a', namespace: null }).manifests[0]?.manifest.id.namespace).toBe('default')
  })

  test('costs its object only, is told at its place, and keeps what the file defined before', () => {
    const text = `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: a}}
- apiVersion: v1
  kind: Service
  metadata:
    name: B
    namespace: shop
---
apiVersion: v1
kind: Service
metadata: {name: c}
`
    const parsed = parseManifests('a.yaml', text)
    expect(parsed.manifests.map(({ manifest }) => manifest.id.name)).toEqual(['a', 'c'])
    expect(
      parsed.diagnostics.map(
        ({ message, place, severity }) => `${place?.line}:${place?.column} ${severity} ${message}`,
      ),
    ).toEqual([`8:11 error Service: items[1].metadata.name is "B", ${label}`])
    expect(parsed.complete).toBe(false)
  })
})
