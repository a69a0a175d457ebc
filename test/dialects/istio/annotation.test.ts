import { describe, expect, test } from 'vitest'
import { translateFirst } from '../../support/configuration.ts'
import { virtualService } from './text.ts'

const limits = {
  maxStreamDuration: 15_000,
  maxConnections: 128,
  maxPendingRequests: 128,
  maxRequests: 256,
  maxBody: 1_048_576,
  connectionBuffer: 16_384,
  outlierDetection: 'on',
}

function outcome(name: string, value: string) {
  const result = translateFirst(
    virtualService(
      'route: [{destination: {host: reviews}}]\nmirror: {host: shadow}',
      `, annotations: {${name}: ${value}}`,
    ),
  )
  const mirrors = result.routeTables.flatMap((table) =>
    table.routes.flatMap(({ action }) => (action.kind === 'forward' ? action.mirrors : [])),
  )
  return {
    found: result.found,
    refused: result.rejected,
    mirrors: mirrors.map(({ host, cluster, limits: own }) => ({ host, cluster, limits: own })),
  }
}

const usual = { host: { kind: 'suffix' }, cluster: 'auto', limits }

describe('an annotation of ours', () => {
  test.each([
    ['shadowplane.io/shadow-host', 'keep', { ...usual, host: { kind: 'keep' } }],
    ['shadowplane.io/shadow-host', 'suffix', usual],
    ['shadowplane.io/mirror-clusters', 'dedicated', { ...usual, cluster: 'dedicated' }],
    ['shadowplane.io/mirror-clusters', 'shared', { ...usual, cluster: 'shared' }],
    ['shadowplane.io/mirror-clusters', 'auto', usual],
    [
      'shadowplane.io/mirror-max-stream-duration',
      '2.5s',
      { ...usual, limits: { ...limits, maxStreamDuration: 2_500 } },
    ],
    ['shadowplane.io/mirror-max-connections', '"7"', { ...usual, limits: { ...limits, maxConnections: 7 } }],
    [
      'shadowplane.io/mirror-max-pending-requests',
      '"8"',
      { ...usual, limits: { ...limits, maxPendingRequests: 8 } },
    ],
    ['shadowplane.io/mirror-max-requests', '"9"', { ...usual, limits: { ...limits, maxRequests: 9 } }],
    ['shadowplane.io/mirror-max-body', '"65536"', { ...usual, limits: { ...limits, maxBody: 65_536 } }],
    ['shadowplane.io/mirror-max-body', '64Ki', { ...usual, limits: { ...limits, maxBody: 65_536 } }],
    ['shadowplane.io/mirror-max-body', '20Mi', { ...usual, limits: { ...limits, maxBody: 20_971_520 } }],
    [
      'shadowplane.io/mirror-max-body',
      'unlimited',
      { ...usual, limits: { ...limits, maxBody: 'unlimited' } },
    ],
    [
      'shadowplane.io/mirror-connection-buffer',
      '1Mi',
      { ...usual, limits: { ...limits, connectionBuffer: 1_048_576 } },
    ],
    [
      'shadowplane.io/mirror-outlier-detection',
      '"off"',
      { ...usual, limits: { ...limits, outlierDetection: 'off' } },
    ],
    ['other.io/mirror-max-requests', '"x"', usual],
  ])('%s: %s', (name, value, expected) => {
    expect(outcome(name, value)).toEqual({ found: [], refused: false, mirrors: [expected] })
  })

  test.each([
    ['shadowplane.io/shadow-host', 'drop', 'is "drop", must be suffix or keep'],
    ['shadowplane.io/mirror-clusters', 'Dedicated', 'is "Dedicated", must be auto, shared or dedicated'],
    [
      'shadowplane.io/mirror-max-body',
      '1MB',
      'is "1MB", must be bytes, as in 65536, 64Ki or 1Mi, or unlimited',
    ],
    [
      'shadowplane.io/mirror-max-body',
      '"0"',
      'is "0", must be bytes, as in 65536, 64Ki or 1Mi, or unlimited',
    ],
    [
      'shadowplane.io/mirror-max-body',
      '2Gi',
      'is "2Gi", must be bytes, as in 65536, 64Ki or 1Mi, or unlimited',
    ],
    [
      'shadowplane.io/mirror-connection-buffer',
      'unlimited',
      'is "unlimited", must be bytes, as in 65536, 64Ki or 1Mi',
    ],
    ['shadowplane.io/mirror-outlier-detection', 'yes', 'is "yes", must be on or off'],
    ['shadowplane.io/mirror-max-stream-duration', '0s', 'is "0s", must be seconds, as in 15s'],
    ['shadowplane.io/mirror-max-stream-duration', '"15"', 'is "15", must be seconds, as in 15s'],
    ['shadowplane.io/mirror-max-connections', '"0"', 'is "0", must be a whole number from 1'],
    ['shadowplane.io/mirror-max-requests', '"-1"', 'is "-1", must be a whole number from 1'],
    ['shadowplane.io/mirror-max-requests', '"1e3"', 'is "1e3", must be a whole number from 1'],
    [
      'shadowplane.io/constructor',
      '"1"',
      'is "1", no such annotation; there are shadow-host, mirror-clusters, mirror-max-stream-duration, ' +
        'mirror-max-body, mirror-connection-buffer, mirror-outlier-detection, mirror-max-connections, ' +
        'mirror-max-pending-requests, mirror-max-requests',
    ],
    [
      'shadowplane.io/mirror-max-reqests',
      '"1"',
      'is "1", no such annotation; there are shadow-host, mirror-clusters, mirror-max-stream-duration, ' +
        'mirror-max-body, mirror-connection-buffer, mirror-outlier-detection, mirror-max-connections, ' +
        'mirror-max-pending-requests, mirror-max-requests',
    ],
  ])('%s: %s is refused, and has no effect', (name, value, said) => {
    const { found, refused, mirrors } = outcome(name, value)
    expect(found).toEqual([`3:${43 + name.length} annotation/invalid annotation ${name} ${said}`])
    expect(refused).toBe(true)
    expect(mirrors).toEqual([usual])
  })
})
