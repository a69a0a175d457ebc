import { givenKubeconfig } from './given-cluster.ts'
import { clientBinary, NoServer, serverBinaries } from './server-binaries.ts'

/** Builds the programs once, before any test; where one cannot be had, the tests that need it skip. */
export default async function setUp(): Promise<void> {
  await orSkip(
    'the tests against a real API server',
    async () => {
      if (givenKubeconfig !== undefined)
        throw new NoServer(
          'SHADOWPLANE_TEST_KUBECONFIG is set: in that cluster only the installation is tested, as the ' +
            'others start and kill servers',
        )
      await serverBinaries(progress)
    },
    (message) => {
      process.env['SHADOWPLANE_NO_API_SERVER'] = message
    },
  )
  await orSkip('the tests with kubectl', async () => {
    process.env['SHADOWPLANE_KUBECTL'] = await clientBinary('kubectl', progress)
  })
  await orSkip('the tests with Helm', async () => {
    process.env['SHADOWPLANE_HELM'] = await clientBinary('helm', progress)
  })
}

function progress(line: string): void {
  console.error(line)
}

async function orSkip(
  what: string,
  find: () => Promise<void>,
  otherwise: (message: string) => void = () => {},
): Promise<void> {
  try {
    await find()
  } catch (thrown) {
    if (!(thrown instanceof NoServer)) throw thrown
    console.error(`SKIPPED: ${what}: ${thrown.message}`)
    otherwise(thrown.message)
  }
}
