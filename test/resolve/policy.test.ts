import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import type { BackendPolicy } from '../../src/model/backend.ts'
import { policyFor, settingsFor } from '../../src/resolve/policy.ts'
import { sidecar } from '../support/configuration.ts'
import { policyOf, serviceOf } from '../support/model-values.ts'
import { visibleWith } from '../support/visible.ts'

const web = serviceOf('shop/web')
const host = web.host

interface Case {
  readonly what: string
  readonly client: string
  readonly policies: readonly BackendPolicy[]
  readonly expected: string | undefined
}

const cases: readonly Case[] = [
  { what: 'none', client: 'blog', policies: [], expected: undefined },
  {
    what: 'the client namespace wins over that of the service',
    client: 'blog',
    policies: [policyOf('shop/service', { host }), policyOf('blog/client', { host })],
    expected: 'client',
  },
  {
    what: 'the namespace of the service wins over the root namespace',
    client: 'blog',
    policies: [policyOf('istio-system/root', { host }), policyOf('shop/service', { host })],
    expected: 'service',
  },
  {
    what: 'a private policy of another namespace does not apply',
    client: 'blog',
    policies: [
      policyOf('istio-system/root', { host }),
      policyOf('shop/service', { host, visibility: { namespaces: ['shop'] } }),
    ],
    expected: 'root',
  },
  {
    what: 'an exact host wins over a wildcard',
    client: 'shop',
    policies: [policyOf('shop/all', { host: '*.shop.svc.cluster.local' }), policyOf('shop/one', { host })],
    expected: 'one',
  },
  {
    what: 'a longer wildcard wins over a shorter one',
    client: 'shop',
    policies: [
      policyOf('shop/short', { host: '*.local' }),
      policyOf('shop/long', { host: '*.shop.svc.cluster.local' }),
    ],
    expected: 'long',
  },
  {
    what: 'the oldest of one host wins',
    client: 'shop',
    policies: [
      policyOf('shop/young', { host, created: '2026-02-01T00:00:00Z' }),
      policyOf('shop/old', { host, created: '2026-01-01T00:00:00Z' }),
    ],
    expected: 'old',
  },
  {
    what: 'the first by name of the same age wins',
    client: 'shop',
    policies: [policyOf('shop/b', { host }), policyOf('shop/a', { host })],
    expected: 'a',
  },
  {
    what: 'in the root namespace a mesh-wide policy does not win over that of the service',
    client: 'istio-system',
    policies: [policyOf('istio-system/root', { host }), policyOf('shop/service', { host })],
    expected: 'service',
  },
]

describe('the policy of a client for a service', () => {
  test.each(cases)('$what', ({ client, policies, expected }) => {
    const visible = visibleWith({
      scope: sidecar(client),
      services: [web],
      policies,
      settings: defaultSettings,
    })
    expect(policyFor(web, visible)?.name).toBe(expected)
  })

  test('has the new subsets of later policies, not their settings', () => {
    const subset = (name: string) => ({ name, labels: { version: name }, settings: { all: {}, ports: {} } })
    const first = policyOf('shop/a', { host, subsets: [subset('v1')] })
    const later = policyOf('shop/b', {
      host,
      subsets: [subset('v1'), subset('v2')],
      settings: { all: { maxConnections: 1 }, ports: {} },
    })
    const found = policyFor(
      web,
      visibleWith({ scope: sidecar('shop'), services: [web], policies: [later, first] }),
    )
    expect(found?.subsets.map(({ name }) => name)).toEqual(['v1', 'v2'])
    expect(found?.settings.all).toEqual({})
  })
})

test('the settings of a port take precedence over those of all ports, in a subset too', () => {
  const policy = policyOf('shop/web', {
    host,
    settings: { all: { maxRequests: 1 }, ports: { 80: { maxRequests: 2 } } },
    subsets: [
      { name: 'v1', labels: {}, settings: { all: { maxRequests: 3 }, ports: { 80: { maxRequests: 4 } } } },
    ],
  })
  const found = (port: number, subset?: string) => settingsFor(policy, port, subset).maxRequests
  expect([found(90), found(80), found(90, 'v1'), found(80, 'v1'), found(80, 'v2')]).toEqual([
    1,
    2,
    3,
    4,
    undefined,
  ])
})
