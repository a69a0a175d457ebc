import { access, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { Bootstrap } from '../src/envoy/bootstrap.ts'
import { run } from '../src/envoy/run.ts'
import { pinnedRelease } from '../src/envoy/release.ts'

interface Service {
  readonly image?: string
  readonly build?: string
  readonly entrypoint?: readonly string[]
  readonly command: readonly string[]
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly network_mode?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

const project = join(import.meta.dirname, '..')
const read = (file: string): Promise<string> => readFile(join(project, file), 'utf8')
const { services } = parse(await read('docker-compose.yml')) as {
  readonly services: Readonly<Record<string, Service>>
}
const dockerfile = await read('Dockerfile')
const example = 'examples/istio-cross-cluster'

function service(name: string): Service {
  const found = services[name]
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
  return found
}

describe('docker-compose.yml', () => {
  test('has the control plane, a stock Envoy of the pinned version, and two backends', () => {
    expect(Object.keys(services)).toEqual(['control-plane', 'production', 'cluster-b', 'envoy'])
    expect(service('envoy').image).toBe(`envoyproxy/envoy:v${pinnedRelease.version}`)
    for (const ours of ['control-plane', 'production', 'cluster-b'])
      expect(service(ours)).toMatchObject({ image: 'shadowplane', build: '.' })
  })

  test('publishes on loopback only', () => {
    const ports = Object.values(services).flatMap((each) => each.ports ?? [])
    expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([])
    expect(ports).toContain('127.0.0.1:8080:8080')
  })

  test('mounts what is there, read-only', async () => {
    const mounts = Object.values(services)
      .flatMap((each) => each.volumes ?? [])
      .map((volume) => volume.split(':'))
    expect(mounts).toEqual([
      [`./${example}`, '/config', 'ro'],
      ['./envoy', '/etc/shadowplane', 'ro'],
    ])
    for (const [source = ''] of mounts) await access(join(project, source))
  })

  test('starts programs that the image has, from sources that are there', async () => {
    expect(dockerfile).toContain('ENTRYPOINT ["node", "dist/main.js"]')
    for (const name of ['production', 'cluster-b']) {
      expect(service(name).entrypoint).toEqual(['node', 'dist/demo/backend-main.js'])
    }
    await access(join(project, 'src/demo/backend-main.ts'))
    expect(service('control-plane').command).toEqual([
      'serve',
      '--config',
      '/config',
      '--listen',
      '0.0.0.0:18000',
      '--admin',
      '127.0.0.1:18001',
      '--probes',
      '0.0.0.0:18002',
    ])
  })

  test('waits for what each needs, and every service has a health check', () => {
    const dependencies = Object.values(services).flatMap((each) => Object.keys(each.depends_on ?? {}))
    expect(dependencies.filter((name) => services[name] === undefined)).toEqual([])
    expect(service('envoy').depends_on?.['control-plane']?.condition).toBe('service_healthy')
    for (const name of ['production', 'cluster-b', 'envoy'])
      expect(service(name).healthcheck?.test[0]).toBe('CMD')
    expect(dockerfile).toContain('HEALTHCHECK')
  })

  test('gives Envoy a bootstrap that finds the control plane by its service name', async () => {
    const [, , config = ''] = service('envoy').command
    const bootstrap = parse(await read(config.replace('/etc/shadowplane', 'envoy'))) as Bootstrap
    const endpoint =
      bootstrap.static_resources?.clusters?.[0]?.load_assignment?.endpoints?.[0]?.lb_endpoints?.[0]?.endpoint
    expect(endpoint?.address?.socket_address).toEqual({ address: 'control-plane', port_value: 18_000 })
    expect(bootstrap.node?.metadata?.['PORT_MAP']).toBe('80=8080')
  })

  test('runs a backend at each endpoint of the example, in the network of Envoy', async () => {
    for (const name of ['cluster-b', 'envoy']) expect(service(name).network_mode).toBe('service:production')
    const backends = [...service('production').command, ...service('cluster-b').command].map((argument) =>
      Number(argument.split('=')[1]),
    )
    expect(backends).toEqual(await examplePorts())
  })
})

test('docker-compose.yml is what Docker Compose takes', async ({ skip }) => {
  const compose = (...args: readonly string[]) =>
    run('docker', ['compose', ...args], { env: process.env, timeout: 30_000 })
  if ((await compose('version')).status !== 0) return skip('Docker Compose is not here')
  expect(await compose('--file', join(project, 'docker-compose.yml'), 'config', '--quiet')).toEqual({
    status: 0,
    output: '',
  })
})

describe('the image', () => {
  test('runs as another user than root, on a Node that runs the code', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
    expect(last).toMatch(/^\nFROM node:24-slim\n/)
    expect(last).toContain('\nUSER node\n')
  })

  test('is built from what .dockerignore lets through', async () => {
    const allowed = (await read('.dockerignore'))
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    expect(allowed).toEqual(
      expect.arrayContaining([
        'package.json',
        'package-lock.json',
        'scripts',
        'proto/admin.proto',
        'proto/envoy.proto',
        'src',
      ]),
    )
    for (const path of allowed) await access(join(project, path))
  })
})

/** The ports at which the example expects its backends, lowest first. */
async function examplePorts(): Promise<readonly number[]> {
  const files = (await readdir(join(project, example))).filter((file) => file.endsWith('.yaml'))
  const documents = (await Promise.all(files.map((file) => read(join(example, file))))).flatMap((text) =>
    parseAllDocuments(text),
  )
  const ports = documents.flatMap((document) => {
    const slice: unknown = document.getIn(['ports', 0, 'port'])
    const entry: unknown = document.getIn(['spec', 'endpoints', 0, 'ports', 'http'])
    return [slice, entry].filter((port) => typeof port === 'number')
  })
  return ports.toSorted((a, b) => a - b)
}
