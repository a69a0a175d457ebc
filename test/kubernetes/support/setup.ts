import { clientBinary, NoServer, serverBinaries } from './server-binaries.ts'

/** Builds the programs once, before any test; where one cannot be had, the tests that need it skip. */
export default async function setUp(): Promise<void> {
  await orSkip('the tests against a real API server', async () => { await serverBinaries(progress) }, (message) => { process.env['SHADOWPLANE_NO_API_SERVER'] = message })
  await orSkip('the tests with kubectl', async () => { process.env['SHADOWPLANE_KUBECTL'] = await clientBinary('kubectl', progress) })
  await orSkip('the tests with Helm', async () => { process.env['SHADOWPLANE_HELM'] = await clientBinary('helm', progress) })
}

function progress(line: string): void {
  console.error(line)
}

async function orSkip(what: string, find: () => Promise<void>, otherwise: (message: string) => void = () => {}): Promise<void> {
  try {
    await find()
  } catch (thrown) {
    if (!(thrown instanceof NoServer)) throw thrown
    console.error(`SKIPPED: ${what}: ${thrown.message}`)
    otherwise(thrown.message)
  }
}
