import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import { valueAt } from '../../manifest/issue.ts'
import type { Json, JsonObject, Manifest } from '../../manifest/manifest.ts'
import { pathsTo, shadowHostOf } from '../portability.ts'
import type { Around, Divergence } from '../portability.ts'
import { servicePorts } from './route/service-port.ts'

const envoyGatewayTests = 'envoyproxy/gateway internal/gatewayapi/testdata'

/** Controllers of the Gateway API that differ from its specification. */
export const divergences: readonly Divergence[] = [
  {
    code: 'portability/percentage',
    controller: 'kgateway',
    does: 'reads a fraction a hundred times too small: 50 of 100 mirrors 0.5 %',
    source: 'kgateway-dev/kgateway at 06ff8b9d, internal/kgateway/krtcollections/builtin.go',
    find: ({ object }) =>
      mirrorsIn(object).flatMap((path) =>
        pathsTo(mirrorAt(object, path), 'fraction').map(() => {
          const { numerator, denominator = 100 } = fractionAt(object, path)
          return {
            path: [...path, 'requestMirror', 'fraction'],
            message:
              `mirrors a hundredth of it: ${shown(numerator / denominator)} %, not ` +
              `${shown((numerator / denominator) * 100)} %`,
            hint: 'write percent where the share is a whole one',
          }
        }),
      ),
  },
  {
    code: 'portability/percentage',
    controller: 'Gloo Gateway',
    does: 'ignores percent and fraction of a RequestMirror, and mirrors every request',
    source: 'solo-io/gloo projects/gateway2/translator/plugins/mirror/mirror_plugin.go',
    find: ({ object }) =>
      mirrorsIn(object).flatMap((path) =>
        ['percent', 'fraction'].flatMap((field) =>
          pathsTo(mirrorAt(object, path), field).map(() => ({
            path: [...path, 'requestMirror', field],
            message: `ignores ${field}, and mirrors every request`,
            hint: 'for Gloo, use a RouteOption with shadowing.percentage',
          })),
        ),
      ),
  },
  {
    code: 'portability/several-mirrors',
    controller: 'Gloo Gateway',
    does: 'uses only the first RequestMirror of a rule',
    source: 'solo-io/gloo projects/gateway2/translator/plugins/mirror/mirror_plugin_test.go',
    find: ({ object }) =>
      pathsTo(object, 'spec.rules.*').flatMap((rule) =>
        mirrorsIn(object)
          .filter((path) => path.slice(0, 3).join() === rule.join() && path.length === 5)
          .slice(1)
          .map((path) => ({
            path: [...path, 'requestMirror'],
            message: 'uses only the first RequestMirror of a rule, and not this one',
          })),
      ),
  },
  {
    code: 'portability/shadow-host',
    controller: 'Envoy Gateway 1.6 and later',
    does: 'does not append -shadow to the Host of copies',
    source: `${envoyGatewayTests}, disable_shadow_host_suffix_append`,
    find: (manifest, around) =>
      shadowHostOf(manifest, around) !== 'suffix'
        ? []
        : mirrorsIn(manifest.object)
            .slice(0, 1)
            .map((path) => ({
              path: [...path, 'requestMirror'],
              message: 'keeps the Host of the request on copies, here -shadow is appended',
              hint: 'write the annotation shadowplane.io/shadow-host: keep for the same here',
            })),
  },
  {
    code: 'portability/rule-fails',
    controller: 'Envoy Gateway',
    does:
      'answers all requests of a rule with 500 where the Service of its mirror, or its port, does not ' +
      'exist',
    source: `${envoyGatewayTests}, httproute-with-mirror-filter-service-not-found`,
    find: (manifest, around) =>
      mirrorsIn(manifest.object)
        .filter((path) => isMissing(manifest, path, around))
        .map((path) => ({
          path: [...path, 'requestMirror', 'backendRef'],
          message:
            'answers all requests of the rule with 500, as the backend of its mirror does not exist; here ' +
            'the route serves on without it',
        })),
  },
  {
    code: 'portability/rule-fails',
    controller: 'Envoy Gateway',
    does: 'answers a rule that has both a RequestMirror and a RequestRedirect with 500',
    source: `${envoyGatewayTests}, IncompatibleFilters`,
    find: ({ object }) =>
      pathsTo(object, 'spec.rules.*')
        .filter((rule) => typesOf(object, rule).includes('RequestRedirect'))
        .flatMap((rule) =>
          mirrorsIn(object)
            .filter((path) => path.slice(0, 3).join() === rule.join())
            .slice(0, 1),
        )
        .map((path) => ({
          path: [...path, 'requestMirror'],
          message: 'answers the rule with 500, as it redirects and mirrors; here it redirects',
        })),
  },
]

/** The filters that mirror, of an HTTPRoute's rules and single backends: nothing is known of other routes. */
function mirrorsIn(object: JsonObject): readonly FieldPath[] {
  return object['kind'] !== 'HTTPRoute'
    ? []
    : ['spec.rules.*.filters.*', 'spec.rules.*.backendRefs.*.filters.*']
        .flatMap((pattern) => pathsTo(object, pattern))
        .filter((path) => pathsTo(valueAt(object, path) as Json | undefined, 'requestMirror').length > 0)
}

function mirrorAt(object: JsonObject, path: FieldPath): Json | undefined {
  return valueAt(object, [...path, 'requestMirror']) as Json | undefined
}

function typesOf(object: JsonObject, rule: FieldPath): readonly unknown[] {
  return pathsTo(object, 'spec.rules.*.filters.*.type')
    .filter((path) => path.slice(0, 3).join() === rule.join())
    .map((path) => valueAt(object, path))
}

function fractionAt(
  object: JsonObject,
  path: FieldPath,
): { readonly numerator: number; readonly denominator: number | undefined } {
  const number = (field: string): number | undefined => {
    const value = valueAt(object, [...path, 'requestMirror', 'fraction', field])
    return typeof value === 'number' ? value : undefined
  }
  return { numerator: number('numerator') ?? 0, denominator: number('denominator') }
}

/** A percentage without the digits that division adds. */
function shown(percentage: number): string {
  return String(Number(percentage.toFixed(6)))
}

function isMissing({ object, id }: Manifest, path: FieldPath, { manifest }: Around): boolean {
  const [kind = 'Service', name, namespace = id.namespace, port] = ['kind', 'name', 'namespace', 'port'].map(
    (field) => valueAt(object, [...path, 'requestMirror', 'backendRef', field]),
  )
  if (kind !== 'Service' || typeof name !== 'string' || typeof namespace !== 'string') return false
  const service = manifest({ group: '', kind: 'Service', namespace, name })
  return (
    service === undefined || (typeof port === 'number' && servicePorts(service)?.includes(port) === false)
  )
}
