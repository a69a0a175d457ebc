export type Severity = 'error' | 'warning' | 'info'

/**
 * The one table of diagnostic codes. A code is never reused for another meaning. `refused` marks the mistakes for which
 * the document's last good version stays in force (see docs/diagnostics.md).
 */
export const codes = {
  'yaml/syntax': { severity: 'error', summary: 'the text is not valid YAML or JSON' },
  'file/unreadable': { severity: 'error', summary: 'a configured file cannot be read; its last good content stays in force' },
  'file/truncated': { severity: 'error', summary: 'the file ends in the middle of a line of its last version; its last good content stays in force' },
  'manifest/not-an-object': { severity: 'error', summary: 'a document is not a Kubernetes object (apiVersion, kind, metadata.name)' },
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
  'mirror/unknown-port': { severity: 'error', summary: 'the mirror names a port that its host does not have; the mirror is dropped' },
  'mirror/unknown-subset': { severity: 'error', summary: 'the mirror names a subset that no DestinationRule defines; the mirror is dropped' },
  'mirror/without-forward': { severity: 'error', summary: 'a mirror on a redirect or direct response; the mirror is dropped' },
  'mirror/to-itself': { severity: 'warning', summary: 'the mirror sends copies to the destination of the route itself' },
  'mirror/duplicate': { severity: 'warning', summary: 'the same mirror twice: each request is copied twice' },
  'mirror/unbounded': { severity: 'info', summary: 'the mirror uses a cluster that primary routes use too, so its copies have no limits of their own' },
  'mirror/proxyless-grpc': { severity: 'info', summary: 'a connected gRPC client without a proxy ignores mirrors' },
  'route/unknown-host': { severity: 'error', summary: 'a destination names a host that nothing defines; Envoy answers 503' },
  'route/unknown-port': { severity: 'error', summary: 'a destination names a port that its host does not have; Envoy answers 503' },
  'route/unknown-subset': { severity: 'error', summary: 'a destination names a subset that no DestinationRule defines; Envoy answers 503' },
  'gateway/unknown': { severity: 'error', summary: 'a VirtualService names a Gateway that does not exist' },
  'gateway/unsupported-protocol': { severity: 'warning', summary: 'a Gateway server of a protocol that is not served yet' },
  'service/unsupported-protocol': { severity: 'info', summary: 'a Service port that is not HTTP gets no listener on a sidecar; one that declares no protocol is taken for HTTP' },
  'virtual-host/duplicate-domain': { severity: 'warning', summary: 'the host is taken by an earlier object' },
  'annotation/invalid': { severity: 'error', summary: 'an annotation of ours with a value that it does not take' },
  'xds/nack': { severity: 'error', summary: 'a proxy refused what was made from this line' },
  'internal/transform-failed': { severity: 'error', summary: 'a bug of shadowplane; the last good value stays in force' },
} as const satisfies Record<string, { readonly severity: Severity; readonly summary: string }>

export type Code = keyof typeof codes
