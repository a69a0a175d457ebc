import { NoServer, serverBinaries } from './server-binaries.ts'

/** Builds the servers once, before any test; where that cannot be, the tests skip. */
export default async function setUp(): Promise<void> {
  try {
    await serverBinaries((line) => { console.error(line) })
  } catch (thrown) {
    if (!(thrown instanceof NoServer)) throw thrown
    console.error(`SKIPPED: the tests against a real API server: ${thrown.message}`)
    process.env['SHADOWPLANE_NO_API_SERVER'] = thrown.message
  }
}
