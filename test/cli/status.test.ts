import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { plane, reviews, sidecarId } from '../admin/plane.ts'
import type { Plane } from '../admin/plane.ts'
import { command, projectRoot, shadowplane } from '../support/command.ts'
import type { Outcome } from '../support/command.ts'
import { within } from '../support/within.ts'

const a = sidecarId('a')
const b = sidecarId('b')

/** One proxy in step, and one that refuses its routes. */
async function two(): Promise<Plane> {
  const running = await plane({ 'reviews.yaml': reviews })
  await running.proxy(a, 'sotw')
  await running.event('acked', ({ proxy, type }) => proxy.id === a && type === 'route')
  const client = running.client(b, 'sotw')
  client.subscribe('route', ['80'])
  await client.next('route')
  client.nack('route', 'Only a single wildcard domain is permitted')
  await running.event('nacked')
  return running
}

function status(running: Plane, ...args: readonly string[]): Promise<Outcome> {
  return command(['status', '--server', running.adminAddress, ...args])
}

describe('shadowplane status', () => {
  test('shows each proxy, and a refusal at its line; the exit status is 1', async () => {
    const running = await two()
    const { status: code, stdout, stderr } = await shadowplane(['status', '--server', running.adminAddress])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^2 proxies, 1 SYNCED, 1 NACKED; configuration: 1 error/)
    expect(stdout).toMatch(/^PROXY +MODE +SCOPE +CONNECTED SINCE +CLUSTER +ENDPOINT +LISTENER +ROUTE$/m)
    expect(stdout).toMatch(
      /^sidecar~127\.0\.0\.1~a\.default~default\.svc\.cluster\.local +sotw +sidecar in default +\S+Z +SYNCED \d+ +SYNCED \d+ +SYNCED 1 +SYNCED 1$/m,
    )
    expect(stdout).toMatch(
      /^sidecar~127\.0\.0\.1~b\.default~default\.svc\.cluster\.local +sotw .* - +- +- +NACKED [01]$/m,
    )
    expect(stdout).toContain('it says: Only a single wildcard domain is permitted')
    expect(stdout).toMatch(/reviews\.yaml:9:1 +route 80, made from VirtualService default\/reviews/)
    expect(code).toBe(1)
  })

  test('of a proxy that is in step ends with 0', async () => {
    const { status: code, stdout } = await status(await two(), '--proxy', a)
    expect(stdout).toContain('1 proxy, 1 SYNCED')
    expect(stdout).not.toContain(b)
    expect(code).toBe(0)
  })

  test('-o json is what the admin listener answers', async () => {
    const running = await two()
    const { status: code, stdout } = await status(running, '-o', 'json')
    expect(JSON.parse(stdout)).toEqual(await running.report())
    expect(code).toBe(1)
  })

  test('--config prints what a proxy holds', async () => {
    const { status: code, stdout } = await status(await two(), '--config', a)
    const dump = JSON.parse(stdout) as { readonly configs: readonly { readonly '@type': string }[] }
    expect(dump.configs.map((each) => each['@type'].split('.').at(-1))).toEqual([
      'ClustersConfigDump',
      'EndpointsConfigDump',
      'ListenersConfigDump',
      'RoutesConfigDump',
    ])
    expect(stdout).toContain('"name": "reviews.default.svc.cluster.local:80"')
    expect(code).toBe(0)
  })

  test('without a proxy says so', async () => {
    const { status: code, stdout } = await status(await plane({ 'reviews.yaml': reviews }))
    expect(stdout).toBe('0 proxies; configuration: nothing to report\n\nno proxy is connected\n')
    expect(code).toBe(0)
  })

  test('--watch shows it again when it changes, until it is stopped', async () => {
    const running = await plane({ 'reviews.yaml': reviews })
    const child = spawn(process.execPath, [
      join(projectRoot, 'src/main.ts'),
      'status',
      '--server',
      running.adminAddress,
      '--watch',
    ])
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    let output = ''
    const saying = (text: string): Promise<unknown> =>
      within(
        20_000,
        JSON.stringify(text),
        new Promise((resolve) => {
          const look = (): void => {
            if (output.includes(text)) resolve(undefined)
          }
          child.stdout.on('data', look)
          look()
        }),
      )
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await saying('0 proxies')
    await running.proxy(a, 'delta')
    await saying('1 proxy, 1 SYNCED')
    child.kill('SIGTERM')
    expect(await within(10_000, 'its end', ended)).toBe(0)
  })
})

describe('what cannot be shown ends with status 2 and says what to do', () => {
  test('a proxy that does not exist', async () => {
    const { status: code, stderr } = await status(await two(), '--proxy', sidecarId('aa'))
    expect(stderr).toMatch(
      /^shadowplane: --server \S+: no proxy .* did you mean sidecar~127\.0\.0\.1~[ab]\.default/,
    )
    expect(code).toBe(2)
  })

  test('no control plane', async () => {
    const closed = createServer()
    const port = await new Promise<number>((resolve) =>
      closed.listen(0, '127.0.0.1', () => {
        const address = closed.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      }),
    )
    await new Promise((resolve) => closed.close(resolve))
    const { status: code, stderr } = await shadowplane(['status', '--server', `127.0.0.1:${port}`])
    expect(stderr).toBe(
      `shadowplane: --server 127.0.0.1:${port} cannot be reached (ECONNREFUSED): is "shadowplane serve" ` +
        `running, and is this the address of its --admin?\n`,
    )
    expect(code).toBe(2)
  })

  test.each([
    { args: ['--server', 'somewhere'], says: '--server somewhere: write host:port' },
    {
      args: ['--config', 'a', '--proxy', 'b'],
      says: "'--config <proxy>' cannot be used with option '--proxy <id>'",
    },
    { args: ['-o', 'xml'], says: 'Allowed choices are text, json' },
  ])('$args', async ({ args, says }) => {
    const { status: code, stderr } = await shadowplane(['status', ...args])
    expect(stderr).toContain(says)
    expect(code).toBe(2)
  })
})

test('a node id cannot forge a row, a column or a command to the terminal', async () => {
  const running = await plane({ 'reviews.yaml': reviews })
  const hostile = [
    `edge\nFAKE  sotw  SYNCED 3`,
    'edge  sotw  sidecar in default',
    `edge\u001b[2J\u009b31m\u202e`,
    '#7',
  ]
  for (const id of hostile) {
    const client = running.client(id, 'sotw')
    client.subscribe('cluster')
    await client.next('cluster')
    client.nack('cluster', 'no \u001b]0;title\u0007\nFAKE  NACKED')
    await running.event('nacked', ({ proxy }) => proxy.id === id)
  }
  const { stdout } = await status(running)
  const [, , head = '', ...rows] = stdout.split('\n')
  expect(head).toMatch(/^PROXY +MODE/)
  expect(rows.slice(0, hostile.length).every((row) => row.includes('NACKED'))).toBe(true)
  expect(rows[hostile.length]).toBe('')
  expect(stdout).toContain('"#7"')
  expect(stdout).not.toMatch(/^FAKE/m)
  expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  const json = await status(running, '-o', 'json')
  expect(json.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(
    (JSON.parse(json.stdout) as { readonly proxies: readonly { readonly id: string }[] }).proxies
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(hostile.toSorted())
})
