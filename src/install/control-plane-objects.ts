import { clusterPermissions, ownPermissions, policyRule, secretPermissions } from './permissions.ts'
import type { Permission } from './permissions.ts'
import { audience, ports } from './settings.ts'
import type { InstallSettings, KubernetesObject } from './settings.ts'
import { deployment, disruptionBudget, labels, namespaceObject, serviceAccount } from './workload.ts'

const name = 'shadowplane'
const component = 'control-plane'
const certificates = '/etc/shadowplane/xds'
/** `node` of the image. */
const user = 1000

/** Everything of the control plane but its Namespace, which a chart is installed into. */
export function controlPlaneObjects(settings: InstallSettings): readonly KubernetesObject[] {
  const { namespace } = settings
  return [
    serviceAccount(name, namespace, component),
    clusterRole(name, clusterPermissions(settings.kinds)),
    binding({ kind: 'ClusterRoleBinding', role: 'ClusterRole', name }, namespace),
    role(namespace),
    binding({ kind: 'RoleBinding', role: 'Role', name, in: namespace }, namespace),
    clusterRole(secretReader, secretPermissions),
    workload(settings),
    service(namespace),
    disruptionBudget(name, namespace, component),
    networkPolicy(namespace),
  ]
}

export function controlPlaneNamespace({ namespace }: InstallSettings): KubernetesObject {
  return namespaceObject(namespace)
}

const secretReader = 'shadowplane-secrets'

/** Lets the control plane read the certificates of one namespace of gateways. */
export function secretBinding(gateways: string, { namespace }: InstallSettings): KubernetesObject {
  return binding({ kind: 'RoleBinding', role: 'ClusterRole', name: secretReader, in: gateways }, namespace)
}

function clusterRole(roleName: string, permissions: readonly Permission[]): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: roleName, labels: labels(component) },
    rules: permissions.map(policyRule),
  }
}

function role(namespace: string): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name, namespace, labels: labels(component) },
    rules: ownPermissions.map(policyRule),
  }
}

interface Bound {
  readonly kind: 'ClusterRoleBinding' | 'RoleBinding'
  readonly role: 'ClusterRole' | 'Role'
  readonly name: string
  readonly in?: string
}

function binding(
  { kind, role: roleKind, name: roleName, in: where }: Bound,
  namespace: string,
): KubernetesObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: {
      name: roleName,
      ...(where === undefined ? {} : { namespace: where }),
      labels: labels(component),
    },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: roleName },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  }
}

function workload(settings: InstallSettings): KubernetesObject {
  const { namespace, image, replicas, tls } = settings
  const probe = (path: string) => ({ httpGet: { path, port: 'probes' } })
  return deployment({
    name,
    namespace,
    component,
    replicas,
    user,
    serviceAccountToken: 'mounted',
    container: {
      name,
      image,
      args: serveArguments(settings),
      ports: [
        { name: 'xds', containerPort: ports.xds },
        { name: 'probes', containerPort: ports.probes },
      ],
      // The sources may be slow at first, and nothing is served before they have been read.
      startupProbe: { ...probe('/readyz'), periodSeconds: 2, failureThreshold: 150 },
      readinessProbe: { ...probe('/readyz'), periodSeconds: 5 },
      livenessProbe: { ...probe('/livez'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
      ...(tls === 'none' ? {} : { volumeMounts: [{ name: 'xds', mountPath: certificates, readOnly: true }] }),
    },
    ...(tls === 'none'
      ? {}
      : { volumes: [{ name: 'xds', secret: { secretName: 'shadowplane-xds', defaultMode: 0o440 } }] }),
  })
}

function serveArguments({ namespace, tls, maxConnectionAge }: InstallSettings): readonly string[] {
  return [
    'serve',
    '--kubernetes',
    '--status=on',
    `--lease-namespace=${namespace}`,
    `--listen=0.0.0.0:${ports.xds}`,
    // The admin listener shows the configuration of all namespaces: it is reached by "kubectl port-forward".
    `--admin=127.0.0.1:${ports.admin}`,
    `--probes=0.0.0.0:${ports.probes}`,
    '--proxy-identity=token',
    `--token-audience=${audience}`,
    ...(tls === 'none' ? [] : [`--xds-cert=${certificates}/tls.crt`, `--xds-key=${certificates}/tls.key`]),
    `--max-connection-age=${maxConnectionAge}`,
    '--log=json',
  ]
}

function service(namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: labels(component) },
    spec: {
      selector: labels(component),
      ports: [{ name: 'grpc-xds', port: ports.xds, targetPort: 'xds', appProtocol: 'grpc' }],
    },
  }
}

function networkPolicy(namespace: string): KubernetesObject {
  const port = (number: number) => ({ protocol: 'TCP', port: number })
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: labels(component) },
    spec: {
      podSelector: { matchLabels: labels(component) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [{ namespaceSelector: {} }], ports: [port(ports.xds)] },
        // The kubelet has no address of a Pod, and the scraper of metrics is not known here.
        { ports: [port(ports.probes)] },
      ],
      // The API server, and DNS.
      egress: [{ ports: [port(443), port(6443)] }, { ports: [{ protocol: 'UDP', port: 53 }, port(53)] }],
    },
  }
}
