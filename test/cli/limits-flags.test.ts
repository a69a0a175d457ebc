import { Command } from 'commander'
import { expect, onTestFinished, test } from 'vitest'
import { addLimitsFlags, limitsOf } from '../../src/cli/flags/limits-flags.ts'
import type { LimitsFlags } from '../../src/cli/flags/limits-flags.ts'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import type { ControlPlaneEvent } from '../../src/observe/event.ts'
import { defaultLimits } from '../../src/server/limits.ts'
import { folderWith } from '../support/folder.ts'
import { XdsClient } from '../support/xds-client.ts'

const parsed = (...args: readonly string[]) =>
  limitsOf(addLimitsFlags(new Command()).parse(args, { from: 'user' }).opts<LimitsFlags>())

test('without flags, the default limits', () => {
  expect(defaultLimits).toMatchObject(parsed())
})

test('MiB and seconds become bytes and milliseconds', () => {
  expect(
    parsed(
      '--max-streams',
      '20',
      '--max-resource-names',
      '300',
      '--max-request-size',
      '4',
      '--max-in-flight',
      '64',
      '--answer-timeout',
      '30',
      '--max-auxiliary-streams',
      '7',
    ),
  ).toMatchObject({
    streams: 20,
    names: 300,
    requestBytes: 4_194_304,
    bytesInFlight: 67_108_864,
    answerTimeout: 30_000,
    auxiliaryStreams: 7,
  })
})

test('a control plane keeps to them', async () => {
  const refused: string[] = []
  const observe = (event: ControlPlaneEvent): void => {
    if (event.kind === 'refused') refused.push(event.reason)
  }
  const folder = folderWith({
    'shop.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{name: http, port: 80}]}\n',
  })
  const limits = parsed('--max-streams', '1')
  const plane = await startControlPlane(
    { paths: [folder], listen: '127.0.0.1:0', admin: '127.0.0.1:0', settings: defaultSettings, limits },
    observe,
  )
  onTestFinished(() => plane.close())
  const connected = (): XdsClient => {
    const client = new XdsClient(plane.xdsAddress, { mode: 'delta' })
    onTestFinished(() => client.close())
    client.subscribe('cluster')
    return client
  }
  // One that has sent its request keeps its place.
  await connected().next()
  connected()
  await expect.poll(() => refused).toEqual(['1 streams are open, which is the limit of this control plane'])
})
