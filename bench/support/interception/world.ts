/** The network of the measurement: the world's end of the link to the workload, and the workload's. */
export const worldAddress = '10.0.0.1'
export const workloadAddress = '10.0.0.100'

export const sidecarLabels = { app: 'workload' } as const

/** Pods of the world, on addresses of its loopback interface. */
export const pods = {
  reviews: '10.0.1.1',
  shadow: '10.0.1.2',
  undeclared: '10.0.1.3',
  greeter: '10.0.1.4',
  raw: '10.0.1.5',
  outside: '10.0.1.9',
} as const

/** Virtual addresses of Services: nothing has them, and no route leads there. */
export const virtual = {
  reviews: '10.96.0.10',
  shadow: '10.96.0.11',
  undeclared: '10.96.0.12',
  greeter: '10.96.0.13',
  raw: '10.96.0.14',
  workload: '10.96.0.15',
} as const

export const mirrorPercentage = 50

interface ServicePort {
  readonly name: string
  readonly port: number
}

/** A Service, and the EndpointSlice with its one endpoint on port 8080. */
function service(name: keyof typeof virtual, { name: portName, port }: ServicePort, address: string): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  clusterIP: ${virtual[name]}
  selector: {app: ${name}}
  ports: [{name: ${portName}, port: ${port}, targetPort: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}
  labels: {kubernetes.io/service-name: ${name}}
addressType: IPv4
ports: [{name: ${portName}, port: 8080}]
endpoints: [{addresses: [${address}]}]
`
}

const mirrored = (host: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${host}
spec:
  hosts: [${host}]
  http:
  - route: [{destination: {host: ${host}}}]
    mirror: {host: shadow}
    mirrorPercentage: {value: ${mirrorPercentage}}
`

/**
 * Two Services that mirror, one of them on a port that declares no protocol; one that speaks first; one that
 * declares nothing and is not HTTP; the workload's own.
 */
export const worldManifests = [
  service('reviews', { name: 'http', port: 80 }, pods.reviews),
  service('shadow', { name: 'http', port: 80 }, pods.shadow),
  service('undeclared', { name: 'web', port: 9000 }, pods.undeclared),
  service('greeter', { name: 'tcp-greeter', port: 5000 }, pods.greeter),
  service('raw', { name: 'wire', port: 9100 }, pods.raw),
  service('workload', { name: 'http', port: 80 }, workloadAddress),
  mirrored('reviews'),
  mirrored('undeclared'),
].join('---\n')
