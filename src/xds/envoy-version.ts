/** The part of a node (envoy.config.core.v3.Node) that says which program a client is. */
export interface UserAgent {
  readonly user_agent_name?: string | undefined
  readonly user_agent_build_version?:
    | {
        readonly version?:
          | { readonly major_number?: number | undefined; readonly minor_number?: number | undefined }
          | undefined
      }
    | undefined
}

/** The minor version of the newest Envoy 1.x whose API is known here. */
export const newestMinor = 40

/**
 * Envoy 1.37 is the first that takes virtual hosts over an aggregated stream; 1.36 refuses the route
 * configuration.
 */
const virtualHostsSince = 37

/**
 * The minor version of an Envoy 1.x, from its node; undefined for other clients, and if no version is
 * reported.
 */
export function envoyMinor({
  user_agent_name: agent,
  user_agent_build_version: build,
}: UserAgent): number | undefined {
  const { major_number: major, minor_number: minor } = build?.version ?? {}
  if (agent !== 'envoy' || major === undefined) return undefined
  return major > 1 ? newestMinor : (minor ?? 0)
}

/**
 * True for an Envoy that is known to take virtual hosts as resources of their own, over delta and an
 * aggregated stream. A client that does not report its version gets them within their route configurations,
 * which all clients take.
 */
export function takesVirtualHosts(agent: UserAgent): boolean {
  return (envoyMinor(agent) ?? 0) >= virtualHostsSince
}
