import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { validation } from '../diagnostics/validation.ts'
import { absentMessage, sharedFolder } from '../support/shared.ts'

/** `severity code` of every error and warning of each case of the field, as it should be. */
const expected: Readonly<Record<string, readonly string[]>> = {
  '02-ambassador-annotation-old': ['error annotation/unread'],
  '03-mapping-v1': [],
  '05-authorization-policy': [
    'error route/unprotected',
    'error route/unprotected',
    'error route/unprotected',
  ],
  '08-primary-backendtlspolicy': [],
  '09-gloo-discovered-upstream': [],
  '12-client-side-destinationrule': [
    'error mirror/unknown-subset',
    'error route/unknown-subset',
    'warning mirror/no-endpoints',
    'warning route/no-endpoints',
  ],
  '13-private-service': [],
  '15-mirror-percentage-empty': ['warning mirror/percentage-absent'],
  '18-mirror-fields-of-mirrors': [
    'error field/required',
    'error field/unknown',
    'error field/unknown',
    'error field/unknown',
    'error field/wrong-type',
    'error field/wrong-type',
  ],
  '19-filter-without-type': ['error field/required'],
  '21-illegible-backend': ['error field/required', 'error field/wrong-type'],
  '23-kustomize-dir': [],
  '26-deployment-twice': [],
  '27-waypoint-hbone': ['warning gateway/unsupported-protocol'],
  '29-https-gateway-excerpt': ['error reference/invalid-kind', 'error tls/unknown-secret'],
  '31-emissary-endpoint-resolver': [],
  '32-grpcroute-mirror': [],
  '41-flagger-delegation': [],
  '42-flagger-gatewayapi': [],
  '44-argo-setmirrorroute': [
    'warning mirror/to-itself',
    'warning route/unreachable',
    'warning route/unreachable',
  ],
  '46-weight-absent': ['warning mirror/no-endpoints', 'warning route/no-endpoints'],
  '48-mirror-direct-response': ['error reference/invalid-kind'],
  '50-knative-ingress': [],
  '52-mirror-between-clusters': [],
}

const field = join(sharedFolder, 'field')

const isAbsent = !existsSync(field)

describe.skipIf(isAbsent)(`manifests of the field${isAbsent ? `: ${absentMessage}` : ''}`, () => {
  test.for(Object.keys(expected))('%s', async (name) => {
    const path =
      ['input.yaml', 'input'].map((each) => join(field, name, each)).find((each) => existsSync(each)) ?? ''
    const { found } = await validation([path], { least: 'warning', hide: [] })
    expect(found.map(({ diagnostic }) => `${diagnostic.severity} ${diagnostic.code}`).toSorted()).toEqual(
      expected[name],
    )
  })

  test('each folder is in the table', () => {
    expect(
      readdirSync(field, { withFileTypes: true })
        .filter((each) => each.isDirectory())
        .map((each) => each.name)
        .toSorted(),
    ).toEqual(Object.keys(expected))
  })
})
