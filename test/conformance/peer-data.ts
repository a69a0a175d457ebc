import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../src/manifest/manifest.ts'
import { scopeOf } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import { keyed } from './output.ts'
import type { Output } from './output.ts'

const shared = process.env['SHADOWPLANE_SHARED'] ?? join(import.meta.dirname, '../../../shared')
const folder = join(shared, 'conformance/istio')

/** Why there is nothing to compare with; undefined if the data is. */
export const absent = existsSync(folder)
  ? undefined
  : `the data of istiod's behaviour is not here (set SHADOWPLANE_SHARED): ${folder}`

/** One proxy of one case: what was put into istiod, and what it made of it for this proxy. */
export interface Sample {
  /** The case's folder, with the proxy's name after it where it is not the case's first. */
  readonly name: string
  /** `001` */
  readonly number: string
  readonly input: string
  /** File of the MeshConfig, where the case has one. */
  readonly meshConfig: string | undefined
  readonly scope: Scope
  readonly istiod: () => Output
  /** The errors of Istio's validation for the input. */
  readonly refusals: readonly Refusal[]
}

export interface Refusal {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly error: string
}

interface Proxy {
  readonly name: string
  readonly type: 'sidecar' | 'router'
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ip: string
}

interface Validated {
  readonly Kind: string
  readonly Namespace: string
  readonly Name: string
  readonly error?: string
}

/** Every proxy of every case, in order. */
export function samples(): readonly Sample[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted()
    .flatMap(samplesOf)
}

function samplesOf(name: string): readonly Sample[] {
  const at = join(folder, name)
  const meshConfig = join(at, 'mesh.json')
  const refusals = (read(join(at, 'validation.json')) as readonly Validated[]).flatMap(
    ({ Kind, Namespace, Name, error }) =>
      error === undefined ? [] : [{ kind: Kind, namespace: Namespace, name: Name, error }],
  )
  return (read(join(at, 'proxies.json')) as readonly Proxy[]).map((proxy, index): Sample => {
    const results = index === 0 ? at : join(at, proxy.name)
    return {
      name: index === 0 ? name : `${name}/${proxy.name}`,
      number: name.slice(0, 3),
      input: join(at, 'input.yaml'),
      meshConfig: existsSync(meshConfig) ? meshConfig : undefined,
      scope: scopeFor(proxy),
      refusals,
      istiod: () =>
        keyed({
          routes: read(join(results, 'routes.json')) as readonly JsonObject[],
          clusters: read(join(results, 'clusters.json')) as readonly JsonObject[],
          endpoints: read(join(results, 'endpoints.json')) as readonly JsonObject[],
        }),
    }
  })
}

function scopeFor({ name, type, namespace, labels = {}, ip }: Proxy): Scope {
  const found = scopeOf({
    id: `${type}~${ip}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: { NAMESPACE: namespace, LABELS: labels, INTERCEPTION_MODE: 'REDIRECT' },
  })
  if ('error' in found) throw new Error(found.error)
  return found.scope
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
