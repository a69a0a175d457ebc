import { stringify } from 'yaml'
import { bootstrap, defaultBootstrap } from '../envoy/bootstrap.ts'
import { sdsFiles } from '../envoy/xds-credentials.ts'
import type { XdsCredentials } from '../envoy/xds-credentials.ts'
import { secretBinding } from './control-plane-objects.ts'
import { audience, ports } from './settings.ts'
import type { InstallSettings, KubernetesObject } from './settings.ts'
import { deployment, disruptionBudget, labels, namespaceObject, serviceAccount } from './workload.ts'

const name = 'shadowplane-gateway'
const component = 'gateway'
const configuration = '/etc/shadowplane'
const token = '/var/run/secrets/shadowplane'
const trust = '/etc/shadowplane-ca'
/** `envoy` of the image. */
const user = 101

/**
 * The control plane recognizes the Pods by it, and so their Service, as those of the Gateway API's Gateway
 * with the name of the Deployment, and gives that Gateway its address (GEP-1762).
 */
const gatewayName = { 'gateway.networking.k8s.io/gateway-name': name }

/**
 * A gateway to begin with: stock Envoys in a namespace of their own, that every Istio Gateway with `istio:
 * ingressgateway` configures, and the Gateway API's Gateway of that namespace with the name of the
 * Deployment.
 */
export function gatewayObjects(settings: InstallSettings): readonly KubernetesObject[] {
  const {
    gateway: { namespace },
  } = settings
  return [
    namespaceObject(namespace),
    secretBinding(namespace, settings),
    serviceAccount(name, namespace, component),
    configMap(settings),
    workload(settings),
    service(namespace),
    disruptionBudget(name, namespace, component),
    networkPolicy(namespace),
  ]
}

function credentialsOf({ namespace, tls }: InstallSettings): XdsCredentials {
  return {
    name: xdsHost(namespace),
    sdsDirectory: configuration,
    token: `${token}/token`,
    ca: tls === 'none' ? undefined : `${trust}/ca.crt`,
  }
}

function xdsHost(namespace: string): string {
  return `shadowplane.${namespace}.svc`
}

function configMap(settings: InstallSettings): KubernetesObject {
  const {
    gateway: { namespace },
    namespace: controlPlane,
  } = settings
  const credentials = credentialsOf(settings)
  const message = bootstrap({
    ...defaultBootstrap,
    credentials,
    role: 'gateway',
    namespace,
    labels: { istio: 'ingressgateway', ...gatewayName },
    portMap: { 80: 8080, 443: 8443 },
    xds: { host: xdsHost(controlPlane), port: ports.xds },
  })
  const text = (value: object): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
  const files = [['envoy', message] as const, ...sdsFiles(credentials)]
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: labels(component) },
    data: Object.fromEntries(files.map(([file, value]) => [`${file}.yaml`, text(value)])),
  }
}

function workload(settings: InstallSettings): KubernetesObject {
  const {
    tls,
    gateway: { namespace, image, replicas },
  } = settings
  const field = (variable: string, fieldPath: string) => ({
    name: variable,
    valueFrom: { fieldRef: { fieldPath } },
  })
  return deployment({
    name,
    namespace,
    component,
    podLabels: gatewayName,
    replicas,
    user,
    serviceAccountToken: 'absent',
    container: {
      name: 'envoy',
      image,
      command: ['envoy'],
      args: [
        '--config-path',
        `${configuration}/envoy.yaml`,
        '--disable-hot-restart',
        '--service-node',
        `router~$(POD_IP)~$(POD_NAME).${namespace}~${namespace}.svc.cluster.local`,
      ],
      env: [field('POD_IP', 'status.podIP'), field('POD_NAME', 'metadata.name')],
      ports: [
        { name: 'http', containerPort: 8080 },
        { name: 'https', containerPort: 8443 },
      ],
      // Envoy's admin interface is on loopback, and the image has no curl.
      readinessProbe: { exec: { command: ['bash', '-c', readiness] }, periodSeconds: 5, timeoutSeconds: 3 },
      lifecycle: { preStop: { sleep: { seconds: 5 } } },
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
      volumeMounts: [
        { name: 'configuration', mountPath: configuration, readOnly: true },
        { name: 'token', mountPath: token, readOnly: true },
        ...(tls === 'none' ? [] : [{ name: 'trust', mountPath: trust, readOnly: true }]),
      ],
    },
    volumes: [
      { name: 'configuration', configMap: { name } },
      {
        name: 'token',
        projected: {
          sources: [{ serviceAccountToken: { audience, path: 'token', expirationSeconds: 3600 } }],
        },
      },
      ...(tls === 'none' ? [] : [{ name: 'trust', configMap: { name: 'shadowplane-ca' } }]),
    ],
  })
}

const readyRequest = String.raw`GET /ready HTTP/1.1\r\nHost: envoy\r\nConnection: close\r\n\r\n`
const readiness = `exec 3<>/dev/tcp/127.0.0.1/9901 && printf "${readyRequest}" >&3 && grep -q LIVE <&3`

function service(namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { ...labels(component), istio: 'ingressgateway' } },
    spec: {
      type: 'LoadBalancer',
      selector: labels(component),
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'https', port: 443, targetPort: 'https' },
      ],
    },
  }
}

/** Who may come in. Where requests and their copies go is up to the routes. */
function networkPolicy(namespace: string): KubernetesObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: labels(component) },
    spec: {
      podSelector: { matchLabels: labels(component) },
      policyTypes: ['Ingress'],
      ingress: [
        {
          ports: [
            { protocol: 'TCP', port: 8080 },
            { protocol: 'TCP', port: 8443 },
          ],
        },
      ],
    },
  }
}
