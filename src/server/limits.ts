/** The resources of the server that one client, and all clients together, may use. */
export interface Limits {
  /** Streams at a time; how a further one is treated is in places.ts. */
  readonly streams: number
  /**
   * Streams at a time on one connection; HTTP/2 tells the client, which waits or opens another connection.
   */
  readonly streamsPerConnection: number
  /** Different `BIND_ADDRESS` and `PORT_MAP` of one namespace's proxies at a time (bindings.ts). */
  readonly bindings: number
  /** Milliseconds until the first request of a stream must be there. */
  readonly firstRequest: number
  /**
   * Milliseconds after which a connection without a stream is closed; also the time for a TLS handshake to
   * begin.
   */
  readonly idle: number
  /** Resource names in one request, and in one subscription; as many `initial_resource_versions`. */
  readonly names: number
  /** Bytes of a node, without its list of extensions. */
  readonly nodeBytes: number
  /**
   * Bytes, estimated, of all that one stream makes the server remember: node, names, versions, messages of
   * NACKs.
   */
  readonly streamBytes: number
  /** Bytes that all streams make the server remember; shared objects are counted once. */
  readonly rememberedBytes: number
  /** Bytes of one request. */
  readonly requestBytes: number
  /** Bytes of all responses that are sent and not answered. A single larger response is sent alone. */
  readonly bytesInFlight: number
  /** Unanswered bytes are released after this many milliseconds, at the latest after twice as many. */
  readonly patience: number
  /** Milliseconds until a response must be answered. */
  readonly answerTimeout: number
  /**
   * Streams at a time of each service beside discovery: health, reflection and client status. A connection
   * may have a tenth of them.
   */
  readonly auxiliaryStreams: number
  /** Milliseconds that such a stream may be silent, or leave an answer unread. */
  readonly auxiliaryTimeout: number
}

/**
 * A stream costs some 50 kB, so 10,000 exist only by intention. A request of Envoy's repeats all names of its
 * type: 16 MiB are room for 100,000 and more. Envoy ACKs clusters when these have warmed: after
 * initial_fetch_timeout, by default 15 s, and the first health checks; a peer that is dead is found by the
 * keepalive long before. 128 MiB at a time are sent in little more time than all at once, as clients need
 * longer to apply them than to receive them.
 *
 * An Envoy sends its node within milliseconds, and has one stream on a connection, or one for each type; 100
 * is the least that HTTP/2 recommends. The node of an Istio proxy has some KB, with long annotations some
 * ten. A list of 100,000 names takes some 20 MB.
 */
export const defaultLimits: Limits = {
  streams: 10_000,
  streamsPerConnection: 100,
  bindings: 64,
  firstRequest: 10_000,
  idle: 10_000,
  names: 100_000,
  nodeBytes: 64 * 1024,
  streamBytes: 32 * 1024 * 1024,
  rememberedBytes: 256 * 1024 * 1024,
  requestBytes: 16 * 1024 * 1024,
  bytesInFlight: 128 * 1024 * 1024,
  patience: 500,
  answerTimeout: 120_000,
  auxiliaryStreams: 100,
  auxiliaryTimeout: 60_000,
}
