/**
 * The cost of changes among 1,000 services, by type: `node bench/incremental.ts [--services N]`. One sidecar
 * Envoy over delta with VHDS, scripted.
 */
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultSettings } from '../src/control-plane/config.ts'
import { startControlPlane } from '../src/control-plane/control-plane.ts'
import { table } from '../src/demo/display.ts'
import { node } from '../src/envoy/node.ts'
import type { ControlPlaneEvent } from '../src/observe/event.ts'
import { EnvoyDouble } from '../test/support/envoy-double.ts'

const { values } = parseArgs({ options: { services: { type: 'string', default: '1000' } } })
const size = Number(values.services)
const folder = await mkdtemp(join(tmpdir(), 'shadowplane-incremental-'))
const events: ControlPlaneEvent[] = []
const waiting = new Set<() => void>()

const service = (name: string, label = 'a'): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{name: http, port: 80}], selector: {app: ${name}}}
---
apiVersion: v1
kind: Pod
metadata: {name: ${name}-pod, labels: {version: ${label}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: ${name}-pod}}]
ports: [{name: http, port: 8080}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: ${name}, subsets: [{name: a, labels: {version: a}}]}
`
const route = (index: number, percentage: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: s${index}}
spec:
  hosts: [s${index}]
  http:
  - route: [{destination: {host: s${index}}}]
    mirror: {host: s${(index + 1) % size}}
    mirrorPercentage: {value: ${percentage}}
`

async function save(name: string, text: string): Promise<void> {
  await writeFile(join(folder, `.${name}`), text)
  await rename(join(folder, `.${name}`), join(folder, name))
}

function until(fits: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('nothing came in 60 s'))
    }, 60_000)
    const look = (): void => {
      if (!fits()) return
      clearTimeout(timer)
      waiting.delete(look)
      resolve()
    }
    waiting.add(look)
    look()
  })
}

for (let index = 0; index < size; index += 1) {
  await save(`service-${index}.yaml`, service(`s${index}`))
  await save(`route-${index}.yaml`, route(index, 50))
}
const controlPlane = await startControlPlane(
  { paths: [folder], listen: '127.0.0.1:0', admin: '127.0.0.1:0', settings: defaultSettings },
  (event) => {
    events.push(event)
    for (const look of [...waiting]) look()
  },
)
const proxy = new EnvoyDouble(controlPlane.xdsAddress, {
  mode: 'delta',
  node: {
    ...node({ role: 'sidecar', namespace: 'default', labels: { app: 'client' } }),
    user_agent_name: 'envoy',
    user_agent_build_version: { version: { major_number: 1, minor_number: 40, patch: 0 } },
  },
})

/**
 * A change that sends nothing shows by nothing, so another edit follows it, and what comes before that edit's
 * mark is the change's.
 */
let marks = 0
async function cost(name: string, change: () => Promise<void>): Promise<readonly string[]> {
  const from = events.length
  await change()
  marks += 1
  await save(
    'mark.yaml',
    `apiVersion: v1\nkind: Service\nmetadata: {name: mark}\nspec: {ports: [{name: http, port: ` +
      `${20_000 + marks}}]}\n`,
  )
  await until(
    () =>
      events.slice(from).some((event) => event.kind === 'pushed' && event.type === 'route') ||
      proxy.held('listener').has(`127.0.0.1_${20_000 + marks}`),
  )
  await proxy.until('the mark', (each) => each.held('listener').has(`127.0.0.1_${20_000 + marks}`))
  const during = events.slice(from)
  const ofMark = (text: string): boolean => text.includes('mark') || /(^|_)2\d{4}($|\/)/.test(text)
  const pushed = during
    .filter((event) => event.kind === 'pushed')
    .map((event) => ({ ...event, names: [...event.sent, ...event.removed].filter((each) => !ofMark(each)) }))
    .filter(({ names }) => names.length > 0)
  const translated =
    during
      .filter((event) => event.kind === 'config-changed')
      .reduce((sum, event) => sum + event.translated, 0) - 1
  const types = Map.groupBy(pushed, ({ type }) => type)
  const sent = [...types]
    .map(([type, each]) => `${type} ${each.flatMap(({ names }) => names).length}`)
    .join(', ')
  return [
    name,
    String(translated),
    sent === '' ? 'nothing' : sent,
    String(pushed.reduce((sum, { bytes }) => sum + bytes, 0)),
  ]
}

try {
  await proxy.until(
    'everything',
    (each) => each.held('virtual-host').size >= size && each.held('endpoint').size >= size,
  )
  const rows: (readonly string[])[] = []
  rows.push(
    await cost('an unrelated object (a ConfigMap)', () =>
      save('config-map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n'),
    ),
  )
  rows.push(await cost('one percentage', () => save('route-5.yaml', route(5, 10))))
  rows.push(await cost('a service added', () => save('service-new.yaml', service('new'))))
  rows.push(await cost('a label of a pod changed', () => save('service-7.yaml', service('s7', 'b'))))
  rows.push(
    await cost('the service removed', () =>
      rm(join(folder, 'service-new.yaml')).then(() =>
        until(() => !proxy.held('cluster').has('outbound|80||new.default.svc.cluster.local')),
      ),
    ),
  )
  rows.push(
    await cost('every file touched', async () => {
      for (let index = 0; index < size; index += 1)
        await utimes(join(folder, `route-${index}.yaml`), new Date(), new Date())
    }),
  )
  process.stdout.write(
    `${size} services, each with a mirroring VirtualService; one sidecar over delta with virtual hosts ` +
      `apart\n\n`,
  )
  process.stdout.write(
    `${table([['change', 'translations', 'resources sent, by type', 'bytes'], ...rows.map((row) => [...row])]).join('\n')}\n`,
  )
} finally {
  await proxy.close()
  await controlPlane.close()
  await rm(folder, { recursive: true, force: true })
}
