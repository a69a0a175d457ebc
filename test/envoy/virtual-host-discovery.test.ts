import { get } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import type { BootstrapOptions } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { lastFound } from '../support/last-found.ts'
import { serve } from '../support/serving.ts'
import type { Serving } from '../support/serving.ts'
import { within } from '../support/within.ts'

const gateway = (...ports: readonly number[]): string => `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  servers:
${ports.map((port) => `  - {port: {number: ${port}, name: http-${port}, protocol: HTTP}, hosts: ["*.p${port}"]}`).join('\n')}
`

interface Said {
  readonly body: string
  readonly header?: string
}

/** Answers for its host by itself, so the Envoy needs no backend. */
const route = (host: string, { body, header }: Said): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${host.replaceAll('.', '-')}}
spec:
  hosts: [${host}]
  gateways: [edge]
  http:
  - directResponse: {status: 200, body: {string: ${body}}}
${header === undefined ? '' : `    headers: {response: {set: {x-set: "${header}"}}}\n`}`

interface Edge {
  readonly serving: Serving
  /** Status and body for a host; the host's last label names the port. */
  ask(host: string): Promise<string>
  /** Asks until the answer is the wanted one; the last answer. */
  becomes(host: string, wanted: string): Promise<string>
}

async function edge(mode: BootstrapOptions['mode'], files: Readonly<Record<string, string>>): Promise<Edge> {
  const serving = await serve(files)
  const ports = new Map<number, number>()
  for (const port of [80, 81, 82]) ports.set(port, await freePort())
  const [host = '', port = ''] = serving.xds.split(':')
  const { path } = await findEnvoy({ env: process.env })
  const envoy = await startEnvoy({
    binary: path,
    bootstrap: bootstrap({
      ...defaultBootstrap,
      xds: { host, port: Number(port) },
      mode,
      bindAddress: '127.0.0.1',
      portMap: Object.fromEntries(ports),
    }),
  })
  onTestFinished(() => envoy.close())
  await envoy.ready()
  const ask = (name: string): Promise<string> => answer(ports.get(Number(/\d+$/.exec(name)?.[0])) ?? 0, name)
  return {
    serving,
    ask,
    becomes: (name, wanted) =>
      lastFound(
        (found) => found === wanted,
        () => ask(name),
      ),
  }
}

function answer(port: number, host: string): Promise<string> {
  return within(
    10_000,
    `an answer for ${host}`,
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
        let body = ''
        response
          .setEncoding('utf8')
          .on('data', (text: string) => {
            body += text
          })
          .on('end', () => {
            resolve(`${response.statusCode ?? 0} ${body}`.trim())
          })
      }).once('error', (error) => {
        resolve(error.message.replace(/ 127\..*/, ''))
      })
    }),
  )
}

describe.each(['delta', 'sotw'] as const)('a real Envoy over %s', (mode) => {
  test('takes its routes, an edit, an addition and a removal', async () => {
    const { serving, ask, becomes } = await edge(mode, {
      'edge.yaml': gateway(80),
      'a.yaml': route('a.p80', { body: 'a1' }),
      'b.yaml': route('b.p80', { body: 'b1' }),
    })
    expect([await ask('a.p80'), await ask('b.p80'), await ask('c.p80')]).toEqual(['200 a1', '200 b1', '404'])
    await serving.write({ 'a.yaml': route('a.p80', { body: 'a2' }) })
    expect(await becomes('a.p80', '200 a2')).toBe('200 a2')
    await serving.write({ 'c.yaml': route('c.p80', { body: 'c1' }) })
    expect(await becomes('c.p80', '200 c1')).toBe('200 c1')
    await serving.remove('b.yaml')
    expect(await becomes('b.p80', '404')).toBe('404')
    expect([await ask('a.p80'), await ask('c.p80')]).toEqual(['200 a2', '200 c1'])
  })

  test(
    'takes a route configuration that is added while it runs, and one that had no virtual host at the ' +
      'start',
    async () => {
      const { serving, ask, becomes } = await edge(mode, {
        'edge.yaml': gateway(80, 82),
        'a.yaml': route('a.p80', { body: 'a1' }),
      })
      expect([await ask('a.p80'), await ask('d.p82')]).toEqual(['200 a1', '404'])
      await serving.write({ 'edge.yaml': gateway(80, 81, 82), 'b.yaml': route('b.p81', { body: 'b1' }) })
      expect(await becomes('b.p81', '200 b1')).toBe('200 b1')
      await serving.write({ 'd.yaml': route('d.p82', { body: 'd1' }) })
      expect(await becomes('d.p82', '200 d1')).toBe('200 d1')
      await serving.remove('d.yaml')
      expect(await becomes('d.p82', '404')).toBe('404')
      await serving.write({
        'd.yaml': route('d.p82', { body: 'd2' }),
        'b.yaml': route('b.p81', { body: 'b2' }),
      })
      expect([await becomes('d.p82', '200 d2'), await becomes('b.p81', '200 b2')]).toEqual([
        '200 d2',
        '200 b2',
      ])
      expect(await ask('a.p80')).toBe('200 a1')
    },
  )
})

describe.each(['delta', 'sotw'] as const)('a deleted host over %s', (mode) => {
  test('is not answered when another host is the first after none was left', async () => {
    const { serving, becomes, ask } = await edge(mode, {
      'edge.yaml': gateway(80),
      'a.yaml': route('a.p80', { body: 'a1' }),
    })
    expect(await ask('a.p80')).toBe('200 a1')
    await serving.remove('a.yaml')
    expect(await becomes('a.p80', '404')).toBe('404')
    await serving.write({ 'b.yaml': route('b.p80', { body: 'b1' }) })
    expect(await becomes('b.p80', '200 b1')).toBe('200 b1')
    expect(await ask('a.p80')).toBe('404')
  }, 60_000)

  test('is not answered when its listener was away meanwhile, and its connections still drain', async () => {
    const { serving, becomes, ask } = await edge(mode, {
      'edge.yaml': gateway(80, 81),
      'a.yaml': route('a.p80', { body: 'a1' }),
      'c.yaml': route('c.p81', { body: 'c1' }),
    })
    expect(await ask('a.p80')).toBe('200 a1')
    await serving.write({ 'edge.yaml': gateway(81) })
    expect(await becomes('a.p80', 'connect ECONNREFUSED')).toContain('ECONNREFUSED')
    await serving.remove('a.yaml')
    await serving.write({ 'b.yaml': route('b.p80', { body: 'b1' }), 'edge.yaml': gateway(80, 81) })
    expect(await becomes('b.p80', '200 b1')).toBe('200 b1')
    expect(await becomes('a.p80', '404')).toBe('404')
    expect(await ask('c.p81')).toBe('200 c1')
  }, 60_000)
})

test('what Envoy refuses is said at its line, and an innocent edit made in the same moment is in force', async () => {
  const both = (header: string, body: string): string =>
    `${route('a.p80', { body: 'a1', header })}---\n${route('b.p80', { body })}`
  const { serving, ask, becomes } = await edge('delta', {
    'edge.yaml': gateway(80),
    'both.yaml': both('fine', 'b1'),
  })
  expect([await ask('a.p80'), await ask('b.p80')]).toEqual(['200 a1', '200 b1'])
  // An expression that only Envoy knows to be none.
  await serving.write({ 'both.yaml': both('%CEL(1 +)%', 'b2') })
  expect(await becomes('b.p80', '200 b2')).toBe('200 b2')
  expect(await serving.told('xds/nack')).toMatch(
    /^both\.yaml:4:1 error xds\/nack {2}a proxy refused virtual-host http\.80\/a\.p80:80/,
  )
  expect(await ask('a.p80')).toBe('200 a1')
  await serving.write({ 'both.yaml': both('mended', 'b3') })
  expect(await becomes('b.p80', '200 b3')).toBe('200 b3')
  await serving.resolved('xds/nack')
})
