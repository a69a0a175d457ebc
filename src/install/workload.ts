import type { KubernetesObject } from './settings.ts'

/** The common settings of the Pods of both workloads: nothing that they could write to, gain or break. */
export interface WorkloadOptions {
  readonly name: string
  readonly namespace: string
  readonly component: string
  /** Labels of the Pods, in addition to those that select them. */
  readonly podLabels?: Readonly<Record<string, string>>
  readonly replicas: number | string
  readonly container: Readonly<Record<string, unknown>>
  readonly volumes?: readonly unknown[]
  readonly user: number
  readonly serviceAccountToken: 'mounted' | 'absent'
}

export function labels(component: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'shadowplane', 'app.kubernetes.io/component': component }
}

export function deployment({
  name,
  namespace,
  component,
  podLabels,
  replicas,
  container,
  volumes,
  user,
  serviceAccountToken,
}: WorkloadOptions): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: labels(component) },
    spec: {
      replicas,
      selector: { matchLabels: labels(component) },
      // One more before one less: an update never leaves a single replica.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels: { ...labels(component), ...podLabels } },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: serviceAccountToken === 'mounted',
          securityContext: {
            runAsNonRoot: true,
            runAsUser: user,
            runAsGroup: user,
            fsGroup: user,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: labels(component) },
            },
          ],
          containers: [
            {
              ...container,
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
          ...(volumes === undefined ? {} : { volumes }),
        },
      },
    },
  }
}

/** Its Pods run nowhere without the restricted profile of Pod Security. */
export function namespaceObject(name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted', ...labels('namespace') },
    },
  }
}

export function serviceAccount(name: string, namespace: string, component: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels: labels(component) },
  }
}

/** One Pod at a time may be taken away. */
export function disruptionBudget(name: string, namespace: string, component: string): KubernetesObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace, labels: labels(component) },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels(component) } },
  }
}
