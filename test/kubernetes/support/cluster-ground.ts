import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { defaultSettings } from '../../../src/config.ts'
import { startControlPlane } from '../../../src/control-plane.ts'
import type { Ground, Served } from '../../scenarios/ground.ts'
import { folderWith } from '../../support/folder.ts'
import type { Files } from '../../support/serving.ts'
import { recordTold } from '../../support/told.ts'
import type { Told } from '../../support/told.ts'
import { until } from './cluster.ts'
import { allDefinitions, startInstallation } from './installation.ts'
import type { Installation } from './installation.ts'
import type { Kubectl } from './kubectl.ts'

/** Real API servers, to which objects come by kubectl. */
export interface ClusterGround extends Ground {
  /** What kubectl reads of the objects' status, and of Events, when a scenario is over. */
  readonly readBack: readonly string[]
  open(): Promise<void>
  close(): Promise<void>
}

export function clusterGround({ address, obstacle }: Pick<Ground, 'address' | 'obstacle'>): ClusterGround {
  const clusters = new Map<string, Promise<Installation>>()
  const readBack: string[] = []
  const at = (where: string): Promise<Installation> => {
    const started = clusters.get(where) ?? startInstallation(where === 'here' ? allDefinitions : ['istio'])
    clusters.set(where, started)
    return started
  }
  const serve = async (files: Files, where: string): Promise<Served & { readonly told: Told }> => {
    const installed = await at(where)
    const serving = await served(installed, files)
    onTestFinished(async () => { readBack.push(...await shownBy(installed.kubectl, files)) })
    return serving
  }
  return {
    name: 'a cluster', address, obstacle, readBack,
    open: async () => { await at('here') },
    close: async () => {
      for (const each of clusters.values()) await (await each).close()
    },
    serve: (files, where = 'here') => serve(files, where),
    async errors(files) {
      const { told } = await serve(files, 'here')
      return { asked: 'kubectl apply', lines: told.inForce().filter(({ severity }) => severity === 'error').map(({ text }) => text) }
    },
  }
}

/** What the manifests take for granted stands before the control plane starts; they come one after the other while it serves. */
async function served({ kubectl, account }: Installation, { 'supplied.yaml': supplied = '', ...manifests }: Files): Promise<Served & { readonly told: Told }> {
  // No controller would ever empty a Namespace here.
  const objects = [supplied, ...Object.values(manifests)].flatMap(objectsIn).filter(({ kind }) => kind !== 'Namespace')
  const folder = folderWith({ 'supplied.yaml': supplied, ...manifests })
  onTestFinished(async () => {
    writeFileSync(join(folder, 'all.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
    await kubectl('delete', '--ignore-not-found', '-f', join(folder, 'all.json'))
  })
  await kubectl('apply', '-f', join(folder, 'supplied.yaml'))
  const told = recordTold()
  const plane = await startControlPlane({ paths: [], kubernetes: { kubeconfig: account, namespaces: [] }, listen: '127.0.0.1:0', admin: '127.0.0.1:0', settings: defaultSettings }, told.observe)
  onTestFinished(() => plane.close())
  if (Object.keys(manifests).length > 0) await kubectl('apply', ...Object.keys(manifests).toSorted().flatMap((name) => ['-f', join(folder, name)]))
  await inStep(kubectl, objects, `http://${plane.adminAddress}/metrics`)
  return {
    xds: plane.xdsAddress, admin: plane.adminAddress, told,
    mistakes: () => told.inForce().filter(({ severity }) => severity !== 'info').map(({ code }) => code).toSorted(),
  }
}

interface ObjectText {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

function objectsIn(text: string): readonly ObjectText[] {
  return parseAllDocuments(text).map((document) => document.toJS() as ObjectText | null).filter((object) => object !== null)
}

/** Waits until the control plane holds as many objects of each of these kinds as kubectl lists. */
async function inStep(kubectl: Kubectl, objects: readonly ObjectText[], metrics: string): Promise<void> {
  const held = async (): Promise<ReadonlyMap<string, number>> => new Map([...(await (await fetch(metrics)).text())
    .matchAll(/^shadowplane_kubernetes_objects\{kind="([^"]*)"\} (\d+)$/gm)].map(([, kind = '', count]) => [kind, Number(count)]))
  const applied = new Set(objects.map(({ apiVersion, kind }) => `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`))
  const kinds = [...(await held()).keys()].filter((kind) => applied.has(kind))
  const [names, text] = [kinds.map(resourceOf), await kubectl('get', kinds.map(resourceOf).join(','), '--all-namespaces', '--ignore-not-found', '-o', 'name')]
  const listed = kinds.map((kind, index) => [kind, text.split('\n').filter((line) => line.startsWith(`${names[index]}/`)).length] as const)
  let different: readonly string[] = []
  await until(() => `the objects that the API server has: ${different.join(', ')}`, async () => {
    const now = await held()
    different = listed.filter(([kind, count]) => now.get(kind) !== count).map(([kind, count]) => `${kind}: ${count}, not ${now.get(kind)}`)
    return different.length === 0
  })
}

/** `service` of `/Service`, `virtualservice.networking.istio.io` of `networking.istio.io/VirtualService`. */
function resourceOf(kind: string): string {
  const [group = '', name = ''] = kind.split('/')
  return group === '' ? name.toLowerCase() : `${name.toLowerCase()}.${group}`
}

interface Shown extends ObjectText {
  readonly status?: object
}

interface EventObject {
  readonly reason: string
  readonly note: string
  readonly reportingController: string
  readonly regarding: { readonly kind: string; readonly name: string }
}

/** Of kinds that others write the status of. */
const others = new Set(['Namespace', 'Service', 'Pod', 'Deployment', 'EndpointSlice'])

async function shownBy(kubectl: Kubectl, files: Files): Promise<readonly string[]> {
  const list = async <T>(...args: readonly string[]): Promise<readonly T[]> => {
    const text = await kubectl('get', '--ignore-not-found', '-o', 'json', ...args)
    return text === '' ? [] : (JSON.parse(text) as { readonly items: readonly T[] }).items
  }
  const objects = await list<Shown>('-f', folderWith(files))
  const events = await list<EventObject>('events.events.k8s.io', '--all-namespaces')
  return [
    ...objects.filter(({ status, kind }) => status !== undefined && !others.has(kind))
      .map(({ kind, metadata, status }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}: ${JSON.stringify(status)}`),
    ...events.filter(({ reportingController }) => reportingController.startsWith('shadowplane'))
      .map(({ reason, note, regarding }) => `Event on ${regarding.kind} ${regarding.name}: ${reason}: ${note}`),
  ]
}
