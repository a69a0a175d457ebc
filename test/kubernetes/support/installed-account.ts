import { defaultInstallation } from '../../../src/cli/install.ts'
import { installation } from '../../../src/install/render.ts'
import type { Cluster } from './cluster.ts'
import { apply } from './definitions.ts'

const rbac = '/apis/rbac.authorization.k8s.io/v1'
/** The objects of an installation that give permissions, and their files. */
const folders: Readonly<Record<string, (namespace: string) => string>> = {
  Namespace: () => '/api/v1/namespaces',
  ServiceAccount: (namespace) => `/api/v1/namespaces/${namespace}/serviceaccounts`,
  ClusterRole: () => `${rbac}/clusterroles`,
  ClusterRoleBinding: () => `${rbac}/clusterrolebindings`,
  Role: (namespace) => `${rbac}/namespaces/${namespace}/roles`,
  RoleBinding: (namespace) => `${rbac}/namespaces/${namespace}/rolebindings`,
}

/** The account of an installation, with its permissions and no others, and its namespace. */
export async function installedAccount(
  cluster: Cluster,
): Promise<{ readonly namespace: string; readonly token: string }> {
  const { namespace } = defaultInstallation
  const rights = installation(defaultInstallation).filter(
    ({ kind, metadata }) => kind in folders && (metadata.namespace ?? namespace) === namespace,
  )
  for (const object of rights) await apply(cluster.api, folders[object.kind]?.(namespace) ?? '', object)
  const { value } = await cluster.api.request({
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/shadowplane/token`,
    method: 'POST',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  })
  return { namespace, token: (value as { readonly status: { readonly token: string } }).status.token }
}
