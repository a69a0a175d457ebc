import { configure, gateway } from '../../support/configuration.ts'
import type { Configuration, Route } from '../../support/configuration.ts'

/**
 * A Mapping `default/<name>` for every host, unless another is given; its fields begin on its seventh line.
 */
export function mapping(
  name: string,
  fields: string,
  { version = 'v3alpha1', metadata = '', hostname = '"*"' } = {},
): string {
  const own = fields
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
  const named = hostname === '' ? '' : `  hostname: ${hostname}\n`
  return (
    `---\napiVersion: getambassador.io/${version}\nkind: Mapping\nmetadata: {name: ` +
    `${name}${metadata}}\nspec:\n${named}${own}\n`
  )
}

export function host(name: string, fields: string, metadata = ''): string {
  return (
    `---\napiVersion: getambassador.io/v3alpha1\nkind: Host\nmetadata: {name: ` +
    `${name}${metadata}}\nspec: {${fields}}\n`
  )
}

export function listener(
  name: string,
  port: number,
  fields = 'protocol: HTTP, securityModel: XFP, hostBinding: {namespace: {from: ALL}}',
): string {
  return (
    `---\napiVersion: getambassador.io/v3alpha1\nkind: Listener\nmetadata: {name: ${name}}\nspec: ` +
    `{port: ${port}, ${fields}}\n`
  )
}

export function service(name: string, port = 80, namespace = 'default'): string {
  return (
    `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ` +
    `{ports: [{name: http, port: ${port}}]}\n`
  )
}

/** Services that the tests route to, and a Listener. */
export const around = `${listener('http', 8080)}${['shop', 'canary', 'shadow', 'other'].map((name) => service(name)).join('')}`

/** The configuration of Mappings with the objects around them. */
export function configured(text: string): Configuration {
  return configure(text + around)
}

/** The routes of a gateway, in order. */
export function routesFor(text: string): readonly Route[] {
  return configured(text).routes(gateway)
}

/** Cluster and share in percent of each mirror policy of a route. */
export function mirrors(
  route: Route | undefined,
): readonly (readonly [string | undefined, number | undefined])[] {
  return (route?.route?.request_mirror_policies ?? []).map(({ cluster, runtime_fraction: fraction }) => [
    cluster,
    (fraction?.default_value?.numerator ?? 0) / 10_000,
  ])
}

/** Cluster and weight of each destination of a route. */
export function destinations(
  route: Route | undefined,
): readonly (readonly [string | undefined, number | undefined])[] {
  const weighted = route?.route?.weighted_clusters?.clusters
  return weighted === undefined
    ? [[route?.route?.cluster, 100]]
    : weighted.map(({ name, weight }) => [name, weight])
}
