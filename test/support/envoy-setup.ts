import { findEnvoy } from '../../src/envoy/binary.ts'

/** Finds or downloads Envoy once, before the test files that need one ask for it at the same time. */
export default async function setUp(): Promise<void> {
  const { path } = await findEnvoy({ env: process.env, progress: (line) => { console.error(line) } })
  process.env['ENVOY_BIN'] = path
}
