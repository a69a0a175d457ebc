import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { installCommand } from '../../src/cli/install-command.ts'
import { defaultInstallation } from '../../src/cli/install.ts'
import { addXdsFlags, xdsOf } from '../../src/cli/flags/xds-flags.ts'
import type { XdsFlags } from '../../src/cli/flags/xds-flags.ts'
import { serveCommand } from '../../src/cli/serve.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import type { Bootstrap } from '../../src/envoy/bootstrap.ts'
import { validateEnvoyConfig } from '../../src/envoy/process.ts'
import { chart } from '../../src/install/chart.ts'
import { controlPlaneNamespace, controlPlaneObjects } from '../../src/install/control-plane-objects.ts'
import { gatewayObjects } from '../../src/install/gateway-objects.ts'
import { installation, renderObjects } from '../../src/install/render.ts'
import type { InstallSettings, KubernetesObject } from '../../src/install/settings.ts'
import { projectRoot } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { version } from '../../src/version.ts'

const run = promisify(execFile)
const deploy = join(projectRoot, 'deploy')
const settings = { none: defaultInstallation, files: { ...defaultInstallation, tls: 'files' } } as const
const folders = { none: deploy, files: join(deploy, 'tls') } as const
const variants = ['none', 'files'] as const

describe('the one source', () => {
  test.each(variants)('with TLS %s is what deploy/ holds', async (tls) => {
    await expect(
      renderObjects([controlPlaneNamespace(settings[tls]), ...controlPlaneObjects(settings[tls])]),
    ).toMatchFileSnapshot(join(folders[tls], 'control-plane.yaml'))
    await expect(renderObjects(gatewayObjects(settings[tls]))).toMatchFileSnapshot(
      join(folders[tls], 'gateway.yaml'),
    )
  })

  test.each([...chart(defaultInstallation, version())])(
    'is what %s of the chart holds',
    async (file, text) => {
      await expect(text).toMatchFileSnapshot(join(deploy, 'chart', file))
    },
  )

  test.each(variants)('with TLS %s is what "install --print" prints', async (tls) => {
    expect(documents(await print('--print', '--tls', tls))).toEqual(plain(installation(settings[tls])))
  })

  test('follows the flags of the command', async () => {
    const objects = documents(
      await print(
        '--print',
        '--namespace',
        'mirrors',
        '--replicas',
        '3',
        '--image',
        'mine:1',
        '--gateway-namespace',
        'edge',
        '--max-connection-age',
        '5m',
      ),
    )
    expect(JSON.stringify(objects)).not.toContain('shadowplane.shadowplane.svc')
    const found = objects.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === 'mirrors',
    )
    expect(found?.spec).toMatchObject({
      replicas: 3,
      template: {
        spec: {
          containers: [{ image: 'mine:1', args: expect.arrayContaining(['--max-connection-age=5m']) }],
        },
      },
    })
    expect(new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))).toEqual(
      new Set(['mirrors', 'edge']),
    )
  })

  test.for(variants)('with TLS %s is what kubectl makes of the folder', async (tls, { skip }) => {
    const output = await run('kubectl', ['kustomize', folders[tls]]).then(
      ({ stdout }) => stdout,
      (error: { readonly code?: unknown }) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      },
    )
    if (output === undefined) return skip('kubectl is not here')
    expect(documents(output).toSorted(byName)).toEqual(plain(installation(settings[tls])).toSorted(byName))
  })

  test.for(variants)('with TLS %s is what Helm makes of the chart', async (tls, { skip }) => {
    const args = [
      'template',
      'shadowplane',
      join(deploy, 'chart'),
      '--namespace',
      'shadowplane',
      '--set',
      `tls=${tls}`,
    ]
    const output = await run('helm', args).then(
      ({ stdout }) => stdout,
      (error: { readonly code?: unknown }) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      },
    )
    if (output === undefined)
      return skip('helm is not here; the next test fills the placeholders in by itself')
    expect(documents(output).toSorted(byName)).toEqual(chartObjects(settings[tls]).toSorted(byName))
  })

  test.each(variants)('with TLS %s is the chart with its placeholders filled in', (tls) => {
    const files = chart(defaultInstallation, version())
    const values = parse(files.get('values.yaml') ?? '') as object
    const filled = ['control-plane', 'gateway'].map((name) =>
      fill(files.get(`templates/${name}.yaml`) ?? '', { values, tls }),
    )
    expect(filled.join('\n')).not.toContain('{{')
    expect(filled.flatMap(documents)).toEqual(chartObjects(settings[tls]))
  })
})

describe('what is installed', () => {
  const objects = variants.map((tls) => installation(settings[tls])).flat()
  const deployments = objects
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ metadata, spec }) => ({ name: metadata.name, spec: spec as DeploymentSpec }))

  test('runs without a right that the restricted profile of Pod Security denies', () => {
    for (const {
      spec: {
        template: { spec },
      },
    } of deployments) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      for (const { securityContext, resources } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(resources).toMatchObject({
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        })
      }
    }
  })

  test('has two replicas of each, of which one may be taken away', () => {
    expect(deployments.map(({ spec }) => spec.replicas)).toEqual([2, 2, 2, 2])
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget')
    expect(budgets.map(({ spec }) => (spec as { readonly maxUnavailable: number }).maxUnavailable)).toEqual([
      1, 1, 1, 1,
    ])
  })

  test('selects what it runs', () => {
    for (const { spec } of deployments)
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels)
    for (const tls of variants) {
      const found = installation(settings[tls])
      for (const { metadata, spec } of found.filter(({ kind }) => kind === 'Service')) {
        const target = found.find(
          ({ kind, metadata: { namespace } }) => kind === 'Deployment' && namespace === metadata.namespace,
        )
        expect((target?.spec as DeploymentSpec | undefined)?.template.metadata.labels).toMatchObject(
          (spec as { readonly selector: object }).selector,
        )
      }
    }
  })

  test.each(variants)('gives "serve" arguments that it takes, with TLS %s', (tls) => {
    const [command, ...args] =
      deployments[tls === 'none' ? 0 : 2]?.spec.template.spec.containers[0]?.args ?? []
    expect(command).toBe('serve')
    expect(() =>
      serveCommand()
        .exitOverride()
        .configureOutput({ writeErr: () => {} })
        .action(() => {})
        .parse(args, { from: 'user' }),
    ).not.toThrow()
    const flags = addXdsFlags(new Command())
      .allowUnknownOption()
      .allowExcessArguments()
      .parse(args, { from: 'user' })
      .opts<XdsFlags>()
    expect(xdsOf(flags, 'cluster.local').xds).toMatchObject({
      identity: { kind: 'token', audience: 'shadowplane' },
      maxConnectionAge: 1_800_000,
    })
  })

  describe('a real Envoy', () => {
    let binary: string
    beforeAll(async () => {
      binary = (await findEnvoy({ env: process.env })).path
    }, 400_000)

    test.each(variants)('accepts the bootstrap, with TLS %s', async (tls) => {
      const map = gatewayObjects(settings[tls]).find(({ kind }) => kind === 'ConfigMap')
      const data = map?.['data'] as Readonly<Record<string, string>>
      const folder = folderWith({ ...data, 'token/token': 'secret', 'ca/ca.crt': '' })
      const moved = (text: string): string =>
        text
          .replaceAll('/etc/shadowplane-ca', join(folder, 'ca'))
          .replaceAll('/etc/shadowplane', folder)
          .replaceAll('/var/run/secrets/shadowplane', join(folder, 'token'))
      for (const [file, text] of Object.entries(data)) write(join(folder, file), moved(text))
      expect(
        await validateEnvoyConfig(binary, parse(moved(data['envoy.yaml'] ?? '')) as Bootstrap),
      ).toBeUndefined()
    })
  })
})

interface DeploymentSpec {
  readonly replicas: number
  readonly selector: { readonly matchLabels: object }
  readonly template: {
    readonly metadata: { readonly labels: object }
    readonly spec: {
      readonly securityContext: object
      readonly containers: readonly {
        readonly args?: readonly string[]
        readonly securityContext: object
        readonly resources: object
      }[]
    }
  }
}

async function print(...args: readonly string[]): Promise<string> {
  let output = ''
  await installCommand()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output += text
      },
      writeErr: () => {},
    })
    .parseAsync(args, { from: 'user' })
  return output
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function documents(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null)
}

/** A chart makes no Namespace for its own release. */
function chartObjects(from: InstallSettings): readonly KubernetesObject[] {
  return plain([...controlPlaneObjects(from), ...gatewayObjects(from)])
}

function plain(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  return JSON.parse(JSON.stringify(objects)) as readonly KubernetesObject[]
}

function byName(a: KubernetesObject, b: KubernetesObject): number {
  const key = ({ kind, metadata }: KubernetesObject): string =>
    `${kind} ${metadata.namespace ?? ''} ${metadata.name}`
  return key(a) < key(b) ? -1 : 1
}

interface Filling {
  readonly values: object
  readonly tls: InstallSettings['tls']
}

/** The little of Helm's language that the chart uses. */
function fill(text: string, { values, tls }: Filling): string {
  const [, withTls = '', without = ''] =
    /\{\{- if eq \.Values\.tls "files" \}\}\n([\s\S]*)\{\{- else \}\}\n([\s\S]*?)\{\{- end \}\}/.exec(text) ??
    []
  return (tls === 'files' ? withTls : without)
    .replaceAll('{{ .Release.Namespace }}', 'shadowplane')
    .replaceAll(/\{\{ \.Values\.([\w.]+) \}\}/g, (_, path: string) =>
      String(
        path
          .split('.')
          .reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], values),
      ),
    )
}
