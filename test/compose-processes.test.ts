import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { freePort } from '../bench/support/free-port.ts'
import { examplePorts, openWorkspace } from '../src/demo/workspace.ts'
import { findEnvoy } from '../src/envoy/binary.ts'
import { projectRoot } from './support/command.ts'
import { askingAt } from './support/asking.ts'
import { folderWith } from './support/folder.ts'
import { waitFor } from './support/wait-for.ts'

interface Service {
  readonly entrypoint?: readonly string[]
  readonly command: readonly string[]
  readonly volumes?: readonly string[]
}

const { services } = parse(await readFile(join(projectRoot, 'docker-compose.yml'), 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>
}
/** The image's command, for a service without one of its own; compiled files run from their source here. */
const entrypoint =
  /^ENTRYPOINT (.*)$/m.exec(await readFile(join(projectRoot, 'Dockerfile'), 'utf8'))?.[1] ?? '[]'

/** One after the other, as in a text that is given other ports and folders. */
type Replacements = readonly (readonly [string, string])[]

function replaced(text: string, replacements: Replacements): string {
  return replacements.reduce((sum, [from, to]) => sum.replaceAll(from, to), text)
}

/** The program and arguments of a service, with what a container would have mounted and published. */
function commandOf(name: string, replacements: Replacements): readonly string[] {
  const service = services[name]
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
  const program =
    name === 'envoy' ? [] : (service.entrypoint ?? (JSON.parse(entrypoint) as readonly string[]))
  return [
    ...program.map((part) => part.replace(/^dist\/(.*)\.js$/, 'src/$1.ts')),
    ...service.command.map((part) => replaced(part, replacements)),
  ]
}

/** Runs it until the test ends; what it has written so far. */
function start([program = '', ...args]: readonly string[]): () => string {
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const ended = new Promise((resolve) => child.once('error', resolve).once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return () => output
}

function seen(what: string, output: () => string, pattern: RegExp): Promise<string> {
  const found = waitFor({ what: `${what}: ${String(pattern)}`, look: () => pattern.exec(output())?.[1] })
  return found.catch((error: unknown) => {
    throw new Error(`${String(error)}\n${output()}`)
  })
}

test(
  'the commands of docker-compose.yml, without containers: a mirrored request is counted, and a ' +
    'changed file is seen',
  async () => {
    const published = new Map<number, number>()
    for (const port of [...Object.values(examplePorts), 8080, 9901]) published.set(port, await freePort())
    const backends: Replacements = [...published].map(([port, own]) => [`=${port}`, `=${own}`] as const)
    const workspace = await openWorkspace(join(projectRoot, 'examples/istio-cross-cluster'), published)
    onTestFinished(() => workspace.close())

    const control = start(
      commandOf('control-plane', [
        ['/config', workspace.folder],
        ['0.0.0.0:18000', '127.0.0.1:0'],
        ['127.0.0.1:18001', '127.0.0.1:0'],
        ['0.0.0.0:18002', '127.0.0.1:0'],
      ]),
    )
    const production = start(commandOf('production', backends))
    const clusterB = start(commandOf('cluster-b', backends))
    await Promise.all([
      seen('production', production, /(production-v2) listens/),
      seen('cluster-b', clusterB, /(cluster-b) listens/),
    ])
    const [host = '', port = ''] = (await seen('control plane', control, /serving xDS on ([\d.:]+)/)).split(
      ':',
    )

    const folder = folderWith({})
    const bootstrap = replaced(await readFile(join(projectRoot, 'envoy/gateway-compose.yaml'), 'utf8'), [
      ['address: control-plane', `address: ${host}`],
      ['port_value: 18000', `port_value: ${port}`],
      ['address: 0.0.0.0', 'address: 127.0.0.1'],
      ['80=8080', `80=${published.get(8080)}`],
      ['port_value: 9901', `port_value: ${published.get(9901)}`],
    ])
    await writeFile(join(folder, 'gateway-compose.yaml'), bootstrap)
    const [, ...args] = commandOf('envoy', [['/etc/shadowplane', folder]])
    const { path } = await findEnvoy({ env: process.env })
    const envoy = start([path, ...args, '--disable-hot-restart', '--log-level', 'warning'])
    await seen('Envoy', () => `${control()}${envoy()}`, /(proxy connected)/)

    const client = askingAt('127.0.0.1', published.get(8080) ?? 0)
    const question = { path: '/headers', host: 'shop.example' }
    await waitFor({
      what: `an answer: ${envoy()}`,
      look: async () => (await client.ask(question).catch(() => undefined))?.status === 200 || undefined,
    })
    const copies = (): number =>
      clusterB()
        .split('\n')
        .filter((line) => line.includes('shop.example-shadow/headers/counted')).length
    await workspace.setPercentage(100)
    await seen('control plane', control, /(→ 100 %)/)
    await seen('control plane', control, /→ 100 %[\s\S]*(ACKed by 1 proxy)/)
    const answers = await client.askTimes(50, { ...question, path: '/headers/counted' })
    expect(
      answers.filter(({ status, backend }) => status === 200 && backend === 'production-v1').length,
    ).toBe(50)
    await waitFor({ what: 'all copies', look: () => copies() >= 50 || undefined })
    expect(copies()).toBe(50)
  },
)
