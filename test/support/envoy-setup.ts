import { findEnvoy } from '../../src/envoy/binary.ts'

/** Finds or downloads Envoy once, before the test files that need one ask for it at the same time. */
export default async function setUp(): Promise<void> {
  try {
    const { path } = await findEnvoy({
      env: process.env,
      progress: (line) => {
        console.error(line)
      },
    })
    process.env['ENVOY_BIN'] = path
  } catch (error) {
    console.error(
      `The tests that need a real Envoy will fail or skip: ` +
        (error instanceof Error ? error.message : String(error)),
    )
  }
}
