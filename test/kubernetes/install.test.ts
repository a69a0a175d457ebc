import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { freePort } from '../../bench/support/free-port.ts'
import { defaultInstallation } from '../../src/cli/install.ts'
import { parseHostPort } from '../../src/control-plane/config.ts'
import { waitFor } from '../../src/demo/wait.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { sdsFiles, sdsPath } from '../../src/envoy/xds-credentials.ts'
import type { XdsCredentials } from '../../src/envoy/xds-credentials.ts'
import { byToken } from '../../src/identity/token-identity.ts'
import { kubernetesReview } from '../../src/identity/token-review.ts'
import { clusterPermissions, ownPermissions, secretPermissions } from '../../src/install/permissions.ts'
import type { Permission } from '../../src/install/permissions.ts'
import { plane } from '../admin/plane.ts'
import { projectRoot, shadowplane } from '../support/command.ts'
import { setting } from '../support/envoy-setting.ts'
import { folderWith } from '../support/folder.ts'
import type { AnyCluster } from './support/cluster.ts'
import { anyCluster, givenKubeconfig } from './support/given-cluster.ts'
import { helm, kubectlAs, noHelm, noInstallation } from './support/kubectl.ts'
import type { Kubectl } from './support/kubectl.ts'

const deploy = join(projectRoot, 'deploy')
const gateway = { account: 'shadowplane-gateway', namespace: 'shadowplane-gateway' }
/** Namespaces of charts that are not installed. */
const chartNamespaces = ['mirrors', 'edge']
const controlPlane = { account: 'shadowplane', namespace: 'shadowplane' }

describe.skipIf(noInstallation !== undefined)(
  `an installation${noInstallation === undefined ? '' : ` (SKIPPED: ${noInstallation})`}`,
  () => {
    let cluster: AnyCluster
    /** The kubeconfig of the control plane's own account. */
    let ours: string
    const kubectl: Kubectl = (...args) => kubectlAs(cluster.kubeconfig)(...args)

    beforeAll(async () => {
      cluster = await anyCluster()
      await kubectl('apply', '-k', deploy)
      ours = await cluster.writeKubeconfig('control-plane', { token: await tokenOf(controlPlane) })
    }, 600_000)
    afterAll(async () => {
      if (givenKubeconfig !== undefined) {
        await kubectl('delete', '-k', deploy, '--ignore-not-found', '--wait=false')
        await kubectl('delete', 'namespace', ...chartNamespaces, '--ignore-not-found', '--wait=false')
      }
      await cluster?.close()
    })

    async function tokenOf({ account, namespace }: typeof gateway, audience?: string): Promise<string> {
      return (
        await kubectl(
          'create',
          'token',
          account,
          '--namespace',
          namespace,
          ...(audience === undefined ? [] : ['--audience', audience]),
        )
      ).trim()
    }

    test.each(['.', 'tls'])('is accepted: %s', async (folder) => {
      const lines = (await kubectl('apply', '--dry-run=server', '-k', join(deploy, folder)))
        .trim()
        .split('\n')
      expect(lines.length).toBe(19)
      expect(lines.filter((line) => !line.endsWith('(server dry run)'))).toEqual([])
      if (folder === '.')
        expect(lines.filter((line) => !line.includes('unchanged') && !line.includes('configured'))).toEqual(
          [],
        )
    })

    test.skipIf(noHelm !== undefined).each(charts)(
      'is what Helm makes of the chart, and that is accepted: $title',
      async ({ namespace, values, flags, without }) => {
        for (const name of [namespace, ...chartNamespaces])
          await kubectl('create', 'namespace', name).catch(() => undefined)
        const rendered = await helm(
          'template',
          'shadowplane',
          join(deploy, 'chart'),
          '--namespace',
          namespace,
          ...values.flatMap((value) => ['--set', value]),
        )
        const { stdout } = await shadowplane(['install', '--print', '--namespace', namespace, ...flags])
        // A chart makes no Namespace for its own release.
        const isIn = ({ kind, metadata }: Named): boolean =>
          !(kind === 'Namespace' && metadata.name === namespace) &&
          (metadata.namespace ?? metadata.name) !== without
        expect(named(rendered)).toEqual(named(stdout).filter(isIn))
        const folder = folderWith({ 'rendered.yaml': rendered })
        const lines = (await kubectl('apply', '--dry-run=server', '-f', folder)).trim().split('\n')
        expect(lines.length).toBe(named(rendered).length)
        expect(lines.filter((line) => !line.endsWith('(server dry run)'))).toEqual([])
      },
    )

    describe('tokens', () => {
      const authenticate = async (token: string) =>
        byToken({
          review: await kubernetesReview({ kubeconfig: ours }),
          audience: 'shadowplane',
          now: Date.now,
        })({
          certificate: { kind: 'none' },
          authorization: [`Bearer ${token}`],
        })

      test('for our audience say the account and its namespace', async () => {
        expect(await authenticate(await tokenOf(gateway, 'shadowplane'))).toEqual({
          name: 'system:serviceaccount:shadowplane-gateway:shadowplane-gateway',
          namespace: 'shadowplane-gateway',
        })
      })

      test('for another audience are refused', async () => {
        expect(await authenticate(await tokenOf(gateway))).toMatchObject({
          code: 'UNAUTHENTICATED',
          reason: expect.stringContaining('audience shadowplane'),
        })
      })

      test('of nobody are refused', async () => {
        expect(await authenticate('nothing')).toMatchObject({ code: 'UNAUTHENTICATED' })
      })

      test('cannot be asked of by an account without the permission, which turns proxies away for now', async () => {
        const kubeconfig = await cluster.writeKubeconfig('gateway', { token: await tokenOf(gateway) })
        const review = await kubernetesReview({ kubeconfig })
        await expect(review('nothing', 'shadowplane')).rejects.toThrow('cannot create resource')
      })
    })

    test('serves an Envoy that shows its token over TLS, and tells why one of another audience is refused', async () => {
      const authority = createAuthority('cluster')
      const own = authority.issue({ name: 'control plane', names: ['127.0.0.1'] })
      const certificates = folderWith({ 'tls.crt': own.certificate, 'tls.key': own.privateKey })
      const control = await plane(
        {},
        {
          xds: {
            identity: { kind: 'token', audience: 'shadowplane', kubeconfig: ours },
            tls: { certificate: join(certificates, 'tls.crt'), key: join(certificates, 'tls.key') },
          },
        },
      )
      const envoy = async (token: string) => {
        const directory = folderWith({ 'volume/token': token, 'ca.crt': authority.certificate })
        const credentials: XdsCredentials = {
          ca: join(directory, 'ca.crt'),
          name: '127.0.0.1',
          sdsDirectory: join(directory, 'sds'),
          token: join(directory, 'volume/token'),
        }
        mkdirSync(credentials.sdsDirectory)
        for (const [name, message] of sdsFiles(credentials))
          writeFileSync(sdsPath(name, credentials), stringify(message))
        const options = {
          ...defaultBootstrap,
          role: 'gateway',
          namespace: gateway.namespace,
          labels: { istio: 'ingressgateway' },
          portMap: { 80: await freePort() },
        } as const
        const started = await startEnvoy({
          binary: (await setting()).binary,
          bootstrap: bootstrap({ ...options, xds: parseHostPort('xDS', control.xdsAddress), credentials }),
        })
        onTestFinished(() => started.close())
        return started
      }
      const good = await envoy(await tokenOf(gateway, 'shadowplane'))
      await good.ready()
      expect((await control.report()).proxies).toMatchObject([
        {
          namespace: gateway.namespace,
          principal: 'system:serviceaccount:shadowplane-gateway:shadowplane-gateway',
        },
      ])
      const other = await envoy(await tokenOf(gateway))
      await waitFor({
        what: 'a refusal',
        timeout: 20_000,
        signal: AbortSignal.timeout(30_000),
        look: () => /closed: 16, .*audience%20shadowplane/.test(other.log()) || undefined,
      })
      expect((await control.report()).denied).toMatchObject([
        { code: 'UNAUTHENTICATED', reason: expect.stringContaining('audience shadowplane') },
      ])
    }, 60_000)

    describe('permissions', () => {
      const places = [
        {
          permissions: clusterPermissions(defaultInstallation.kinds),
          role: 'clusterrole/shadowplane',
          namespace: 'elsewhere',
        },
        { permissions: ownPermissions, role: 'role/shadowplane', namespace: controlPlane.namespace },
        {
          permissions: secretPermissions,
          role: 'clusterrole/shadowplane-secrets',
          namespace: gateway.namespace,
        },
      ]
      const account = `system:serviceaccount:${controlPlane.namespace}:${controlPlane.account}`

      async function may(access: Access): Promise<boolean> {
        const body = {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: account,
            groups: ['system:authenticated', 'system:serviceaccounts'],
            resourceAttributes: access,
          },
        }
        const { value } = await cluster.api.request({
          path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
          method: 'POST',
          body,
        })
        return (value as { readonly status: { readonly allowed: boolean } }).status.allowed
      }

      test.each(places)(
        'of $role are there, and gone without their rule',
        async ({ permissions, role, namespace }) => {
          const wanted = permissions.flatMap((permission) => accesses(permission, namespace))
          expect(await missing(wanted, may)).toEqual([])
          for (const [index, permission] of permissions.entries()) {
            const rules = JSON.parse(await kubectl('get', role, '--namespace', namespace, '-o', 'json')) as {
              readonly rules: readonly unknown[]
            }
            const patch = (list: readonly unknown[]) =>
              kubectl(
                'patch',
                role,
                '--namespace',
                namespace,
                '--type=merge',
                '-p',
                JSON.stringify({ rules: list }),
              )
            await patch(rules.rules.toSpliced(index, 1))
            const own = accesses(permission, namespace)
            // The authorizer learns of it by a watch of its own.
            await waitFor({
              what: `${permission.group} to be taken away`,
              signal: AbortSignal.timeout(20_000),
              look: async () => (await missing(own, may)).length === own.length || undefined,
            })
            await patch(rules.rules)
            await waitFor({
              what: `${permission.group} to be back`,
              signal: AbortSignal.timeout(20_000),
              look: async () => (await missing(own, may)).length === 0 || undefined,
            })
          }
        },
        120_000,
      )

      test('are for nothing else: no Secret of another namespace, nothing written, no Pod started', async () => {
        const forbidden: readonly Access[] = [
          { verb: 'list', resource: 'secrets', namespace: 'default' },
          { verb: 'list', resource: 'secrets' },
          { verb: 'get', resource: 'secrets', namespace: gateway.namespace },
          {
            verb: 'update',
            group: 'networking.istio.io',
            resource: 'virtualservices',
            namespace: 'default',
          },
          { verb: 'create', resource: 'pods', namespace: 'shadowplane' },
          { verb: 'get', resource: 'pods', subresource: 'log', namespace: 'default' },
          { verb: 'list', resource: 'configmaps', namespace: 'default' },
          {
            verb: 'update',
            group: 'coordination.k8s.io',
            resource: 'leases',
            namespace: 'kube-system',
            name: 'shadowplane',
          },
          { verb: 'impersonate', resource: 'serviceaccounts', namespace: 'default' },
          { verb: 'create', resource: 'serviceaccounts', subresource: 'token', namespace: 'default' },
        ]
        expect((await missing(forbidden, may)).length).toBe(forbidden.length)
      })
    })
  },
)

/** Values of the chart, and the flags of `install --print` that mean the same. `without`: a namespace. */
const charts: readonly {
  readonly title: string
  readonly namespace: string
  readonly values: readonly string[]
  readonly flags: readonly string[]
  readonly without?: string
}[] = [
  { title: 'as it is', namespace: 'shadowplane', values: [], flags: [] },
  { title: 'with TLS', namespace: 'shadowplane', values: ['tls=files'], flags: ['--tls', 'files'] },
  {
    title: 'without the example gateway',
    namespace: 'shadowplane',
    values: ['gateway.enabled=false'],
    flags: [],
    without: 'shadowplane-gateway',
  },
  {
    title: 'with all else changed',
    namespace: 'mirrors',
    values: ['image=registry.example/mine:1', 'replicas=3', 'maxConnectionAge=5m', 'gateway.namespace=edge'],
    flags: [
      '--image',
      'registry.example/mine:1',
      '--replicas',
      '3',
      '--max-connection-age',
      '5m',
      '--gateway-namespace',
      'edge',
    ],
  },
]

interface Named {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

/** The objects of a text, by kind and name. */
function named(text: string): readonly Named[] {
  const key = ({ kind, metadata }: Named): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Named | null)
    .filter((object) => object !== null)
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

interface Access {
  readonly verb: string
  readonly group?: string
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}

function accesses({ group, resources, verbs, names }: Permission, namespace: string): readonly Access[] {
  const objects: readonly (string | undefined)[] = names ?? [undefined]
  return resources.flatMap((each) =>
    verbs.flatMap((verb) =>
      objects.map((name) => {
        const [resource = '', subresource] = each.split('/')
        return {
          verb,
          group,
          resource,
          namespace,
          ...(subresource === undefined ? {} : { subresource }),
          ...(name === undefined ? {} : { name }),
        }
      }),
    ),
  )
}

async function missing(
  wanted: readonly Access[],
  may: (access: Access) => Promise<boolean>,
): Promise<readonly Access[]> {
  const allowed = await Promise.all(wanted.map(may))
  return wanted.filter((_, index) => allowed[index] !== true)
}
