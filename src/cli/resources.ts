import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Resource } from '../xds/resource.ts'
import { resourceTypes } from '../xds/resource-types.ts'
import type { ScopeKey } from '../xds/scope.ts'

/** All resources of a connected scope, after a flush. */
export function resourcesOf(pipeline: Pipeline, scope: ScopeKey): readonly Resource[] {
  return resourceTypes.flatMap(({ name }) =>
    (pipeline.read.get(pipeline.resources, `${scope}|${name}`) ?? []).map(({ resource }) => resource),
  )
}
