import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubernetesApi } from '../../../src/kubernetes/api.ts'
import { sharedFolder } from '../../support/shared.ts'
import { until } from './cluster.ts'

/** A CustomResourceDefinition, as far as tests look at it. */
export interface Definition {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly group: string
    readonly names: { readonly plural: string; readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly served: boolean }[]
  }
}

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** The definitions of the acceptance data below a folder of `crds`: `istio`, `gateway-api/standard`, … */
export async function definitionsIn(folder: string): Promise<readonly Definition[]> {
  const files = globSync('*.yaml', { cwd: join(sharedFolder, 'crds', folder) }).toSorted()
  const texts = await Promise.all(
    files.map((file) => readFile(join(sharedFolder, 'crds', folder, file), 'utf8')),
  )
  return texts
    .flatMap((text) =>
      parseAllDocuments(text).map((document) => document.toJS() as { readonly kind?: string } | null),
    )
    .filter(
      (object): object is Definition & { readonly kind: string } =>
        object?.kind === 'CustomResourceDefinition',
    )
}

/** Installs them as `kubectl apply --server-side` does, and waits until the server serves them. */
export async function install(api: KubernetesApi, definitions: readonly Definition[]): Promise<void> {
  for (const definition of definitions) await apply(api, path, definition)
  for (const { spec } of definitions) {
    const version = spec.versions.find(({ served }) => served)?.name ?? ''
    await until(`${spec.names.kind} to be served`, () =>
      api
        .request({ path: `/apis/${spec.group}/${version}/${spec.names.plural}`, query: { limit: '1' } })
        .then(
          () => true,
          () => false,
        ),
    )
  }
}

export async function uninstall(api: KubernetesApi, { metadata }: Definition): Promise<void> {
  await api.request({ path: `${path}/${metadata.name}`, method: 'DELETE' })
  await until(`${metadata.name} to be gone`, () =>
    api.request({ path: `${path}/${metadata.name}` }).then(
      () => false,
      () => true,
    ),
  )
}

/** Server-side apply of one object below the path of its kind. JSON is YAML. */
export async function apply(
  api: KubernetesApi,
  kindPath: string,
  object: { readonly metadata: { readonly name: string } },
): Promise<void> {
  await api.request({
    path: `${kindPath}/${object.metadata.name}`,
    method: 'PATCH',
    body: object,
    contentType: 'application/apply-patch+yaml',
    query: { fieldManager: 'test', force: 'true' },
  })
}
