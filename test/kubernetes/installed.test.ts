import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { freePort } from '../../bench/support/free-port.ts'
import { startServe } from '../../bench/support/serve-process.ts'
import type { ServeProcess } from '../../bench/support/serve-process.ts'
import { secretManifest } from '../../bench/support/tls/tls-manifests.ts'
import { waitFor } from '../../src/demo/wait.ts'
import { dialects } from '../../src/dialects/index.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { node } from '../../src/envoy/node.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import type { EnvoyProcess } from '../../src/envoy/process.ts'
import { sdsFiles, sdsPath } from '../../src/envoy/xds-credentials.ts'
import type { XdsCredentials } from '../../src/envoy/xds-credentials.ts'
import { projectRoot } from '../support/command.ts'
import { askingAt } from '../support/asking.ts'
import { EnvoyDouble } from '../support/envoy-double.ts'
import { setting } from '../support/envoy-setting.ts'
import { folderWith } from '../support/folder.ts'
import { absentMessage, sharedIsAbsent } from '../support/shared.ts'
import { connect } from '../support/xds-client.ts'
import { definitionsIn } from './support/definitions.ts'
import { until } from './support/cluster.ts'
import { define, startInstallation } from './support/installation.ts'
import type { Installation } from './support/installation.ts'
import { noKubectl } from './support/kubectl.ts'
import { watching } from './support/watching.ts'

const reason = noKubectl ?? (sharedIsAbsent ? absentMessage : undefined)
const gateway = { account: 'shadowplane-gateway', namespace: 'shadowplane-gateway' }
const controlPlane = { account: 'shadowplane', namespace: 'shadowplane' }
const labels = { istio: 'ingressgateway' }

interface Probe {
  readonly httpGet: { readonly path: string }
}

/** The container of the control plane, as deploy/ has it. */
function deployed(): {
  readonly args: readonly string[]
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
} {
  const documents = parseAllDocuments(readFileSync(join(projectRoot, 'deploy/control-plane.yaml'), 'utf8'))
  const deployment = documents.find((document) => document.get('kind') === 'Deployment')
  return deployment?.getIn(['spec', 'template', 'spec', 'containers', 0]) === undefined
    ? expect.unreachable('no Deployment')
    : (deployment.toJS() as Deployment).spec.template.spec.containers[0]
}

interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly [ReturnType<typeof deployed>] } }
  }
}

/**
 * Both listeners of a gateway, one of a certificate that is beside it, and one of a certificate that is
 * elsewhere.
 */
const objects =
  `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shadowplane-gateway}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}
  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: ['shop.example'], tls: {mode: SIMPLE, ` +
  `credentialName: edge-cert}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: shadowplane-gateway}
spec: {hosts: ['*'], gateways: [edge], http: [{directResponse: {status: 200, body: {string: served}}}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: elsewhere}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: shadowplane}
spec: {controllerName: shadowplane.io/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: reaching, namespace: shadowplane-gateway}
spec:
  gatewayClassName: shadowplane
  listeners: [{name: https, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: not-ours, ` +
  `namespace: elsewhere}]}}]
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: granted, namespace: elsewhere}
spec: {from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: shadowplane-gateway}], to: ` +
  `[{group: '', kind: Secret}]}
`

describe.skipIf(reason !== undefined)(
  `serve with the arguments and the account of deploy/${reason === undefined ? '' : ` (SKIPPED: ${reason})`}`,
  () => {
    const authority = createAuthority('installed')
    let installed: Installation
    let serve: ServeProcess
    let probes: string

    beforeAll(async () => {
      installed = await startInstallation(['istio', 'gateway-api/standard', 'gloo'])
      await apply(objects)
      const issued = authority.issue({ name: 'shop.example', names: ['shop.example'] })
      for (const [name, namespace] of [
        ['edge-cert', gateway.namespace],
        ['not-ours', 'elsewhere'],
      ] as const) {
        const manifest = parseAllDocuments(secretManifest({ name, issued }))[0]?.toJS() as {
          readonly metadata: object
        }
        await apply(JSON.stringify({ ...manifest, metadata: { ...manifest.metadata, namespace } }))
      }
      probes = `127.0.0.1:${await freePort()}`
      const [, ...flags] = deployed().args.map((argument) =>
        argument.startsWith('--probes=') ? `--probes=${probes}` : argument,
      )
      serve = await startServe({
        paths: [],
        flags: [...flags, '--kubeconfig', installed.account],
        signal: AbortSignal.timeout(300_000),
      })
    }, 180_000)
    afterAll(async () => {
      await serve?.close()
      await installed?.close()
    })

    async function apply(text: string): Promise<void> {
      const folder = folderIn(installed, text)
      await installed.kubectl('apply', '-f', folder)
    }

    async function metrics(): Promise<string> {
      return (await fetch(`http://${probes}/metrics`)).text()
    }

    function outages(): readonly (string | undefined)[] {
      return serve.of('outage').map(({ reason: each }) => each)
    }

    test('every probe of the Deployment is answered', async () => {
      const { startupProbe, readinessProbe, livenessProbe } = deployed()
      for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe])
        expect({ ...httpGet, status: (await fetch(`http://${probes}${httpGet.path}`)).status }).toMatchObject(
          { status: 200 },
        )
    })

    test('every kind that the cluster has is read, and one that comes later', async () => {
      const listed = await installed.kubectl(
        'get',
        'crd',
        '-o',
        'jsonpath={range .items[*]}{.spec.group}/{.spec.names.kind}{"\\n"}{end}',
      )
      const defined = new Set(listed.split('\n'))
      const definedLater = new Set(
        (await definitionsIn('emissary')).map(({ spec }) => `${spec.group}/${spec.names.kind}`),
      )
      const isBuiltIn = (kind: string): boolean =>
        kind.startsWith('/') || kind.startsWith('discovery.k8s.io/')
      const kinds = dialects
        .flatMap((dialect) => dialect.kinds)
        .filter(({ group, kind }) => group !== 'shadowplane.io' && kind !== 'Secret')
        .map(({ group, kind }) => `${group}/${kind}`)
        .filter((kind) => isBuiltIn(kind) || defined.has(kind) || definedLater.has(kind))
      const later = kinds.filter((kind) => definedLater.has(kind))
      expect(kinds.length - later.length).toBeGreaterThan(20)
      const unread = async (of: readonly string[]): Promise<readonly string[]> => {
        const text = await metrics()
        return of.filter((kind) => !text.includes(`shadowplane_kubernetes_synced{kind="${kind}"} 1`))
      }
      expect(await unread(kinds)).toEqual(later)
      // By the watch of the definitions: nobody looks by himself here.
      const follower = await watching(installed.account, { lookEvery: 3_600_000 })
      onTestFinished(() => follower.close())
      await define(installed.kubectl, ['emissary'])
      await until('a follower of the definitions to read it', () =>
        later.every((kind) => follower.source.standings().some((each) => each.kind === kind && each.synced)),
      )
      await until(`${later.join(', ')} to be read`, async () => (await unread(kinds)).length === 0)
      await apply(
        'apiVersion: getambassador.io/v3alpha1\nkind: Mapping\nmetadata: {name: late}\nspec: {hostname: ' +
          'late.example, prefix: /, service: late}\n',
      )
      await until('an object of it', async () =>
        (await metrics()).includes('shadowplane_kubernetes_objects{kind="getambassador.io/Mapping"} 1'),
      )
    })

    test(
      'a Secret of a namespace where it has no permission is refused, which it tells, and serves all ' +
        'else',
      async () => {
        await until('the outage', () => outages().at(-1) !== undefined)
        expect(outages().at(-1)).toMatch(
          /Secret: 403: .*cannot list resource "secrets".* in the namespace "elsewhere"/,
        )
        expect(outages().at(-1)?.match(/403/g)).toHaveLength(1)
        const told = serve
          .of('diagnostics')
          .flatMap(({ added }) => added.map(({ text }) => text.split('\n', 1)[0] ?? ''))
        expect(told.filter((text) => text.includes('tls/unknown-secret'))).toEqual([
          expect.stringContaining('Gateway shadowplane-gateway/reaching'),
        ])
        const proxy = await double(await installed.token(gateway, 'shadowplane'))
        await proxy.until('the routes', () => proxy.held('route').size > 0)
        proxy.client.subscribe('secret', ['kubernetes://edge-cert'])
        await proxy.until('the certificate beside it', () =>
          proxy.held('secret').has('kubernetes://edge-cert'),
        )
        expect(JSON.stringify(proxy.held('secret').get('kubernetes://edge-cert'))).toContain(
          'certificate_chain',
        )
      },
    )

    async function double(token: string): Promise<EnvoyDouble> {
      const proxy = new EnvoyDouble(address(serve), {
        mode: 'delta',
        node: node({ role: 'gateway', namespace: gateway.namespace, labels }),
        headers: { authorization: `Bearer ${token}` },
      })
      onTestFinished(() => proxy.close())
      return proxy
    }

    test('a proxy is given no Secret of another namespace, by whatever name it asks', async () => {
      const proxy = await double(await installed.token(gateway, 'shadowplane'))
      await proxy.until('the routes', () => proxy.held('route').size > 0)
      const names = ['kubernetes://elsewhere/not-ours', 'kubernetes://not-ours']
      proxy.client.subscribe('secret', names)
      await proxy.until('the answer', () => proxy.responses.some(({ type }) => type === 'secret'))
      expect(
        proxy.responses
          .filter(({ type }) => type === 'secret')
          .flatMap(({ resources, removed }) => [...resources.map(({ name }) => name), ...removed].toSorted()),
      ).toEqual(names.toSorted())
      expect(proxy.held('secret').size).toBe(0)
    })

    test.each([
      { shown: 'nothing', token: undefined, code: 16, message: /^no token was shown/ },
      {
        shown: 'no token of this cluster',
        token: async () => 'nothing',
        code: 16,
        message: /^the token is refused: invalid bearer token/,
      },
      {
        shown: 'a token for another audience',
        token: () => installed.token(gateway),
        code: 16,
        message: /^the token is refused: .*audience shadowplane/,
      },
      {
        shown: 'a token of another namespace',
        token: () => installed.token(controlPlane, 'shadowplane'),
        code: 7,
        message: /^the node says namespace shadowplane-gateway, and .* is of namespace shadowplane: /,
      },
    ])('a proxy that shows $shown is refused, and told why', async ({ token, code, message }) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${await token()}` }
      const client = connect(address(serve), {
        mode: 'delta',
        node: node({ role: 'gateway', namespace: gateway.namespace, labels }),
        headers,
      })
      onTestFinished(() => client.close())
      client.subscribe('cluster')
      const status = await client.status()
      expect(status.code).toBe(code)
      expect(status.details).toMatch(message)
      await expect.poll(() => serve.of('denied').at(-1)?.reason).toMatch(message)
    })

    test('a stock Envoy with its token answers requests, and one without is told why in its log', async () => {
      const good = await envoy(await installed.token(gateway, 'shadowplane'))
      await good.process.ready()
      const answer = await askingAt('127.0.0.1', good.port).ask({ path: '/', host: 'any.example' })
      expect(answer).toMatchObject({ status: 200, body: 'served' })
      const bad = await envoy('nothing')
      await waitFor({
        what: 'a refusal',
        timeout: 20_000,
        signal: AbortSignal.timeout(30_000),
        look: () => /closed: 16, the%20token%20is%20refused/.test(bad.process.log()) || undefined,
      })
    }, 60_000)

    async function envoy(token: string): Promise<{ readonly process: EnvoyProcess; readonly port: number }> {
      const directory = folderWith({ 'volume/token': token })
      const credentials: XdsCredentials = {
        name: '127.0.0.1',
        sdsDirectory: join(directory, 'sds'),
        token: join(directory, 'volume/token'),
        ca: undefined,
      }
      mkdirSync(credentials.sdsDirectory)
      for (const [name, message] of sdsFiles(credentials))
        writeFileSync(sdsPath(name, credentials), stringify(message))
      const port = await freePort()
      const options = {
        ...defaultBootstrap,
        role: 'gateway',
        namespace: gateway.namespace,
        labels,
        bindAddress: '127.0.0.1',
        portMap: { 80: port, 443: await freePort() },
      } as const
      const started = await startEnvoy({
        binary: (await setting()).binary,
        bootstrap: bootstrap({ ...options, xds: serve.xds, credentials }),
      })
      onTestFinished(() => started.close())
      return { process: started, port }
    }
  },
)

function address({ xds: { host, port } }: ServeProcess): string {
  return `${host}:${port}`
}

let written = 0

/** A file beside the cluster's own. JSON is YAML. */
function folderIn({ cluster }: Installation, text: string): string {
  written += 1
  const file = join(cluster.folder, `objects-${written}.yaml`)
  writeFileSync(file, text)
  return file
}
