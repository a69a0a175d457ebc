import { expect, test } from 'vitest'
import { measureEnvoyVersions, versionExpectations } from '../../bench/envoy-versions.ts'
import { fetchEnvoy } from '../../src/envoy/binary.ts'
import { releases } from '../../src/envoy/release.ts'
import type { Release } from '../../src/envoy/release.ts'
import { setting } from '../support/envoy-setting.ts'

/** Why the release's binary cannot be had here; undefined if it can. */
async function missingBinary(release: Release | undefined): Promise<string | undefined> {
  if (release === undefined) return 'there is no release'
  return fetchEnvoy(release, {
    env: process.env,
    progress: (line) => {
      console.error(line)
    },
  }).then(
    () => undefined,
    (error: unknown) => String(error),
  )
}

const versions = releases.map(({ version }) => version)

test(
  'the oldest supported Envoy and the newest answer, mirror, take edits and removals, and report what ' +
    'they refuse, over SotW and delta',
  async ({ skip }) => {
    const requests = 50
    const missing = await missingBinary(releases.at(-1))
    skip(missing !== undefined, missing)
    const rows = await measureEnvoyVersions({
      ...(await setting()),
      versions: [versions.at(-1) ?? '', versions[0] ?? ''],
      requests,
    })
    expect(versionExpectations(rows, requests).filter(({ held }) => !held)).toEqual([])
    expect(rows.map(({ version, mode, newerFormat }) => [version, mode, newerFormat])).toEqual([
      ['1.36.4', 'sotw', 'left out'],
      ['1.36.4', 'delta', 'left out'],
      ['1.40.0', 'sotw', 'sent'],
      ['1.40.0', 'delta', 'sent'],
    ])
  },
  300_000,
)
