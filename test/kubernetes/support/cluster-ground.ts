import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { ownGatewayController } from '../../../src/cli/flags/kubernetes-flags.ts'
import { startControlPlane } from '../../../src/control-plane/control-plane.ts'
import type { Ground, Served } from '../../scenarios/ground.ts'
import { folderWith } from '../../support/folder.ts'
import type { Files } from '../../support/serving.ts'
import { recordTold } from '../../support/told.ts'
import type { Told } from '../../support/told.ts'
import { until } from './cluster.ts'
import { allDefinitions, startInstallation } from './installation.ts'
import type { Installation } from './installation.ts'
import type { Kubectl } from './kubectl.ts'
import { readBackOf } from './read-back.ts'

/** Real API servers, to which objects come by kubectl. */
export interface ClusterGround extends Ground {
  /**
   * The objects' status, and Events, as kubectl reads them at the end of each part of a scenario; see
   * read-back.ts.
   */
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
  const finish = async (
    where: string,
    { serving, files }: { readonly serving: Serving; readonly files: Files },
  ): Promise<void> => {
    try {
      await quiet(`http://${serving.admin}/metrics`)
      readBack.push(...(await readBackOf((await at(where)).kubectl, folderWith(files))))
    } finally {
      await serving.close()
    }
  }
  return {
    name: 'a cluster',
    address,
    obstacle,
    readBack,
    open: async () => {
      await at('here')
    },
    close: async () => {
      for (const each of clusters.values()) await (await each).close()
    },
    async serve(files, where = 'here') {
      const serving = await served(await at(where), files)
      onTestFinished(() => finish(where, { serving, files }))
      return serving
    },
    async errors(files) {
      const serving = await served(await at('here'), files)
      const lines = serving.told
        .inForce()
        .filter(({ severity }) => severity === 'error')
        .map(({ text }) => text)
      await finish('here', { serving, files })
      return { asked: 'kubectl apply', lines }
    },
  }
}

interface Serving extends Served {
  readonly told: Told
  close(): Promise<void>
}

/**
 * The objects that the manifests assume exist before the control plane starts; the manifests come one after
 * the other while it serves.
 */
async function served(
  { kubectl, account }: Installation,
  { 'supplied.yaml': supplied = '', ...manifests }: Files,
): Promise<Serving> {
  // No controller would ever empty a Namespace here.
  const objects = [supplied, ...Object.values(manifests)]
    .flatMap(objectsIn)
    .filter(({ kind }) => kind !== 'Namespace')
  const folder = folderWith({ 'supplied.yaml': supplied, ...manifests })
  onTestFinished(async () => {
    writeFileSync(
      join(folder, 'all.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    )
    await kubectl('delete', '--ignore-not-found', '-f', join(folder, 'all.json'))
  })
  await kubectl('apply', '-f', join(folder, 'supplied.yaml'))
  const told = recordTold()
  const plane = await startControlPlane(
    {
      paths: [],
      kubernetes: { kubeconfig: account, namespaces: [] },
      listen: '127.0.0.1:0',
      admin: '127.0.0.1:0',
      settings: { ...defaultSettings, gatewayControllers: [ownGatewayController] },
      writeback: { leaseNamespace: 'shadowplane' },
    },
    told.observe,
  )
  if (Object.keys(manifests).length > 0)
    await kubectl(
      'apply',
      ...Object.keys(manifests)
        .toSorted()
        .flatMap((name) => ['-f', join(folder, name)]),
    )
  await inStep(kubectl, objects, `http://${plane.adminAddress}/metrics`)
  return {
    xds: plane.xdsAddress,
    admin: plane.adminAddress,
    told,
    close: () => plane.close(),
    mistakes: () =>
      told
        .inForce()
        .filter(({ severity }) => severity !== 'info')
        .map(({ code }) => code)
        .toSorted(),
  }
}

interface ObjectText {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

function objectsIn(text: string): readonly ObjectText[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as ObjectText | null)
    .filter((object) => object !== null)
}

/** Waits until the control plane holds as many objects of each of these kinds as kubectl lists. */
async function inStep(kubectl: Kubectl, objects: readonly ObjectText[], metrics: string): Promise<void> {
  const held = async (): Promise<ReadonlyMap<string, number>> =>
    new Map(
      [
        ...(await (await fetch(metrics)).text()).matchAll(
          /^shadowplane_kubernetes_objects\{kind="([^"]*)"\} (\d+)$/gm,
        ),
      ].map(([, kind = '', count]) => [kind, Number(count)]),
    )
  const applied = new Set(
    objects.map(
      ({ apiVersion, kind }) =>
        `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`,
    ),
  )
  const kinds = [...(await held()).keys()].filter((kind) => applied.has(kind))
  const [names, text] = [
    kinds.map(resourceOf),
    await kubectl(
      'get',
      kinds.map(resourceOf).join(','),
      '--all-namespaces',
      '--ignore-not-found',
      '-o',
      'name',
    ),
  ]
  const listed = kinds.map(
    (kind, index) =>
      [kind, text.split('\n').filter((line) => line.startsWith(`${names[index]}/`)).length] as const,
  )
  let different: readonly string[] = []
  await until(
    () => `the objects that the API server has: ${different.join(', ')}`,
    async () => {
      const now = await held()
      different = listed
        .filter(([kind, count]) => now.get(kind) !== count)
        .map(([kind, count]) => `${kind}: ${count}, not ${now.get(kind)}`)
      return different.length === 0
    },
  )
}

/** `service` of `/Service`, `virtualservice.networking.istio.io` of `networking.istio.io/VirtualService`. */
function resourceOf(kind: string): string {
  const [group = '', name = ''] = kind.split('/')
  return group === '' ? name.toLowerCase() : `${name.toLowerCase()}.${group}`
}

/** Everything about the objects has been reported. */
async function quiet(metrics: string): Promise<void> {
  await until('nothing to be left to write', async () => {
    const text = await (await fetch(metrics)).text()
    return (
      text.includes('\nshadowplane_kubernetes_leader 1\n') &&
      text.includes('\nshadowplane_kubernetes_writes_waiting 0\n')
    )
  })
}
