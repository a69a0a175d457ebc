import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import { statusOf } from '../../../src/dialects/index.ts'
import type { JsonObject } from '../../../src/manifest/manifest.ts'
import type { Settings } from '../../../src/model/settings.ts'
import { diagnosticsOf } from '../../../src/pipeline/pipeline.ts'
import { configure, parse } from '../../support/configuration.ts'
import type { Configuration } from '../../support/configuration.ts'

const blue: Settings = { ...defaultSettings, revision: 'blue' }
const now = '2026-02-03T04:05:06Z'

function text(label: string, percentage = 10): string {
  return (
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: default, generation: 3, labels: {${label}}}
spec:
  hosts: [shop]
  http: [{route: [{destination: {host: shop}}], mirror: {host: copy}, mirrorPercentage: {value: ` +
    `${percentage}}}]
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: default, labels: {istio.io/rev: green}}
spec: {selector: {app: shop}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: copy, namespace: default}
spec: {selector: {app: copy}, ports: [{name: http, port: 80}]}
`
  )
}

function status({ pipeline }: Configuration, current: JsonObject = {}): JsonObject | undefined {
  const [, report] =
    pipeline.read.entries(pipeline.statusReports).find(([key]) => key.includes('VirtualService')) ?? []
  const diagnostics = diagnosticsOf(pipeline).filter(({ origin }) => origin?.object.kind === 'VirtualService')
  return report === undefined ? undefined : statusOf(report, { current, diagnostics, now })
}

describe('the label of a revision', () => {
  const hosts = ({ pipeline }: Configuration): number =>
    pipeline.read.entries(pipeline.model.declaredTables).length
  const services = ({ pipeline }: Configuration): number =>
    pipeline.read.entries(pipeline.model.services).length

  test.each([
    { says: 'ours', label: 'istio.io/rev: blue', settings: blue, tables: 1 },
    { says: 'of another', label: 'istio.io/rev: green', settings: blue, tables: 0 },
    { says: 'absent: for all', label: '', settings: blue, tables: 1 },
    {
      says: 'of any, where no revision is asked for',
      label: 'istio.io/rev: green',
      settings: defaultSettings,
      tables: 1,
    },
  ])('$says', ({ label, settings, tables }) => {
    const configuration = configure(text(label), settings)
    expect(hosts(configuration)).toBe(tables)
    // Pods and Services carry it for the injector, which is no word on who reads them.
    expect(services(configuration)).toBe(2)
  })

  test('of another, later, takes the object away', () => {
    const configuration = configure(text('istio.io/rev: blue'), blue)
    for (const { manifest } of parse(text('istio.io/rev: green')))
      configuration.pipeline.setManifest(objectKey(manifest.id), manifest)
    configuration.pipeline.flush()
    expect(hosts(configuration)).toBe(0)
  })
})

describe('the status of a VirtualService', () => {
  test.each([
    ['without a label', '', blue],
    ['without a revision', 'istio.io/rev: blue', defaultSettings],
  ])('is left to istiod %s', (_, label, settings) => {
    expect(status(configure(text(label), settings))).toBeUndefined()
  })

  test('of ours says that nothing is wrong', () => {
    expect(status(configure(text('istio.io/rev: blue'), blue))).toMatchObject({
      observedGeneration: 3,
      conditions: [{ type: 'Accepted', status: 'True', observedGeneration: 3, lastTransitionTime: now }],
    })
  })

  test('says what is wrong, and keeps the conditions of others', () => {
    const other = { type: 'Reconciled', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }
    expect(status(configure(text('istio.io/rev: blue', 150), blue), { conditions: [other] })).toMatchObject({
      conditions: [
        other,
        {
          type: 'Accepted',
          status: 'False',
          reason: 'Errors',
          message: expect.stringContaining(
            'spec.http[0].mirrorPercentage.value: VirtualService default/shop: ',
          ) as string,
        },
      ],
      validationMessages: [
        {
          type: { code: 'mirror/percentage-out-of-range', name: 'mirror/percentage-out-of-range' },
          level: 'ERROR',
        },
      ],
    })
  })

  test('of a refused edit says that the last good version is in force', () => {
    const configuration = configure(text('istio.io/rev: blue'), blue)
    for (const { manifest } of parse(text('istio.io/rev: blue', 150)))
      configuration.pipeline.setManifest(objectKey(manifest.id), manifest)
    configuration.pipeline.flush()
    expect(status(configuration)).toMatchObject({
      conditions: [
        {
          type: 'Accepted',
          status: 'False',
          reason: 'Refused',
          message: expect.stringContaining('the last good version stays in force') as string,
        },
      ],
    })
  })
})
