import { writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { bootstrapCommand } from '../../src/cli/bootstrap-command.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import type { Bootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy, validateEnvoyConfig } from '../../src/envoy/process.ts'
import { UsageError } from '../../src/errors.ts'
import { decode, encode } from '../../src/xds/proto.ts'
import { folderWith } from '../support/folder.ts'

const files = join(import.meta.dirname, '../../envoy')
const gateway = ['--role', 'gateway', '--labels', 'istio=ingressgateway']
const sidecar = ['--role', 'sidecar']
const intercepting = [...sidecar, '--interception']

/** Each file of envoy/, and the arguments whose output it is. `vitest -u` rewrites them. */
const printed = {
  'gateway-sotw.yaml': [...gateway, '--mode', 'sotw'],
  'gateway-delta.yaml': [...gateway, '--mode', 'delta'],
  'sidecar-sotw.yaml': [...sidecar, '--mode', 'sotw'],
  'sidecar-delta.yaml': [...sidecar, '--mode', 'delta'],
  'sidecar-interception.yaml': [...intercepting, '--mode', 'delta'],
  'gateway-compose.yaml': [
    ...gateway,
    '--mode',
    'delta',
    '--port-map',
    '80=8080',
    '--xds',
    'control-plane:18000',
    '--admin-address',
    '0.0.0.0:9901',
  ],
} as const

const tls = [
  '--xds',
  'shadowplane.shadowplane.svc:18000',
  '--xds-ca',
  '/etc/certs/ca.crt',
  '--client-cert',
  '/etc/certs/tls.crt',
  '--client-key',
  '/etc/certs/tls.key',
] as const
const token = [
  '--xds',
  'shadowplane.shadowplane.svc:18000',
  '--xds-ca',
  '/etc/certs/ca.crt',
  '--token-file',
  '/var/run/secrets/shadowplane/token',
] as const

/** Bootstraps over TLS. Envoy needs the SDS files that they name. */
const secured = {
  'gateway-sotw-mtls.yaml': [...gateway, '--mode', 'sotw', ...tls],
  'gateway-delta-mtls.yaml': [...gateway, '--mode', 'delta', ...tls],
  'sidecar-sotw-mtls.yaml': [...sidecar, '--mode', 'sotw', ...tls],
  'sidecar-delta-mtls.yaml': [...sidecar, '--mode', 'delta', ...tls],
  'gateway-delta-token.yaml': [...gateway, '--mode', 'delta', ...token],
} as const

const sds = {
  'trust.yaml': [...tls, '-o', 'sds-trust'],
  'certificate.yaml': [...tls, '-o', 'sds-certificate'],
  'token.yaml': [...token, '-o', 'sds-token'],
} as const

const rules = { 'interception.rules': [...intercepting, '-o', 'iptables'] } as const

async function print(args: readonly string[]): Promise<string> {
  let output = ''
  const command = bootstrapCommand()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output += text
      },
      writeErr: () => {},
    })
  await command.parseAsync(args, { from: 'user' })
  return output
}

async function printJson(args: readonly string[]): Promise<Bootstrap> {
  return JSON.parse(await print([...args, '-o', 'json'])) as Bootstrap
}

describe('the files in envoy/', () => {
  test.each(Object.entries({ ...printed, ...secured, ...sds, ...rules }))(
    '%s is the output of the command',
    async (file, args) => {
      await expect(await print(args)).toMatchFileSnapshot(join(files, file))
    },
  )

  test('are these', async () => {
    expect((await readdir(files)).toSorted()).toEqual(
      [printed, secured, sds, rules].flatMap(Object.keys).toSorted(),
    )
  })
})

describe('a bootstrap', () => {
  const everyFlag = [
    ...gateway,
    '--namespace',
    'edge',
    '--ip',
    '10.0.0.1',
    '--bind-address',
    '127.0.0.1',
    '--port-map',
    '80=8080,443=8443',
    '--xds',
    '[::1]:18000',
    '--admin-address',
    '127.0.0.1:0',
    '--node-cluster',
    'edge-gateways',
  ]

  test.each([[[]], [gateway], [sidecar], [everyFlag]])(
    '%j is a message that has no field of its own',
    async (args) => {
      const json = await printJson(args)
      expect(encode('envoy.config.bootstrap.v3.Bootstrap', json).length).toBeGreaterThan(100)
      expect(parse(await print(args))).toEqual(json)
    },
  )

  test('survives encoding and decoding', () => {
    const message = bootstrap({ ...defaultBootstrap, role: 'gateway', labels: { istio: 'ingressgateway' } })
    const decoded = decode(
      'envoy.config.bootstrap.v3.Bootstrap',
      encode('envoy.config.bootstrap.v3.Bootstrap', message),
    )
    expect(decoded.node).toEqual(message.node)
    expect(decoded.dynamic_resources?.ads_config?.api_type).toBe('DELTA_GRPC')
  })

  test('without flags has a node with id and cluster only', async () => {
    expect((await printJson([])).node).toEqual({ id: 'envoy', cluster: 'envoy' })
  })

  test('of a gateway says what it is in the forms of Istio', async () => {
    expect((await printJson(everyFlag)).node).toEqual({
      id: 'router~10.0.0.1~gateway.edge~edge.svc.cluster.local',
      cluster: 'edge-gateways',
      metadata: {
        NAMESPACE: 'edge',
        LABELS: { istio: 'ingressgateway' },
        BIND_ADDRESS: '127.0.0.1',
        PORT_MAP: '80=8080,443=8443',
      },
    })
  })

  test('of a sidecar too; namespace or labels alone make a gateway', async () => {
    expect((await printJson(['--role', 'sidecar', '--namespace', 'shop'])).node?.id).toBe(
      'sidecar~127.0.0.1~sidecar.shop~shop.svc.cluster.local',
    )
    expect((await printJson(['--namespace', 'shop'])).node?.id).toBe(
      'router~127.0.0.1~gateway.shop~shop.svc.cluster.local',
    )
    expect((await printJson(['--labels', 'a=b'])).node?.metadata).toEqual({
      NAMESPACE: 'default',
      LABELS: { a: 'b' },
    })
  })

  test('of a sidecar with interception says so, and the rules redirect to the ports that it binds', async () => {
    expect((await printJson(intercepting)).node?.metadata).toEqual({
      NAMESPACE: 'default',
      LABELS: {},
      INTERCEPTION_MODE: 'REDIRECT',
    })
    const text = await print([
      ...intercepting,
      '--proxy-id',
      '101',
      '--port-map',
      '15001=25001',
      '-o',
      'iptables',
    ])
    expect(text.match(/(?<=--to-ports |owner )\S+/g)).toEqual([
      '15006',
      '--uid-owner',
      '101',
      '--gid-owner',
      '101',
      '25001',
      '15006',
    ])
  })

  test('with only an address and a port map stays a plain Envoy', async () => {
    expect((await printJson(['--port-map', '80=8080'])).node).toEqual({
      id: 'envoy',
      cluster: 'envoy',
      metadata: { PORT_MAP: '80=8080' },
    })
  })

  test('resolves a control plane that has a name', async () => {
    const types = await Promise.all(
      [['--xds', 'control-plane:18000'], []].map(
        async (args) => (await printJson(args)).static_resources?.clusters?.[0]?.type,
      ),
    )
    expect(types).toEqual(['STRICT_DNS', 'STATIC'])
  })
})

describe('a wrong flag', () => {
  const manyPorts = Array.from({ length: 300 }, (_, index) => `${index + 1}=${index + 1}`).join(',')
  test.each([
    [['--port-map', '80'], '--port-map 80: write pairs of ports from 1 to 65535, such as "80=8080,443=8443"'],
    [
      ['--port-map', '80=99999'],
      '--port-map 80=99999: write pairs of ports from 1 to 65535, such as "80=8080,443=8443"',
    ],
    [['--port-map', '80=1,80=2'], '--port-map 80=1,80=2: port 80 is written twice; write it once'],
    [
      ['--port-map', '80=8080,81=8080'],
      '--port-map 80=8080,81=8080: two ports become 8080; give each its own',
    ],
    [['--port-map', manyPorts], `--port-map ${manyPorts}: there are 300 pairs; write at most 256`],
    [['--labels', 'istio=a,istio=b'], '--labels istio=a,istio=b: istio is written twice; write it once'],
    [
      ['--labels', 'istio'],
      '--labels istio: write labels as key=value, as in istio=ingressgateway,version=v1',
    ],
    [['--bind-address', 'localhost'], '--bind-address localhost: write an IP address, as in 127.0.0.1'],
    [['--interception'], '--interception: only a sidecar intercepts; add --role sidecar'],
    [[...sidecar, '-o', 'iptables'], '-o iptables: the rules are for --role sidecar --interception'],
    [
      [...intercepting, '--proxy-id', '0'],
      '--proxy-id 0: write the number of a user other than root, as in 1337',
    ],
    [['--client-cert', 'a.crt'], '--client-cert and --client-key go together'],
    [
      ['--client-cert', 'a.crt', '--client-key', 'a.key'],
      '--client-cert needs --xds-ca: a certificate is shown over TLS only',
    ],
    [['-o', 'sds-token'], '-o sds-token: give --token-file, which the file refers to'],
    [['--xds', 'localhost'], '--xds localhost: write host:port, as in 127.0.0.1:18000'],
    [
      ['--admin-address', '127.0.0.1:70000'],
      '--admin-address 127.0.0.1:70000: write host:port, as in 127.0.0.1:18000',
    ],
  ])('%j is explained', async (args, message) => {
    await expect(print(args)).rejects.toThrow(new UsageError(message))
  })
})

describe('a real Envoy', () => {
  let binary: string
  beforeAll(async () => {
    binary = (await findEnvoy({ env: process.env })).path
  }, 400_000)

  test.each(Object.entries(printed))('accepts %s', async (_, args) => {
    expect(await validateEnvoyConfig(binary, await printJson(args))).toBeUndefined()
  })

  test.each(Object.entries(secured))('accepts %s', async (_, args) => {
    const folder = folderWith({ token: 'secret' })
    for (const [file, printing] of Object.entries(sds))
      writeFileSync(join(folder, file), await print(printing))
    expect(
      await validateEnvoyConfig(
        binary,
        await printJson([
          ...args,
          '--sds-directory',
          folder,
          ...(args.includes('--token-file') ? ['--token-file', join(folder, 'token')] : []),
        ]),
      ),
    ).toBeUndefined()
  })

  test('says what it does not accept', async () => {
    const broken: Bootstrap = {
      ...bootstrap(defaultBootstrap),
      static_resources: { clusters: [{ name: '' }] },
    }
    expect(await validateEnvoyConfig(binary, broken)).toContain('value length must be at least 1 characters')
  })

  test('starts, answers on its admin interface, and ends', async () => {
    const { node, static_resources } = bootstrap(defaultBootstrap)
    const envoy = await startEnvoy({ binary, bootstrap: { node, static_resources } })
    onTestFinished(() => envoy.close())
    await envoy.ready()
    expect(
      (await envoy.stats('^cluster_manager\\.active_clusters$')).get('cluster_manager.active_clusters'),
    ).toBe(1)
    const dump = await envoy.configDump()
    expect(dump.configs?.map((part) => part['@type'])).toContain(
      'type.googleapis.com/envoy.admin.v3.BootstrapConfigDump',
    )
    await envoy.close()
    await envoy.close()
    expect(await envoy.isReady()).toBe(false)
    expect(() => process.kill(envoy.pid, 0)).toThrow('ESRCH')
  })

  test('that cannot start says why, and nothing is left', async () => {
    const broken: Bootstrap = {
      ...bootstrap(defaultBootstrap),
      static_resources: { clusters: [{ name: '' }] },
    }
    await expect(startEnvoy({ binary, bootstrap: broken })).rejects.toThrow(
      /Envoy did not start: it ended\n.*value length must be at least 1/s,
    )
    await expect(startEnvoy({ binary: join(files, 'nothing'), bootstrap: broken })).rejects.toThrow(
      'Envoy did not start',
    )
  })
})
