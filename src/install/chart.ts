import { stringify } from 'yaml'
import { controlPlaneObjects } from './control-plane-objects.ts'
import { gatewayObjects } from './gateway-objects.ts'
import { renderObjects } from './render.ts'
import type { InstallSettings, KubernetesObject } from './settings.ts'

/**
 * Values of the chart, and its placeholders for them, which are kept until the text is written.
 */
const values = {
  image: ['image'],
  replicas: ['replicas'],
  maxConnectionAge: ['maxConnectionAge'],
  gatewayNamespace: ['gateway', 'namespace'],
  gatewayImage: ['gateway', 'image'],
  gatewayReplicas: ['gateway', 'replicas'],
} as const

const release = 'PLACEHOLDER-namespace'

/** The files of a Helm chart that renders to what `installation` gives for the settings, by their paths. */
export function chart(defaults: InstallSettings, version: string): ReadonlyMap<string, string> {
  const placed = (tls: InstallSettings['tls']): InstallSettings => ({
    namespace: release,
    image: token('image'),
    replicas: token('replicas'),
    maxConnectionAge: token('maxConnectionAge'),
    tls,
    kinds: defaults.kinds,
    gateway: {
      namespace: token('gatewayNamespace'),
      image: token('gatewayImage'),
      replicas: token('gatewayReplicas'),
    },
  })
  const either = (objects: (settings: InstallSettings) => readonly KubernetesObject[]): string =>
    `{{- if eq .Values.tls "files" }}\n${template(objects(placed('files')))}{{- else ` +
    `}}\n${template(objects(placed('none')))}{{- end }}\n`
  return new Map([
    [
      'Chart.yaml',
      stringify({
        apiVersion: 'v2',
        name: 'shadowplane',
        description: 'An Envoy xDS control plane for traffic mirroring, and an example gateway',
        type: 'application',
        version,
        appVersion: version,
      }),
    ],
    ['values.yaml', valuesFile(defaults)],
    ['templates/control-plane.yaml', either(controlPlaneObjects)],
    ['templates/gateway.yaml', `{{- if .Values.gateway.enabled }}\n${either(gatewayObjects)}{{- end }}\n`],
  ])
}

function valuesFile({ image, replicas, maxConnectionAge, gateway }: InstallSettings): string {
  return (
    `# Of the control plane.
image: ${image}
replicas: ${replicas}
# After which proxies must connect again, so that they spread over new replicas.
maxConnectionAge: ${maxConnectionAge}
# none, or files: the Secret shadowplane-xds (tls.crt, tls.key) in the namespace of the release, and the ` +
    `ConfigMap
# shadowplane-ca (ca.crt) in the namespace of each proxy.
tls: none
# An example: stock Envoys that every Gateway with the selector istio: ingressgateway configures.
gateway:
  enabled: true
  namespace: ${gateway.namespace}
  image: ${gateway.image}
  replicas: ${gateway.replicas}
`
  )
}

function token(value: keyof typeof values): string {
  return `PLACEHOLDER-${value}`
}

function template(objects: readonly KubernetesObject[]): string {
  return renderObjects(objects)
    .replaceAll(release, '{{ .Release.Namespace }}')
    .replaceAll(
      /PLACEHOLDER-(\w+)/g,
      (_, value: string) => `{{ .Values.${values[value as keyof typeof values].join('.')} }}`,
    )
}
