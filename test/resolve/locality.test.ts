import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import type { BackendSettings, Endpoint } from '../../src/model/backend.ts'
import type { LocalityBalancing } from '../../src/model/locality.ts'
import { placed, planLocalities } from '../../src/resolve/locality.ts'
import { sidecar } from '../support/configuration.ts'

const endpointIn = (locality: string, labels: Endpoint['labels'] = {}): Endpoint => ({
  address: '10.0.0.1',
  ports: { 80: 80 },
  labels,
  weight: 1,
  locality,
})
const balancing = (more: Partial<LocalityBalancing>): LocalityBalancing => ({
  distribute: [],
  failover: [],
  comparisons: [],
  ...more,
})
const here = { ...sidecar('shop'), locality: 'eu/a/1' }
const watched: BackendSettings = { outlierDetection: {} }

describe('priorities by distance', () => {
  const plan = planLocalities({ ...watched, locality: balancing({}) }, [], {
    scope: here,
    mesh: defaultSettings,
  })

  test.each([
    ['eu/a/1', 0],
    ['eu/a/2', 1],
    ['eu/b/1', 2],
    ['us/a/1', 3],
  ])('%s has priority %i', (locality, priority) => {
    expect(plan.priorityOf(endpointIn(locality))).toBe(priority)
  })

  test('there are none without outlier detection, since Envoy never leaves a priority without it', () => {
    const without = planLocalities({ locality: balancing({}) }, [], { scope: here, mesh: defaultSettings })
    expect(without.priorityOf(endpointIn('us/a/1'))).toBe(0)
  })

  test('the region to fail over to comes before other regions', () => {
    const settings = { ...watched, locality: balancing({ failover: [{ from: 'eu', to: 'asia' }] }) }
    const failover = planLocalities(settings, [], { scope: here, mesh: defaultSettings })
    expect(['asia/x/1', 'us/a/1'].map((each) => failover.priorityOf(endpointIn(each)))).toEqual([3, 4])
  })
})

describe('shares of localities', () => {
  const endpoints = ['eu/a/1', 'eu/b/1', 'us/a/1', 'us/a/1'].map((locality) => endpointIn(locality))
  const weights = (rule: LocalityBalancing['distribute'][number]) =>
    planLocalities({ locality: balancing({ distribute: [rule] }) }, endpoints, {
      scope: here,
      mesh: defaultSettings,
    }).weights

  test.each([
    {
      what: 'a locality each',
      rule: { from: 'eu/a/1', shares: { 'eu/a/1': 80, 'us/a/1': 20 } },
      expected: { 'eu/a/1': 80, 'us/a/1': 20 },
    },
    {
      what: 'a wildcard shares by the weights of its endpoints',
      rule: { from: 'eu/*', shares: { '*': 100 } },
      expected: { 'eu/a/1': 25, 'eu/b/1': 25, 'us/a/1': 50 },
    },
    {
      what: 'a longer name first, the rest for a wildcard',
      rule: { from: '*', shares: { 'eu/a/1': 40, '*': 60 } },
      expected: { 'eu/a/1': 40, 'eu/b/1': 20, 'us/a/1': 40 },
    },
    { what: 'no rule for this locality', rule: { from: 'us/*', shares: { '*': 100 } }, expected: undefined },
  ])('$what', ({ rule, expected }) => {
    expect(weights(rule)).toEqual(expected)
  })

  test('a locality without a share gets no endpoint, and priorities have no gaps', () => {
    const members = [
      { locality: 'eu/a/1', priority: 4 },
      { locality: 'us/a/1', priority: 2 },
      { locality: 'eu/b/1', priority: 0 },
    ]
    expect(placed(members, { weights: { 'eu/a/1': 1, 'us/a/1': 1 } })).toEqual([
      { locality: 'eu/a/1', priority: 1 },
      { locality: 'us/a/1', priority: 0 },
    ])
  })
})

test('labels that endpoint and proxy share decide before distance', () => {
  const comparisons = ['tier', 'rack'].map((label) => ({
    label,
    value: undefined,
    part: undefined,
    isNetwork: false,
  }))
  const scope = { ...here, labels: { tier: 'gold', rack: '7' } }
  const plan = planLocalities({ ...watched, locality: balancing({ comparisons }) }, [], {
    scope,
    mesh: defaultSettings,
  })
  expect(
    [
      { tier: 'gold', rack: '7' },
      { tier: 'gold', rack: '8' },
      { tier: 'tin', rack: '7' },
    ].map((labels) => plan.priorityOf(endpointIn('us/a/1', labels))),
  ).toEqual([0, 1, 2])
})
