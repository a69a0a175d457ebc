import type { HashPolicy } from '../model/backend.ts'
import { noHeaderChanges } from '../model/route.ts'
import type { Match } from '../model/route.ts'
import { hashOf, resolveBackend } from './backend.ts'
import { passThrough } from './plan/intercepted.ts'
import type { VirtualHostPlan } from './plan/plan.ts'
import type { ResolvedForward, ResolvedRoute } from './resolved.ts'
import type { RouteResolution } from './route.ts'
import type { VisibleModel } from './visible-model.ts'

/** The fallback route of a virtual host without a route of any table. It comes from no object. */
export function resolveFallback(
  { name, port, fallback }: VirtualHostPlan,
  visible: VisibleModel,
): readonly RouteResolution[] {
  switch (fallback.kind) {
    case 'nothing':
      return []
    case 'status': {
      const action = { kind: 'direct-response', status: fallback.status, body: undefined } as const
      return [
        {
          resolved: catchAll({ name, action, operation: undefined }),
          uses: [],
          diagnostics: [],
          missing: [],
        },
      ]
    }
    case 'pass-through':
      return [forwarded({ name, operation: undefined }, { cluster: passThrough, retry: 'never', hash: [] })]
    case 'service': {
      const { host } = fallback
      const origin = {
        object: { group: '', kind: 'Service', namespace: visible.scope.namespace, name: host },
        path: [],
      }
      const backend = resolveBackend({ host, port, subset: undefined, origin }, { visible, port })
      return [
        forwarded(
          { name: 'default', operation: `${host}:${port}/*` },
          { cluster: backend.cluster, retry: visible.settings.defaultRetry, hash: hashOf(backend) },
        ),
      ]
    }
  }
}

const everything: Match = {
  path: { kind: 'prefix', value: '/' },
  caseSensitive: undefined,
  headers: [],
  queryParameters: [],
}

function catchAll(route: Pick<ResolvedRoute, 'name' | 'action' | 'operation'>): ResolvedRoute {
  return {
    ...route,
    match: everything,
    headers: noHeaderChanges,
    statPrefix: undefined,
    metadata: undefined,
    origin: undefined,
  }
}

interface Target {
  readonly cluster: string
  readonly retry: ResolvedForward['retry']
  readonly hash: readonly HashPolicy[]
}

function forwarded(
  route: Pick<ResolvedRoute, 'name' | 'operation'>,
  { cluster, retry, hash }: Target,
): RouteResolution {
  const destinations = [{ cluster, weight: 0, headers: noHeaderChanges, authority: undefined }]
  const action: ResolvedForward = {
    kind: 'forward',
    destinations,
    mirrors: [],
    timeout: 0,
    retry,
    rewrite: { explicit: false },
    hash,
  }
  return {
    resolved: catchAll({ ...route, action }),
    uses: [{ by: 'primary', cluster }],
    diagnostics: [],
    missing: [],
  }
}
