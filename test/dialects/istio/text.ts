/**
 * A VirtualService `default/reviews` whose first HTTP rule begins at 7:5; `rules` is a YAML list, or the
 * fields of one rule.
 */
export function virtualService(rules: string, metadata = ''): string {
  const list = rules.trimStart().startsWith('- ') ? rules : `- ${rules.trim().replaceAll('\n', '\n  ')}`
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews${metadata}}
spec:
  hosts: [reviews]
  http:
${list
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
`
}

/** A Service with HTTP ports, and with endpoints behind none of them. */
export function service(name: string, ports: readonly number[] = [80], namespace = 'default'): string {
  const list = ports.map((port) => `{name: http-${port}, port: ${port}}`).join(', ')
  return `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {selector: {app: ${name}}, ports: [${list}]}
`
}

/** A DestinationRule with subsets by label `version`. */
export function subsets(host: string, names: readonly string[]): string {
  return (
    `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host}}
spec: {host: ${host}, subsets: ` +
    `[${names.map((name) => `{name: ${name}, labels: {version: ${name}}}`).join(', ')}]}
`
  )
}
