import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { defaultSettings } from '../../src/control-plane/config.ts'
import type { Config } from '../../src/control-plane/config.ts'
import { startControlPlane } from '../../src/control-plane/control-plane.ts'
import type { ControlPlaneEvent } from '../../src/observe/event.ts'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { EnvoyDouble } from '../support/envoy-double.ts'
import { folderWith } from '../support/folder.ts'
import { within } from '../support/within.ts'
import { connect } from '../support/xds-client.ts'
import type { Mode, NodeJson, XdsClient } from '../support/xds-client.ts'

type Kind = ControlPlaneEvent['kind']

/** A control plane over a folder of its own; it ends with the test. */
export interface Plane {
  readonly folder: string
  readonly xdsAddress: string
  readonly adminAddress: string
  /** All that has happened, in order. */
  readonly events: readonly ControlPlaneEvent[]
  /** The answers of the admin listener. */
  ask(path: string, init?: RequestInit): Promise<Response>
  report(path?: string): Promise<StatusReport>
  write(name: string, text: string): void
  /** A proxy that takes everything, once it has its routes. */
  proxy(id: string, mode: Mode): Promise<EnvoyDouble>
  /** A proxy that does what the test says. */
  client(id: string, mode: Mode): XdsClient
  /** Waits until as many events fit, from the start on. */
  event<K extends Kind>(
    kind: K,
    fits?: (event: Extract<ControlPlaneEvent, { kind: K }>) => boolean,
  ): Promise<void>
}

export async function plane(
  files: Readonly<Record<string, string>>,
  settings: Partial<Pick<Config, 'admin' | 'adminAccess' | 'recorder' | 'xds' | 'probes'>> = {},
): Promise<Plane> {
  const folder = folderWith(files)
  const events: ControlPlaneEvent[] = []
  const waiting = new Set<() => void>()
  const config = {
    paths: [folder],
    listen: '127.0.0.1:0',
    admin: '127.0.0.1:0',
    settings: defaultSettings,
    ...settings,
  }
  const { xdsAddress, adminAddress, close } = await startControlPlane(config, (event) => {
    events.push(event)
    for (const look of [...waiting]) look()
  })
  onTestFinished(() => close())
  const ask: Plane['ask'] = (path, init) => fetch(`http://${adminAddress}${path}`, init)
  return {
    folder,
    xdsAddress,
    adminAddress,
    events,
    ask,
    report: async (path = '/status') => (await ask(path)).json() as Promise<StatusReport>,
    write: (name, text) => {
      writeFileSync(join(folder, name), text)
    },
    async proxy(id, mode) {
      const proxy = new EnvoyDouble(xdsAddress, { mode, node: nodeOf(id) })
      onTestFinished(() => proxy.close())
      await proxy.until('routes', (each) => each.held('route').size > 0)
      return proxy
    },
    client(id, mode) {
      const client = connect(xdsAddress, { mode, node: nodeOf(id) })
      onTestFinished(() => client.close())
      return client
    },
    event: (kind, fits = () => true) =>
      within(
        10_000,
        `the event ${kind}`,
        new Promise((resolve) => {
          const look = (): void => {
            if (!events.some((each) => each.kind === kind && fits(each as never))) return
            waiting.delete(look)
            resolve()
          }
          waiting.add(look)
          look()
        }),
      ),
  }
}

export function sidecarId(name: string): string {
  return `sidecar~127.0.0.1~${name}.default~default.svc.cluster.local`
}

function nodeOf(id: string): NodeJson {
  return { id, cluster: 'test' }
}

export const reviews = `apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - route: [{destination: {host: reviews}}]
`
