export type Severity = 'error' | 'warning' | 'info'

/**
 * `hint`: what to write instead, for diagnostics that carry no hint of their own. Each code has a page,
 * docs/diagnostics/<code>.md.
 */
export interface CodeRow {
  readonly severity: Severity
  readonly summary: string
  readonly hint?: string
}

/**
 * The one table of diagnostic codes. A code is never reused for another meaning. `refused` marks the mistakes
 * for which the document's last good version stays in force (see docs/diagnostics.md).
 */
export const codes = {
  'yaml/syntax': { severity: 'error', summary: 'the text is not valid YAML or JSON' },
  'file/unreadable': {
    severity: 'error',
    summary: 'a configured file cannot be read; its last good content stays in force',
  },
  'file/not-read': {
    severity: 'error',
    summary:
      'something in a configured directory is not read: too large, no file, or a link that leads outside',
  },
  'file/truncated': {
    severity: 'error',
    summary:
      'the file ends in the middle of a line of its last version; its last good content stays in force',
  },
  'manifest/not-an-object': {
    severity: 'error',
    summary: 'a document is not a Kubernetes object (apiVersion, kind, metadata.name)',
  },
  'manifest/other-yaml': {
    severity: 'info',
    summary: 'a document is no Kubernetes object, and was not meant to be one',
  },
  'manifest/invalid-name': {
    severity: 'error',
    summary: 'a name or namespace that Kubernetes does not take; the object is left out',
  },
  'manifest/duplicate': {
    severity: 'error',
    summary: 'the same object is defined in two places; the first definition is used',
  },
  'manifest/unclaimed-kind': { severity: 'info', summary: 'no dialect reads this kind' },
  'manifest/unknown-version': {
    severity: 'error',
    summary: 'a version of a known kind that is not read; the object has no effect',
  },
  'manifest/unknown-kind': {
    severity: 'error',
    summary: 'an unknown kind that resembles a known one; the object has no effect',
  },
  'manifest/unsupported-kind': {
    severity: 'warning',
    summary: 'a kind that is known, and has no effect yet',
  },
  'field/unknown': { severity: 'error', summary: 'a field that the kind does not have' },
  'field/wrong-type': { severity: 'error', summary: 'a value of another type than the field takes' },
  'field/invalid-value': { severity: 'error', summary: 'a value that the field does not allow' },
  'field/required': { severity: 'error', summary: 'a field that must be there is absent' },
  'field/deprecated': { severity: 'warning', summary: 'a field that a newer one replaces' },
  'field/unsupported': { severity: 'warning', summary: 'a field that shadowplane does not act on yet' },
  'mirror/percentage-out-of-range': {
    severity: 'error',
    summary: 'a mirror percentage below 0, above 100, or not a number',
  },
  'mirror/percentage-rounded': {
    severity: 'warning',
    summary: 'a percentage with more digits than a millionth can hold',
  },
  'mirror/percentage-rounds-to-zero': {
    severity: 'warning',
    summary: 'a percentage above 0 that mirrors nothing',
  },
  'mirror/percentage-without-mirror': {
    severity: 'warning',
    summary: 'a percentage beside no mirror has no effect',
  },
  'mirror/percentage-absent': {
    severity: 'warning',
    summary: 'a mirror without a percentage, where that means none of the requests',
  },
  'mirror/mirror-and-mirrors': { severity: 'error', summary: 'mirror and mirrors exclude each other' },
  'mirror/unknown-host': {
    severity: 'error',
    summary: 'the mirror names a host that nothing defines; the mirror is dropped',
  },
  'mirror/hidden-host': {
    severity: 'error',
    summary: 'the mirror names a host that proxies with the route may not see; they drop the mirror',
  },
  'mirror/unknown-port': {
    severity: 'error',
    summary: 'the mirror names a port that its host does not have; the mirror is dropped',
  },
  'mirror/unknown-subset': {
    severity: 'error',
    summary: 'the mirror names a subset that no DestinationRule defines; the mirror is dropped',
  },
  'mirror/attached-to-nothing': {
    severity: 'warning',
    summary: 'a mirror that an object declares for the routes of others, of which there are none',
  },
  'mirror/without-forward': {
    severity: 'error',
    summary: 'a mirror on a redirect or direct response; the mirror is dropped',
  },
  'mirror/to-itself': {
    severity: 'warning',
    summary: 'the mirror sends copies to the destination of the route itself',
  },
  'mirror/too-many': {
    severity: 'error',
    summary: 'a route has more mirrors than are served; the last ones are dropped',
  },
  'mirror/duplicate': { severity: 'warning', summary: 'the same mirror twice: each request is copied twice' },
  'mirror/unbounded': {
    severity: 'info',
    summary:
      'the mirror uses a cluster that primary routes use too, so its copies have no limits of their own',
  },
  'mirror/loop': {
    severity: 'warning',
    summary: 'copies arrive at a host whose own routes mirror back',
    hint: 'end one of these mirrors, or exclude copies from it: their host ends in -shadow',
  },
  'mirror/without-timeout': {
    severity: 'warning',
    summary: 'a route with timeout: 0s mirrors to a cluster without limits, so a copy may last without end',
  },
  'mirror/no-endpoints': {
    severity: 'warning',
    summary: "the mirror's target has no ready endpoint: its copies are dropped",
  },
  'mirror/original-destination': {
    severity: 'warning',
    summary:
      "the mirror's target has no endpoints of its own: copies go where the primary requests go, or nowhere",
  },
  'mirror/ambiguous-port': {
    severity: 'warning',
    summary: 'the mirror names no port, and its host has several',
  },
  'mirror/write-methods': { severity: 'info', summary: 'requests that write are copied too' },
  'mirror/shadow-host-outside-mesh': {
    severity: 'info',
    summary: 'a host outside the mesh gets copies with -shadow in their Host',
  },
  'mirror/proxyless-grpc': {
    severity: 'info',
    summary: 'a connected gRPC client without a proxy ignores mirrors',
  },
  'route/unknown-host': {
    severity: 'error',
    summary: 'a destination names a host that nothing defines; Envoy answers 503',
  },
  'route/hidden-host': {
    severity: 'error',
    summary: 'a destination names a host that proxies with the route may not see; they answer 503',
  },
  'route/unknown-port': {
    severity: 'error',
    summary: 'a destination names a port that its host does not have; Envoy answers 503',
  },
  'route/unknown-subset': {
    severity: 'error',
    summary: 'a destination names a subset that no DestinationRule defines; Envoy answers 503',
  },
  'route/no-endpoints': {
    severity: 'warning',
    summary: 'a destination has no ready endpoint: its requests are answered with 503',
  },
  'route/ambiguous-port': {
    severity: 'warning',
    summary: 'a destination names no port, and its host has several',
  },
  'route/unprotected': {
    severity: 'error',
    summary: 'something that decides who may send a request is not supported: requests are served without it',
  },
  'route/unreachable': { severity: 'warning', summary: 'an earlier rule takes every request of this one' },
  'route/redundant-match': {
    severity: 'info',
    summary: 'an earlier match of the same rule takes every request of this one',
  },
  'route/unlisted-gateway': {
    severity: 'warning',
    summary: 'a match names a gateway that its VirtualService does not list',
  },
  'route/unused-port': {
    severity: 'warning',
    summary: 'a match names a port on which no listener serves the host',
  },
  'filter/repeated': {
    severity: 'error',
    summary: 'a filter of a type that a rule may have once; the first is used',
  },
  'filter/incompatible': { severity: 'error', summary: 'a filter beside what it excludes' },
  'delegate/unknown': {
    severity: 'error',
    summary: 'a rule delegates to a VirtualService that does not exist; the rule has no effect',
  },
  'delegate/not-a-delegate': {
    severity: 'error',
    summary: 'a rule delegates to a VirtualService that has hosts of its own; the rule has no effect',
  },
  'delegate/not-visible': {
    severity: 'error',
    summary:
      'a rule delegates to a VirtualService that is not exported to its namespace; the rule has no effect',
  },
  'delegate/unused': {
    severity: 'warning',
    summary: 'a VirtualService without hosts to which no rule delegates; it has no effect',
  },
  'delegate/nested': { severity: 'error', summary: 'a rule of a delegate delegates on; it has no effect' },
  'delegate/conflicting-match': {
    severity: 'warning',
    summary: 'a rule of a delegate matches nothing of what its root delegates; it has no effect there',
  },
  'delegate/mixed-percentage': {
    severity: 'warning',
    summary: 'a mirror and its percentage come from different objects, a delegate and its root',
  },
  'fault/without-effect': {
    severity: 'warning',
    summary: 'a fault that never happens: it lacks its percentage, duration or status',
  },
  'fault/percentage-rounded': {
    severity: 'warning',
    summary: 'a percentage of a fault with more digits than a millionth can hold',
  },
  'gateway/assumed': {
    severity: 'info',
    summary: 'no object says where to listen, so a listener is assumed',
  },
  'gateway/unknown': { severity: 'error', summary: 'a VirtualService names a Gateway that does not exist' },
  'gateway/unsupported-protocol': {
    severity: 'warning',
    summary: 'a Gateway server of a protocol that is not served yet',
  },
  'gateway/host-mismatch': {
    severity: 'warning',
    summary: 'a host of a VirtualService does not belong to its Gateway',
  },
  'gateway/selects-nothing': {
    severity: 'warning',
    summary: "no workload that is known has the labels of the Gateway's selector",
  },
  'gateway/listener-conflict': {
    severity: 'error',
    summary: 'listeners of a Gateway that requests cannot be assigned to one of; none of them is served',
  },
  'gateway/client-validation': {
    severity: 'error',
    summary: 'a listener that cannot verify its clients as it should; it is not served',
  },
  'gateway/unknown-class': {
    severity: 'info',
    summary: 'a Gateway names a GatewayClass that does not exist; it is served nevertheless',
  },
  'parent/unknown': {
    severity: 'error',
    summary: 'a route names a Gateway, listener or Service that does not exist; it does not apply there',
  },
  'parent/not-allowed': {
    severity: 'error',
    summary: 'the listeners of a Gateway do not take the route; it does not apply there',
  },
  'parent/invalid-kind': {
    severity: 'error',
    summary: 'a route names a parent of a kind that cannot be one',
  },
  'parent/host-mismatch': {
    severity: 'warning',
    summary: 'a hostname of a route that the listeners of its parents do not serve',
  },
  'parent/none': { severity: 'warning', summary: 'a route that names no parent; it applies nowhere' },
  'parent/ignored-hostnames': {
    severity: 'warning',
    summary: 'hostnames of a route whose parents are Services; they have no effect',
  },
  'reference/not-permitted': {
    severity: 'error',
    summary: 'no ReferenceGrant permits a reference to another namespace; it is not followed',
  },
  'reference/not-found': {
    severity: 'error',
    summary: 'a reference names an object, or a port of one, that does not exist',
  },
  'reference/invalid-kind': {
    severity: 'error',
    summary: 'a reference names a kind that has no meaning there',
  },
  'service/unsupported-protocol': {
    severity: 'info',
    summary:
      'a Service port that is not HTTP gets no listener on a sidecar with bound ports; one that declares ' +
      'no protocol is taken for HTTP',
  },
  'virtual-host/no-gateway': {
    severity: 'warning',
    summary: 'an object that no Gateway takes; its routes apply nowhere',
  },
  'virtual-host/duplicate-domain': { severity: 'warning', summary: 'the host is taken by an earlier object' },
  'virtual-host/conflict': {
    severity: 'warning',
    summary: 'on a gateway, another object takes every request of this rule',
  },
  'virtual-host/repeated-host': { severity: 'warning', summary: 'an object names one host twice' },
  'virtual-host/unknown-host': {
    severity: 'warning',
    summary: 'routes for a host in the cluster that nothing defines',
  },
  'policy/duplicate-host': { severity: 'warning', summary: 'an older object has the policy of the host' },
  'policy/duplicate-subset': {
    severity: 'warning',
    summary: 'one subset is defined twice; the first is used',
  },
  'policy/unknown-host': { severity: 'warning', summary: 'a policy for a host that nothing defines' },
  'gateway/server-left-out': {
    severity: 'error',
    summary: 'a Gateway server that cannot share its port with an earlier one',
  },
  'upstream/unknown-service': {
    severity: 'error',
    summary: 'an Upstream names a Service, or a port of one, that does not exist; it has no endpoints',
  },
  'tls/unknown-secret': { severity: 'error', summary: 'credentialName names a Secret that does not exist' },
  'tls/incomplete-secret': {
    severity: 'error',
    summary: 'the Secret lacks a certificate, key or authority that its user needs',
  },
  'tls/malformed-pem': {
    severity: 'error',
    summary: 'a value of a Secret is not a certificate, or not a private key',
  },
  'tls/key-mismatch': {
    severity: 'error',
    summary: 'the private key of a Secret does not belong to its certificate',
  },
  'tls/expired': { severity: 'info', summary: 'a certificate is not valid yet, or no longer' },
  'tls/istio-mutual': {
    severity: 'warning',
    summary: 'mutual TLS with certificates of an Istio CA, which is not here: the connections stay plain',
  },
  'tls/unusable-policy': {
    severity: 'error',
    summary: 'a policy demands TLS to a backend that cannot be had here; nothing is sent there',
  },
  'tls/gateways-only': {
    severity: 'info',
    summary: 'credentialName applies to gateways: sidecars connect in plain text',
  },
  'tls/name-not-verified': { severity: 'info', summary: 'the server may show a certificate of any name' },
  'tls/ignored-value': { severity: 'warning', summary: 'a TLS value that has no effect' },
  'egress/overruled': { severity: 'warning', summary: 'an older object says what the same proxies see' },
  'mapping/second-shadow': {
    severity: 'error',
    summary: 'a Mapping with shadow: true in a group that has a shadow already; nothing is mirrored to it',
  },
  'mapping/mismatched-field': {
    severity: 'error',
    summary: 'a Mapping with another value than the first of its group, where all must agree; it is left out',
  },
  'mapping/mixed-redirect': {
    severity: 'error',
    summary: 'a redirect among the Mappings of a group; the later one is left out',
  },
  'mapping/weights': {
    severity: 'error',
    summary: 'weights of a group of Mappings that do not share out all requests',
  },
  'mapping/no-host': {
    severity: 'warning',
    summary: 'a Mapping that no Host takes, or whose Hosts no Listener binds; it is not served',
  },
  'mapping/overruled-field': {
    severity: 'warning',
    summary: 'a field of a Mapping that has no effect, because another one is used',
  },
  'mapping/ignored-on-shadow': {
    severity: 'info',
    summary: 'a field that says nothing on a Mapping with shadow: true',
  },
  'mapping/assumed-listener': {
    severity: 'info',
    summary: 'Mappings without any Listener are served on port 8080',
  },
  'gateway/one-transport': {
    severity: 'warning',
    summary: 'a Listener that takes TLS and plain text on one port takes only one of them here',
  },
  'annotation/invalid': {
    severity: 'error',
    summary: 'an annotation of ours with a value that it does not take',
  },
  'annotation/unread': {
    severity: 'error',
    summary: 'an annotation that holds objects, which are not read; they have no effect',
  },
  'xds/nack': { severity: 'error', summary: 'a proxy refused what was made from this line' },
  'xds/older-envoy': {
    severity: 'warning',
    summary: 'a connected Envoy is older than what this line asks for; it is left out for it',
  },
  'internal/transform-failed': {
    severity: 'error',
    summary: 'a bug of shadowplane; the last good value stays in force',
  },
  'portability/percentage': {
    severity: 'warning',
    summary: "the vendor's controller mirrors another share of the requests",
  },
  'portability/several-mirrors': {
    severity: 'warning',
    summary: "the vendor's controller uses only one of several mirrors",
  },
  'portability/shadow-host': {
    severity: 'warning',
    summary: "the vendor's controller gives copies another Host",
  },
  'portability/rule-fails': {
    severity: 'warning',
    summary: "the vendor's controller answers the whole rule with an error because of its mirror",
  },
} as const satisfies Record<string, CodeRow>

export type Code = keyof typeof codes

/** The row of a code. */
export function rowOf(code: Code): CodeRow {
  return codes[code]
}
