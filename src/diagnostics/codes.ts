export type Severity = 'error' | 'warning' | 'info'

/** `hint`: what to write instead, for diagnostics that carry no hint of their own. Each code has a page, docs/diagnostics/<code>.md. */
export interface CodeRow {
  readonly severity: Severity
  readonly summary: string
  readonly hint?: string
}

/**
 * The one table of diagnostic codes. A code is never reused for another meaning. `refused` marks the mistakes for which
 * the document's last good version stays in force (see docs/diagnostics.md).
 */
export const codes = {
  'yaml/syntax': { severity: 'error', summary: 'the text is not valid YAML or JSON' },
  'file/unreadable': { severity: 'error', summary: 'a configured file cannot be read; its last good content stays in force' },
  'file/truncated': { severity: 'error', summary: 'the file ends in the middle of a line of its last version; its last good content stays in force' },
  'manifest/not-an-object': { severity: 'error', summary: 'a document is not a Kubernetes object (apiVersion, kind, metadata.name)' },
  'manifest/invalid-name': { severity: 'error', summary: 'a name or namespace that Kubernetes does not take; the object is left out' },
  'manifest/duplicate': { severity: 'error', summary: 'the same object stands in two places; the first counts' },
  'manifest/unclaimed-kind': { severity: 'info', summary: 'no dialect reads this kind' },
  'field/unknown': { severity: 'error', summary: 'a field that the kind does not have' },
  'field/wrong-type': { severity: 'error', summary: 'a value of another type than the field takes' },
  'field/invalid-value': { severity: 'error', summary: 'a value that the field does not allow' },
  'field/required': { severity: 'error', summary: 'a field that must be there is absent' },
  'field/deprecated': { severity: 'warning', summary: 'a field that a newer one replaces' },
  'field/unsupported': { severity: 'warning', summary: 'a field that shadowplane does not act on yet' },
  'mirror/percentage-out-of-range': { severity: 'error', summary: 'a mirror percentage below 0, above 100, or not a number' },
  'mirror/percentage-rounded': { severity: 'warning', summary: 'a percentage with more digits than a millionth can hold' },
  'mirror/percentage-rounds-to-zero': { severity: 'warning', summary: 'a percentage above 0 that mirrors nothing' },
  'mirror/percentage-without-mirror': { severity: 'warning', summary: 'a percentage beside no mirror has no effect' },
  'mirror/mirror-and-mirrors': { severity: 'error', summary: 'mirror and mirrors exclude each other' },
  'mirror/unknown-host': { severity: 'error', summary: 'the mirror names a host that nothing defines; the mirror is dropped' },
  'mirror/hidden-host': { severity: 'error', summary: 'the mirror names a host that proxies with the route may not see; they drop the mirror' },
  'mirror/unknown-port': { severity: 'error', summary: 'the mirror names a port that its host does not have; the mirror is dropped' },
  'mirror/unknown-subset': { severity: 'error', summary: 'the mirror names a subset that no DestinationRule defines; the mirror is dropped' },
  'mirror/attached-to-nothing': { severity: 'warning', summary: 'a mirror that an object declares for the routes of others, of which there are none' },
  'mirror/without-forward': { severity: 'error', summary: 'a mirror on a redirect or direct response; the mirror is dropped' },
  'mirror/to-itself': { severity: 'warning', summary: 'the mirror sends copies to the destination of the route itself' },
  'mirror/duplicate': { severity: 'warning', summary: 'the same mirror twice: each request is copied twice' },
  'mirror/unbounded': { severity: 'info', summary: 'the mirror uses a cluster that primary routes use too, so its copies have no limits of their own' },
  'mirror/loop': { severity: 'warning', summary: 'copies arrive at a host whose own routes mirror back', hint: 'end one of these mirrors, or exclude copies from it: their host ends in -shadow' },
  'mirror/without-timeout': { severity: 'warning', summary: 'a route with timeout: 0s mirrors to a cluster without limits, so a copy may last without end' },
  'mirror/no-endpoints': { severity: 'warning', summary: 'the mirror\'s target has no ready endpoint: its copies are dropped' },
  'mirror/original-destination': { severity: 'warning', summary: 'the mirror\'s target has no endpoints of its own: copies go where the primary requests go, or nowhere' },
  'mirror/ambiguous-port': { severity: 'warning', summary: 'the mirror names no port, and its host has several' },
  'mirror/write-methods': { severity: 'info', summary: 'requests that write are copied too' },
  'mirror/shadow-host-outside-mesh': { severity: 'info', summary: 'a host outside the mesh gets copies with -shadow in their Host' },
  'mirror/proxyless-grpc': { severity: 'info', summary: 'a connected gRPC client without a proxy ignores mirrors' },
  'route/unknown-host': { severity: 'error', summary: 'a destination names a host that nothing defines; Envoy answers 503' },
  'route/hidden-host': { severity: 'error', summary: 'a destination names a host that proxies with the route may not see; they answer 503' },
  'route/unknown-port': { severity: 'error', summary: 'a destination names a port that its host does not have; Envoy answers 503' },
  'route/unknown-subset': { severity: 'error', summary: 'a destination names a subset that no DestinationRule defines; Envoy answers 503' },
  'route/ambiguous-port': { severity: 'warning', summary: 'a destination names no port, and its host has several' },
  'route/unreachable': { severity: 'warning', summary: 'an earlier rule takes every request of this one' },
  'route/redundant-match': { severity: 'info', summary: 'an earlier match of the same rule takes every request of this one' },
  'route/unlisted-gateway': { severity: 'warning', summary: 'a match names a gateway that its VirtualService does not list' },
  'route/unused-port': { severity: 'warning', summary: 'a match names a port on which no listener serves the host' },
  'delegate/unknown': { severity: 'error', summary: 'a rule delegates to a VirtualService that is not there; the rule has no effect' },
  'delegate/not-a-delegate': { severity: 'error', summary: 'a rule delegates to a VirtualService that has hosts of its own; the rule has no effect' },
  'delegate/not-visible': { severity: 'error', summary: 'a rule delegates to a VirtualService that is not exported to its namespace; the rule has no effect' },
  'delegate/unused': { severity: 'warning', summary: 'a VirtualService without hosts to which no rule delegates; it has no effect' },
  'delegate/nested': { severity: 'error', summary: 'a rule of a delegate delegates on; it has no effect' },
  'delegate/conflicting-match': { severity: 'warning', summary: 'a rule of a delegate matches nothing of what its root delegates; it has no effect there' },
  'delegate/mixed-percentage': { severity: 'warning', summary: 'a mirror and its percentage come from different objects, a delegate and its root' },
  'fault/without-effect': { severity: 'warning', summary: 'a fault that never happens: it lacks its percentage, duration or status' },
  'fault/percentage-rounded': { severity: 'warning', summary: 'a percentage of a fault with more digits than a millionth can hold' },
  'gateway/unknown': { severity: 'error', summary: 'a VirtualService names a Gateway that does not exist' },
  'gateway/unsupported-protocol': { severity: 'warning', summary: 'a Gateway server of a protocol that is not served yet' },
  'gateway/host-mismatch': { severity: 'warning', summary: 'a host of a VirtualService is none of its Gateway' },
  'gateway/selects-nothing': { severity: 'warning', summary: 'no workload that is known has the labels of the Gateway\'s selector' },
  'service/unsupported-protocol': { severity: 'info', summary: 'a Service port that is not HTTP gets no listener on a sidecar with bound ports; one that declares no protocol is taken for HTTP' },
  'virtual-host/duplicate-domain': { severity: 'warning', summary: 'the host is taken by an earlier object' },
  'virtual-host/conflict': { severity: 'warning', summary: 'on a gateway, another object takes every request of this rule' },
  'virtual-host/repeated-host': { severity: 'warning', summary: 'an object names one host twice' },
  'virtual-host/unknown-host': { severity: 'warning', summary: 'routes for a host in the cluster that nothing defines' },
  'policy/duplicate-host': { severity: 'warning', summary: 'an older object has the policy of the host' },
  'policy/duplicate-subset': { severity: 'warning', summary: 'one subset is defined twice; the first counts' },
  'policy/unknown-host': { severity: 'warning', summary: 'a policy for a host that nothing defines' },
  'gateway/server-left-out': { severity: 'error', summary: 'a Gateway server that cannot share its port with an earlier one' },
  'tls/unknown-secret': { severity: 'error', summary: 'credentialName names a Secret that is not there' },
  'tls/incomplete-secret': { severity: 'error', summary: 'the Secret lacks a certificate, key or authority that its user needs' },
  'tls/malformed-pem': { severity: 'error', summary: 'a value of a Secret is no certificate, or no private key' },
  'tls/key-mismatch': { severity: 'error', summary: 'the private key of a Secret does not belong to its certificate' },
  'tls/expired': { severity: 'info', summary: 'a certificate does not count yet, or no longer' },
  'tls/istio-mutual': { severity: 'warning', summary: 'mutual TLS with certificates of an Istio CA, which is not here: the connections stay plain' },
  'tls/gateways-only': { severity: 'info', summary: 'credentialName counts for gateways: sidecars connect in plain text' },
  'tls/name-not-verified': { severity: 'info', summary: 'the server may show a certificate of any name' },
  'tls/ignored-value': { severity: 'warning', summary: 'a TLS value that has no effect' },
  'egress/overruled': { severity: 'warning', summary: 'an older object says what the same proxies see' },
  'annotation/invalid': { severity: 'error', summary: 'an annotation of ours with a value that it does not take' },
  'xds/nack': { severity: 'error', summary: 'a proxy refused what was made from this line' },
  'internal/transform-failed': { severity: 'error', summary: 'a bug of shadowplane; the last good value stays in force' },
} as const satisfies Record<string, CodeRow>

export type Code = keyof typeof codes

/** What the table says of a code. */
export function rowOf(code: Code): CodeRow {
  return codes[code]
}
