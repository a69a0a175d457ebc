import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { projectRoot, shadowplane } from '../support/command.ts'
import { patience } from '../support/within.ts'

interface Case {
  readonly args: readonly string[]
  readonly says: string
}

const mistakes: readonly Case[] = [
  { args: [], says: 'Usage: shadowplane' },
  { args: ['servee'], says: 'Did you mean serve?' },
  { args: ['translate'], says: "'-f, --file <path...>' not specified" },
  { args: ['translate', '-f', 'missing-folder'], says: 'missing-folder cannot be read' },
  {
    args: ['translate', '-f', 'examples', '--role', 'waypoint'],
    says: 'Allowed choices are gateway, sidecar',
  },
  { args: ['translate', '-f', 'examples', '--labels', 'istio'], says: '--labels istio' },
  {
    args: ['translate', '-f', 'examples', '--mirror-max-requests', 'many'],
    says: '--mirror-max-requests many: write a whole number',
  },
  {
    args: ['translate', '-f', 'examples', '--mirror-max-body', '1MB'],
    says: '--mirror-max-body 1MB: write bytes, as in 65536, 64Ki, 1Mi, unlimited',
  },
  {
    args: ['translate', '-f', 'examples', '--mirror-connection-buffer', 'unlimited'],
    says: '--mirror-connection-buffer unlimited: write bytes, as in 65536, 64Ki, 1Mi',
  },
  {
    args: ['translate', '-f', 'examples', '--mirror-outlier-detection', 'yes'],
    says: 'Allowed choices are on, off',
  },
  {
    args: ['translate', '-f', 'examples', '--mesh-config', 'missing.yaml'],
    says: '--mesh-config missing.yaml',
  },
  {
    args: ['translate', '-f', 'examples', '--domain', 'Cluster.local.'],
    says: '--domain Cluster.local.: write a DNS name',
  },
  { args: ['validate', '-f', 'examples', '-o', 'xml'], says: 'Allowed choices are text, json, github' },
  { args: ['serve', '--config', 'missing-folder'], says: 'missing-folder cannot be read' },
  {
    args: ['serve', '--config', 'examples', '--listen', 'somewhere'],
    says: '--listen somewhere: write host:port',
  },
  {
    args: ['serve', '--config', 'examples', '--answer-timeout', '0'],
    says: '--answer-timeout 0: write a whole number from 1',
  },
  { args: ['serve', '--config', 'examples', '--status', 'on'], says: '--status on: give --kubernetes, too' },
  {
    args: ['serve', '--kubernetes', '--lease-namespace', 'shop'],
    says: '--lease-namespace: give --status on, too',
  },
  {
    args: ['serve', '--kubernetes', '--status', 'on', '--lease-duration', '10ms'],
    says: '--lease-duration 10ms: write 1s or more',
  },
  {
    args: ['serve', '--kubernetes', '--gateway-controller', 'mine'],
    says: '--gateway-controller mine: write a domain and a path',
  },
  {
    args: ['serve', '--config', 'examples', '--admin', '127.0.0.1:99999'],
    says: '--admin 127.0.0.1:99999: write host:port',
  },
]

describe('wrong usage ends with status 2 and says what to write', () => {
  test.concurrent.each(mistakes)('$args', async ({ args, says }) => {
    const { status, stderr } = await shadowplane(args)
    expect(stderr).toContain(says)
    expect(status).toBe(2)
  })
})

/** A port that another process has. */
async function takenPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : ''
}

describe('serve, while another process has its port', () => {
  test.each<Case>([
    { args: ['--config', 'missing-folder'], says: 'missing-folder cannot be read' },
    { args: ['--config', 'examples', '--probes', 'somewhere'], says: '--probes somewhere: write host:port' },
    { args: ['--config', 'examples'], says: ': another process listens there' },
  ])('$args: "$says"', async ({ args, says }) => {
    const port = await takenPort()
    const { status, stderr } = await shadowplane([
      'serve',
      ...args,
      '--listen',
      '127.0.0.1:0',
      '--admin',
      port,
    ])
    expect(stderr).toContain(says)
    expect(status).toBe(2)
  })
})

test('--help ends with status 0 and names every command', async () => {
  const { status, stdout } = await shadowplane(['--help'])
  for (const command of [
    'serve',
    'translate',
    'validate',
    'explain',
    'explain-code',
    'status',
    'bootstrap',
    'demo',
  ])
    expect(stdout).toContain(`  ${command} `)
  expect(status).toBe(0)
})

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  expect((await shadowplane(['--version'])).stdout.trim()).toBe(version)
})

const olderNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((node) =>
    /^v(?:[0-9]|1\d|2[01])\./.test(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
  )

const compiled = join(projectRoot, 'dist/main.js')

test.skipIf(olderNode === undefined || !existsSync(compiled))(
  'an older Node, where there is one and dist/ is built, is told in one line which it takes',
  () => {
    const { status, stderr } = spawnSync(olderNode ?? '', [compiled, '--version'], {
      encoding: 'utf8',
      timeout: patience,
    })
    expect(stderr).toMatch(/^shadowplane needs Node 22\.19 or newer; this is v\d+\.\d+\.\d+ \(.+\)\n$/)
    expect(status).toBe(2)
  },
)
