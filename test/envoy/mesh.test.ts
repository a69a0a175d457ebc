import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'
import { bootstrap, defaultBootstrap } from '../../src/envoy/bootstrap.ts'
import { startEnvoy } from '../../src/envoy/process.ts'
import { lastFound } from '../support/last-found.ts'
import { serve } from '../support/serving.ts'
import type { Files, Serving } from '../support/serving.ts'
import { within } from '../support/within.ts'

interface Backend {
  readonly port: number
  /** Requests since it was last asked. */
  taken(): number
}

async function backend(status: number): Promise<Backend> {
  let requests = 0
  const server = createServer((_, response) => {
    requests += 1
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  )
  return {
    port: (server.address() as AddressInfo).port,
    taken() {
      const taken = requests
      requests = 0
      return taken
    },
  }
}

const entry = (host: string, { port }: Backend): string =>
  `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replaceAll('.', '-')}}
spec: {hosts: [${host}], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], ` +
  `endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]}
`

interface Workload {
  readonly serving: Serving
  /** Status for a host; 0 if the connection failed. */
  call(host: string): Promise<number>
  /** Calls until what it finds is the wanted one; the last that it found. */
  becomes<T>(wanted: T, find: () => Promise<T>): Promise<T>
}

/** A workload with a sidecar in the namespace `default`, whose listeners are bound. */
async function workload(files: Files): Promise<Workload> {
  const serving = await serve(files)
  const port = await freePort()
  const [host = '', xdsPort = ''] = serving.xds.split(':')
  const { path } = await findEnvoy({ env: process.env })
  const envoy = await startEnvoy({
    binary: path,
    bootstrap: bootstrap({
      ...defaultBootstrap,
      xds: { host, port: Number(xdsPort) },
      role: 'sidecar',
      labels: { app: 'web' },
      bindAddress: '127.0.0.1',
      portMap: { 80: port },
    }),
  })
  onTestFinished(() => envoy.close())
  await envoy.ready()
  return {
    serving,
    call: (name) =>
      within(
        10_000,
        `an answer for ${name}`,
        new Promise((resolve) => {
          get({ host: '127.0.0.1', port, headers: { host: name }, agent: false }, (response) => {
            response.resume().on('end', () => {
              resolve(response.statusCode ?? 0)
            })
          }).once('error', () => {
            resolve(0)
          })
        }),
      ),
    becomes: (wanted, find) => lastFound((found) => found === wanted, find),
  }
}

const sidecar = (hosts: string): string => `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: limits}
spec:
  workloadSelector: {labels: {app: web}}
  egress: [{hosts: [${hosts}]}]
`

test('a Sidecar hides a host from the proxy that it selects, and an edit shows it again', async () => {
  const [a, b] = [await backend(200), await backend(200)]
  const { serving, call, becomes } = await workload({
    'hosts.yaml': `${entry('a.example', a)}---\n${entry('b.example', b)}`,
    'sidecar.yaml': sidecar('./a.example'),
  })
  expect([await call('a.example'), await call('b.example')]).toEqual([200, 502])
  await serving.write({ 'sidecar.yaml': sidecar('./*') })
  expect(await becomes(200, () => call('b.example'))).toBe(200)
  await serving.write({ 'sidecar.yaml': sidecar('./*, ~./b.example') })
  expect(await becomes(502, () => call('b.example'))).toBe(502)
  await serving.remove('sidecar.yaml')
  expect(await becomes(200, () => call('b.example'))).toBe(200)
})

test('a mirror to a host that the Sidecar does not list is copied, as in Istio', async () => {
  const [a, b] = [await backend(200), await backend(200)]
  const mirrored = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec: {hosts: [a.example], http: [{route: [{destination: {host: a.example}}], mirror: {host: b.example}}]}
`
  const { call, becomes } = await workload({
    'hosts.yaml': `${entry('a.example', a)}---\n${entry('b.example', b)}`,
    'sidecar.yaml': sidecar('./a.example'),
    'a.yaml': mirrored,
  })
  expect(await call('a.example')).toBe(200)
  expect(await becomes(1, () => Promise.resolve(b.taken()))).toBe(1)
  expect(await call('b.example')).toBe(502)
})

test(
  'an edit of the MeshConfig in the ConfigMap istio-system/istio changes the default retry policy of a ' +
    'running proxy',
  async () => {
    const failing = await backend(503)
    const config = (mesh: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: ` +
      `|\n    ${mesh}\n`
    const { serving, call, becomes } = await workload({
      'hosts.yaml': entry('a.example', failing),
      'mesh.yaml': config('rootNamespace: istio-system'),
    })
    const attempts = async (): Promise<number> => {
      failing.taken()
      await call('a.example')
      return failing.taken()
    }
    expect(await attempts()).toBe(3)
    await serving.write({ 'mesh.yaml': config('defaultHttpRetryPolicy: {attempts: 4, retryOn: 5xx}') })
    expect(await becomes(5, attempts)).toBe(5)
    await serving.write({ 'mesh.yaml': config('defaultHttpRetryPolicy: {attempts: 0}') })
    expect(await becomes(1, attempts)).toBe(1)
    await serving.write({ 'mesh.yaml': config('defaultHttpRetryPolicy: {attempts: none}') })
    expect(await serving.told('field/wrong-type')).toContain('mesh.yaml:6:40 error field/wrong-type')
    expect(await attempts()).toBe(1)
    await serving.remove('mesh.yaml')
    expect(await becomes(3, attempts)).toBe(3)
  },
)
