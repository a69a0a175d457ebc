import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { errorText } from '../errors.ts'
import { bootstrap, defaultBootstrap } from '../envoy/bootstrap.ts'
import type { HostPort } from '../envoy/bootstrap.ts'
import type { EnvoyProcess } from '../envoy/process.ts'
import { startEnvoy } from '../envoy/process.ts'
import { startBackend } from './backend.ts'
import type { Ledger } from './tally.ts'
import { ledger } from './tally.ts'
import type { Traffic } from './traffic.ts'
import { startTraffic } from './traffic.ts'
import { DemoFailure, waitFor } from './wait.ts'
import type { Workspace } from './workspace.ts'
import { examplePorts, openWorkspace } from './workspace.ts'

export interface DemoControlPlane {
  readonly xds: HostPort
  /** `host:port` */
  readonly adminAddress: string
  close(): Promise<void>
}

export interface StageOptions {
  readonly binary: string
  /** Folder of the example. */
  readonly example: string
  /**
   * Starts a control plane over a folder; `report` takes each new error as a person reads it, its place
   * included.
   */
  readonly startControlPlane: (folder: string, report: (error: string) => void) => Promise<DemoControlPlane>
  readonly signal: AbortSignal
}

/** Everything that runs during the demo. */
export interface Stage {
  readonly workspace: Workspace
  readonly controlPlane: DemoControlPlane
  readonly envoy: EnvoyProcess
  /** Port of Envoy's listener on 127.0.0.1. */
  readonly port: number
  readonly ledger: Ledger
  /** Every error that the control plane reported so far. */
  readonly errors: readonly string[]
  /** The Host that every copy must carry. */
  readonly copyHost: string
  /** Starts requests; `step` names the step of the next one. */
  drive(rate: () => number, step: () => string): Traffic
  close(): Promise<void>
}

export const production = 'production-v1'
const requestHost = 'shop.example'
const uncounted = (): void => {}

/**
 * Starts backends, control plane and Envoy, and waits for the first answer. When one of them fails, the
 * others are closed again.
 */
export async function openStage(options: StageOptions): Promise<Stage> {
  const closers: (() => Promise<void>)[] = []
  const closed = <T extends { close(): Promise<void> }>(part: T): T => {
    closers.unshift(() => part.close())
    return part
  }
  const close = async (): Promise<void> => {
    for (const closePart of closers.splice(0)) await closePart()
  }
  try {
    return { ...(await openParts(options, closed)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openParts(
  options: StageOptions,
  closed: <T extends { close(): Promise<void> }>(part: T) => T,
): Promise<Omit<Stage, 'close'>> {
  const port = await freePort()
  const host = `${requestHost}:${port}`
  const copyHost = `${requestHost}-shadow:${port}`
  const counts = ledger(production, copyHost)
  const v1 = closed(await startBackend({ name: production, port: 0, onRequest: uncounted }))
  const v2 = closed(await startBackend({ name: 'production-v2', port: 0, onRequest: uncounted }))
  const clusterB = closed(await startBackend({ name: 'cluster-b', port: 0, onRequest: counts.copied }))
  const ports = new Map([
    [examplePorts.v1, v1.port],
    [examplePorts.v2, v2.port],
    [examplePorts.clusterB, clusterB.port],
  ])
  const workspace = closed(await openWorkspace(options.example, ports))
  const errors: string[] = []
  const controlPlane = closed(
    await options.startControlPlane(workspace.folder, (error) => errors.push(error)),
  )
  const envoy = closed(
    await startEnvoy({ binary: options.binary, bootstrap: gatewayBootstrap(controlPlane.xds, port) }).catch(
      (error: unknown) => {
        throw new DemoFailure(errorText(error))
      },
    ),
  )
  await waitFor({
    what: 'Envoy to answer from production',
    timeout: 20_000,
    signal: options.signal,
    look: () => answers(port),
  }).catch((error: unknown) => {
    options.signal.throwIfAborted()
    throw new DemoFailure([errorText(error), ...errors, envoy.log()].join('\n'))
  })
  return {
    workspace,
    controlPlane,
    envoy,
    port,
    ledger: counts,
    errors,
    copyHost,
    drive: (rate, step) =>
      startTraffic({ port, host, rate, nextId: () => counts.nextId(step()), onAnswer: counts.answered }),
  }
}

function gatewayBootstrap(xds: HostPort, port: number): ReturnType<typeof bootstrap> {
  return bootstrap({
    ...defaultBootstrap,
    role: 'gateway',
    labels: { istio: 'ingressgateway' },
    bindAddress: '127.0.0.1',
    portMap: { 80: port },
    xds,
  })
}

async function answers(port: number): Promise<true | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/headers`, {
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.ok === true ? true : undefined
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
