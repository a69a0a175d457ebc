/**
 * Certificates replaced under load, at the gateway and behind it: `node bench/certificate-rotation.ts [--json
 * FILE]`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { table } from '../src/demo/display.ts'
import type { Expectation } from '../src/demo/expectation.ts'
import { waitFor } from '../src/demo/wait.ts'
import { bootstrap, defaultBootstrap } from '../src/envoy/bootstrap.ts'
import type { BootstrapOptions } from '../src/envoy/bootstrap.ts'
import { startEnvoy } from '../src/envoy/process.ts'
import { runBench } from './support/bench-run.ts'
import type { BenchReport, BenchSetting } from './support/bench-run.ts'
import { createAuthority } from './support/tls/certificate.ts'
import type { Authority, Issued } from './support/tls/certificate.ts'
import { saveByRename } from './support/saved-file.ts'
import { freePort } from './support/free-port.ts'
import { startServe } from './support/serve-process.ts'
import { startTlsBackend } from './support/tls/tls-backend.ts'
import type { TlsBackend } from './support/tls/tls-backend.ts'
import { requestOnce, startTlsLoad } from './support/tls/tls-load.ts'
import type { TlsLoad, TlsTally } from './support/tls/tls-load.ts'
import { secretManifest, tlsManifests } from './support/tls/tls-manifests.ts'

export interface RotationOptions extends BenchSetting {
  readonly modes: readonly BootstrapOptions['mode'][]
  /** Requests at a time. */
  readonly lanes: number
  /** How often both Secrets are replaced. */
  readonly rotations: number
  /** Requests between them. */
  readonly requests: number
}

/** One replacement of both Secrets; milliseconds from saving the file. */
export interface Rotation {
  readonly toClient: number
  readonly toBackend: number
  /** Responses that it led to, as `type name name`. */
  readonly sent: readonly string[]
}

export interface RotationResult {
  readonly mode: BootstrapOptions['mode']
  readonly tally: TlsTally
  readonly rotations: readonly Rotation[]
  /** Certificates that the client, and the backend, saw. */
  readonly seenByClient: number
  readonly seenByBackend: number
  /** Where a private key, or PEM at all, was found that must not be shown. */
  readonly shown: readonly string[]
}

const host = 'shop.example.com'

export async function measureRotation(
  options: RotationOptions,
): Promise<BenchReport & { readonly results: readonly RotationResult[] }> {
  const results: RotationResult[] = []
  for (const mode of options.modes) {
    options.progress(`${options.rotations} rotations under load, Envoy in ${mode} mode`)
    await using parts = new AsyncDisposableStack()
    results.push(await measureMode(mode, options, parts))
  }
  return { results, ...report(results, options) }
}

/** The certificates that the client and the backend hold, and the Secrets in force. */
interface Trust {
  readonly servers: Authority
  readonly clients: Authority
}

async function measureMode(
  mode: BootstrapOptions['mode'],
  options: RotationOptions,
  parts: AsyncDisposableStack,
): Promise<RotationResult> {
  const { signal, binary } = options
  const keep = <T extends { close(): Promise<unknown> }>(part: T): T =>
    parts.adopt(part, async (each) => {
      await each.close()
    })
  const trust: Trust = { servers: createAuthority('servers'), clients: createAuthority('clients') }
  const backend = keep(
    await startTlsBackend({
      name: 'shop',
      own: trust.servers.issue({ name: 'shop.internal', names: ['shop.internal'] }),
      authority: trust.clients.certificate,
    }),
  )
  const folder = parts.adopt(await mkdtemp(join(tmpdir(), 'shadowplane-rotation-')), (path) =>
    rm(path, { recursive: true, force: true }),
  )
  await writeFile(join(folder, 'shop.yaml'), tlsManifests(host, backend.port))
  const first = await saveSecrets(folder, trust)
  const serve = keep(await startServe({ paths: [folder], signal }))
  const port = await freePort()
  const envoy = keep(
    await startEnvoy({
      binary,
      bootstrap: bootstrap({
        ...defaultBootstrap,
        role: 'gateway',
        labels: { istio: 'ingressgateway' },
        bindAddress: '127.0.0.1',
        portMap: { 443: port },
        xds: serve.xds,
        mode,
      }),
    }),
  )
  await envoy.ready()
  const client = { port, host, authority: trust.servers.certificate }
  await waitFor({
    what: 'Envoy to answer over TLS',
    timeout: 20_000,
    signal,
    look: async () => 'fingerprint' in (await requestOnce(client)) || undefined,
  })
  const load = keep(startTlsLoad({ ...client, lanes: options.lanes }))
  const rotations: Rotation[] = []
  const keys = [first.gateway.privateKey, first.client.privateKey]
  for (let count = 0; count < options.rotations; count += 1) {
    await load.more(options.requests, signal)
    const from = serve.events.length
    const saved = await saveSecrets(folder, trust)
    keys.push(saved.gateway.privateKey, saved.client.privateKey)
    const seen = await seenSince(saved, { load, backend, signal })
    rotations.push({
      ...seen,
      sent: serve
        .of('pushed', from)
        .map(({ type, sent, removed }) => [type, ...sent, ...removed.map((name) => `-${name}`)].join(' ')),
    })
  }
  await load.more(options.requests, signal)
  await load.close()
  const [{ admin } = { admin: '' }] = serve.of('listening')
  const dump = await (await fetch(`http://${admin}/config_dump?proxy=${encodeURIComponent('#1')}`)).text()
  return {
    mode,
    rotations,
    tally: load.tally(),
    seenByClient: load.seen.size,
    seenByBackend: backend.seen.size,
    shown: [
      ...found('the log', JSON.stringify(serve.events), keys),
      ...found('the config dump', dump, keys),
      ...(dump.includes('kubernetes://shop-cert') ? [] : ['no secret in the config dump']),
    ],
  }
}

interface SavedSecrets {
  readonly gateway: Issued
  readonly client: Issued
  /** `performance.now()`. */
  readonly at: number
}

/** Both Secrets in one file, with new keys and certificates. */
async function saveSecrets(folder: string, { servers, clients }: Trust): Promise<SavedSecrets> {
  const gateway = servers.issue({ name: host, names: [host] })
  const client = clients.issue({ name: 'gateway', names: ['gateway.internal'] })
  const text = [
    secretManifest({ name: 'shop-cert', issued: gateway }),
    secretManifest({ name: 'shop-client', issued: client, authority: servers.certificate }),
  ].join('---\n')
  return { gateway, client, at: await saveByRename(join(folder, 'secrets.yaml'), text) }
}

interface Watched {
  readonly load: TlsLoad
  readonly backend: TlsBackend
  readonly signal: AbortSignal
}

async function seenSince(
  { gateway, client, at }: SavedSecrets,
  { load, backend, signal }: Watched,
): Promise<Pick<Rotation, 'toClient' | 'toBackend'>> {
  const seen = (what: string, by: ReadonlyMap<string, number>, fingerprint: string): Promise<number> =>
    waitFor({
      what: `${what} to see the new certificate`,
      timeout: 20_000,
      signal,
      look: () => (by.has(fingerprint) ? performance.now() - at : undefined),
    })
  const [toClient, toBackend] = await Promise.all([
    seen('the client', load.seen, gateway.fingerprint),
    seen('the backend', backend.seen, client.fingerprint),
  ])
  return { toClient, toBackend }
}

function found(where: string, text: string, keys: readonly string[]): readonly string[] {
  const bodies = keys.flatMap((key) => [
    key.split('\n')[1] ?? key,
    Buffer.from(key).toString('base64').slice(0, 120),
  ])
  return bodies.some((body) => text.includes(body)) ? [`a private key in ${where}`] : []
}

function report(results: readonly RotationResult[], { rotations: wanted }: RotationOptions): BenchReport {
  const rows = results.map(({ mode, tally, rotations, seenByClient, seenByBackend }) => [
    mode,
    `${tally.answered + tally.failed}`,
    `${tally.failed}`,
    `${rotations.length}`,
    `${seenByClient}`,
    `${seenByBackend}`,
    rotations.map(({ toClient }) => toClient.toFixed(0)).join(', '),
    rotations.map(({ toBackend }) => toBackend.toFixed(0)).join(', '),
  ])
  const head = [
    '',
    'requests',
    'failed',
    'rotations',
    'certificates seen by the client',
    'by the backend',
    'ms to the client',
    'ms to the backend',
  ]
  return {
    lines: [
      ...table([head, ...rows]),
      '',
      'sent for one rotation:',
      ...results.map(({ mode, rotations: [first] }) => `    ${mode}: ${first?.sent.join('; ') ?? ''}`),
    ],
    expectations: results.flatMap((each) => expectations(each, wanted)),
    data: { results },
  }
}

function expectations(
  { mode, tally, rotations, seenByClient, seenByBackend, shown }: RotationResult,
  wanted: number,
): readonly Expectation[] {
  const others = rotations.flatMap(({ sent }) => sent).filter((each) => !each.startsWith('secret '))
  return [
    {
      what: `${mode}: no request failed`,
      held: tally.failed === 0 && tally.answered > 0,
      found:
        tally.failed === 0
          ? `${tally.answered} answered`
          : `${tally.failed} failed; the first: ${tally.failure ?? ''}`,
    },
    {
      what: `${mode}: the client saw every certificate of the gateway`,
      held: seenByClient === wanted + 1,
      found: `${seenByClient} of ${wanted + 1}`,
    },
    {
      what: `${mode}: the backend saw every certificate of the gateway as its client`,
      held: seenByBackend === wanted + 1,
      found: `${seenByBackend} of ${wanted + 1}`,
    },
    {
      what: `${mode}: a rotation sends secrets and nothing else`,
      held: others.length === 0 && rotations.every(({ sent }) => sent.length > 0),
      found:
        others.length === 0
          ? `${rotations.flatMap(({ sent }) => sent).length} responses, all of secrets`
          : others.join('; '),
    },
    {
      what: `${mode}: no private key is shown`,
      held: shown.length === 0,
      found: shown.join(', ') || 'none in the log, none in the config dump',
    },
  ]
}

if (import.meta.main) {
  await runBench(180_000, (setting) =>
    measureRotation({ ...setting, modes: ['delta', 'sotw'], lanes: 4, rotations: 10, requests: 1_000 }),
  )
}
