import type { Collection, Fetch } from '../collection/collection.ts'
import type { Graph } from '../collection/graph.ts'
import {
  secretsOfBackendTls,
  secretsOfListener,
  secretsOfPolicy,
} from '../resolve/findings/secret-findings.ts'
import { neededFor, neededIn } from '../resolve/secrets/secret-name.ts'
import { upstreamSecrets } from '../resolve/secrets/secret-use.ts'
import type { Scope, ScopeKey } from '../xds/scope.ts'
import { numbered, numberedIn, scopedKey } from './keys.ts'
import type { Model } from './model.ts'
import type { Visible } from './visible.ts'

interface SecretsInputs {
  readonly connected: Collection<Scope>
  readonly model: Model
  readonly visible: Visible
}

export type Secrets = ReturnType<typeof secretsStage>

/** The secrets that proxies of connected scopes use, and those that any object in force names. */
export function secretsStage(graph: Graph, { connected, model, visible }: SecretsInputs) {
  const { listeners, policies, backendTls } = model
  const { tlsListeners, clusters } = visible
  const isConnected = (scope: ScopeKey, fetch: Fetch) => fetch(connected, scope) !== undefined
  const secretUses = graph.union('secret uses', [
    graph.derive('secret uses of listeners', tlsListeners, (listener, fetch, key) =>
      isConnected(listener.scope, fetch)
        ? numberedIn(listener.scope, `${key}|listener`, listener.secrets)
        : [],
    ),
    graph.derive('secret uses of clusters', clusters, ({ scope, cluster }, _, key) =>
      numberedIn(scope, `${key}|cluster`, upstreamSecrets(cluster.tls)),
    ),
  ])
  const usesOfSecret = graph.groupBy('uses of secrets', secretUses, ({ scope, use }) => [
    scopedKey(scope, use.name),
  ])
  const secretsNeeded = graph.union('secrets needed', [
    graph.derive('secrets needed by listeners', listeners, (listener, _, key) =>
      numbered(key, secretsOfListener(listener).flatMap(neededIn)),
    ),
    graph.derive('secrets needed by policies', policies, (policy, _, key) =>
      numbered(key, secretsOfPolicy(policy).flatMap(neededIn)),
    ),
    graph.derive('secrets needed by backend TLS', backendTls, (each, _, key) =>
      numbered(key, secretsOfBackendTls(each).flatMap(neededIn)),
    ),
    graph.derive('secrets needed by TLS sockets', tlsListeners, (listener, _, key) =>
      numbered(
        key,
        listener.secrets.flatMap(({ content }) => neededFor(content)),
      ),
    ),
    graph.derive('secrets needed by proxies', secretUses, ({ use }, _, key) =>
      numbered(key, neededFor(use.content)),
    ),
  ])
  return { usesOfSecret, secretsNeeded }
}
