export interface InterceptionRules {
  /** User and group id of the proxy: what it sends is never redirected to it. */
  readonly proxy: number
  /** Port of the virtual listener for what the workload sends. */
  readonly outbound: number
  /** Port of the virtual listener for what comes to the workload. */
  readonly inbound: number
}

export const defaultRules: InterceptionRules = { proxy: 1337, outbound: 15_001, inbound: 15_006 }

/**
 * Rules for `iptables-restore --noflush` in the network namespace of one workload and its proxy. Other rules
 * stay, and to apply them twice does no harm. IPv4 and TCP only. Connections to port 22 are left alone, so
 * that no access is lost.
 */
export function interceptionRules({ proxy, outbound, inbound }: InterceptionRules): string {
  return (
    `# Redirects the TCP connections of a workload to the proxy beside it, which runs as user or ` +
    `group ${proxy}.
# In the network namespace of the workload, as root: iptables-restore --noflush < this file
*nat
:SHADOWPLANE_INBOUND - [0:0]
:SHADOWPLANE_OUTBOUND - [0:0]
:SHADOWPLANE_PROXY - [0:0]
-A PREROUTING -p tcp -j SHADOWPLANE_INBOUND
-A OUTPUT -p tcp -j SHADOWPLANE_OUTBOUND
# What comes from outside.
-A SHADOWPLANE_INBOUND -p tcp --dport 22 -j RETURN
-A SHADOWPLANE_INBOUND -p tcp -j REDIRECT --to-ports ${inbound}
# What the inbound listener hands to the workload.
-A SHADOWPLANE_OUTBOUND -s 127.0.0.6/32 -o lo -j RETURN
-A SHADOWPLANE_OUTBOUND -m owner --uid-owner ${proxy} -j SHADOWPLANE_PROXY
-A SHADOWPLANE_OUTBOUND -m owner --gid-owner ${proxy} -j SHADOWPLANE_PROXY
# What the workload sends to itself.
-A SHADOWPLANE_OUTBOUND -o lo -j RETURN
-A SHADOWPLANE_OUTBOUND -p tcp -j REDIRECT --to-ports ${outbound}
# What the proxy sends: to the workload's own address, where a service led back to it, as if it came from ` +
    `outside.
-A SHADOWPLANE_PROXY -p tcp -o lo ! -d 127.0.0.1/32 -j REDIRECT --to-ports ${inbound}
-A SHADOWPLANE_PROXY -j ACCEPT
COMMIT
`
  )
}
