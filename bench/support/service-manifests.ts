/** A Service on port 80, and the EndpointSlice with its one endpoint on port 8080. */
export function serviceManifests(name: string, address: string): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
  - name: http
    port: 80
    targetPort: 8080
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}
  labels:
    kubernetes.io/service-name: ${name}
addressType: IPv4
ports:
- name: http
  port: 8080
endpoints:
- addresses:
  - ${address}
`
}
