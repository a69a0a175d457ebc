import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject, Manifest } from '../../src/manifest/manifest.ts'
import { scopeKey } from '../../src/xds/scope.ts'
import type { Scope } from '../../src/xds/scope.ts'
import type { AnyJson } from '../../src/xds/proto.ts'
import type { Pipeline } from '../../src/pipeline/pipeline.ts'
import type { TypeName } from '../../src/xds/resource-types.ts'
import { decoded, resourcesOf, routesOf } from '../support/configuration.ts'
import { configuration, manifestOf, pipelineOf, runs, scopes } from './universe.ts'

describe('mirrors, whatever else is configured', () => {
  test('never change the primary route, nor the cluster of a primary', () => {
    fc.assert(
      fc.property(configuration, (manifests) => {
        const withMirrors = pipelineOf(manifests.values())
        const without = pipelineOf([...manifests.values()].map(withoutMirrors))
        for (const scope of scopes) {
          expect(resourcesByName(withMirrors, scope, 'route').map(withoutPolicies)).toEqual(
            resourcesByName(without, scope, 'route'),
          )
          const used = primaryClusters(without, scope)
          expect(
            resourcesByName(withMirrors, scope, 'cluster').filter(({ name }) => used.has(String(name))),
          ).toEqual(resourcesByName(without, scope, 'cluster').filter(({ name }) => used.has(String(name))))
          // A mirror may bring the cluster of its target, and the endpoints, to a proxy whose Sidecar does
          // not list it.
          const known = (type: TypeName): readonly AnyJson[] => {
            const names = new Set(resourcesByName(without, scope, type).map(nameOf))
            return resourcesByName(withMirrors, scope, type).filter((each) => names.has(nameOf(each)))
          }
          expect(known('cluster').map(withoutLimits)).toEqual(
            resourcesByName(without, scope, 'cluster').map(withoutLimits),
          )
          expect(known('endpoint')).toEqual(resourcesByName(without, scope, 'endpoint'))
          expect(resourcesByName(withMirrors, scope, 'listener')).toEqual(
            resourcesByName(without, scope, 'listener'),
          )
        }
      }),
      runs,
    )
  })

  test('name only clusters that the same proxy has', () => {
    fc.assert(
      fc.property(configuration, (manifests) => {
        const pipeline = pipelineOf(manifests.values())
        for (const scope of scopes) {
          const clusters = new Set(resourcesOf(pipeline, scope, 'cluster').map(({ name }) => name))
          expect(
            policies(pipeline, scope)
              .map(({ cluster }) => cluster ?? '')
              .filter((cluster) => !clusters.has(cluster)),
          ).toEqual([])
        }
      }),
      runs,
    )
  })

  test('have a fraction of 1 to 1000000 millionths, and a runtime key', () => {
    fc.assert(
      fc.property(configuration, (manifests) => {
        const pipeline = pipelineOf(manifests.values())
        for (const { runtime_fraction: fraction, trace_sampled: sampled } of scopes.flatMap((scope) =>
          policies(pipeline, scope),
        )) {
          expect(fraction?.default_value?.denominator).toBe('MILLION')
          expect(fraction?.default_value?.numerator).toBeGreaterThanOrEqual(1)
          expect(fraction?.default_value?.numerator).toBeLessThanOrEqual(1_000_000)
          expect(fraction?.runtime_key).toMatch(
            /^shadowplane\.mirror\.(default|other)\.[abc]\.(one|two|[0-9a-f]{12})\.[0-9a-f]{12}(-\d+)?$/,
          )
          expect(sampled).toBe(false)
        }
      }),
      runs,
    )
  })

  test('share their clusters with no primary, or leave them unlimited', () => {
    fc.assert(
      fc.property(configuration, (manifests) => {
        const pipeline = pipelineOf(manifests.values())
        for (const scope of scopes) {
          const used = primaryClusters(pipeline, scope)
          const limited = resourcesByName(pipeline, scope, 'cluster')
            .filter((cluster) => JSON.stringify(cluster).includes('max_stream_duration'))
            .map(({ name }) => String(name))
          expect(limited.filter((name) => used.has(name))).toEqual([])
          const mirrored = new Set(
            policies(pipeline, scope)
              .map(({ cluster }) => cluster ?? '')
              .filter((cluster) => !used.has(cluster)),
          )
          expect(new Set(limited)).toEqual(mirrored)
        }
      }),
      runs,
    )
  })
})

function withoutMirrors(manifest: Manifest): Manifest {
  return manifestOf(
    JSON.parse(
      JSON.stringify(manifest.object, (key, value: unknown) => (key === 'mirrors' ? undefined : value)),
    ) as JsonObject,
  )
}

function resourcesByName(pipeline: Pipeline, scope: Scope, type: TypeName): readonly AnyJson[] {
  expect(pipeline.read.get(pipeline.resources, `${scopeKey(scope)}|runtime`)).toHaveLength(1)
  return resourcesOf(pipeline, scope, type).map(decoded)
}

function nameOf({ name, cluster_name: cluster }: AnyJson): string {
  return String(name ?? cluster)
}

function withoutPolicies(json: AnyJson): AnyJson {
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) => (key === 'request_mirror_policies' ? undefined : value)),
  ) as AnyJson
}

/** Limits are the only thing that a mirror may do to a cluster, and only to one that no primary uses. */
function withoutLimits(json: AnyJson): AnyJson {
  const {
    circuit_breakers: _,
    typed_extension_protocol_options: __,
    outlier_detection: ___,
    per_connection_buffer_limit_bytes: ____,
    ...rest
  } = json
  return rest
}

function policies(pipeline: Pipeline, scope: Scope) {
  return resourcesByName(pipeline, scope, 'route')
    .flatMap(routesOf)
    .flatMap((route) => route.route?.request_mirror_policies ?? [])
}

function primaryClusters(pipeline: Pipeline, scope: Scope): ReadonlySet<string> {
  return new Set(
    resourcesByName(pipeline, scope, 'route')
      .flatMap(routesOf)
      .flatMap(({ route }) =>
        [
          route?.cluster ?? [],
          (route?.weighted_clusters?.clusters ?? []).map((each) => each.name ?? ''),
        ].flat(),
      ),
  )
}
