/** What one client, and all clients together, may use of the server. */
export interface Limits {
  /** Streams at a time; a further one is refused. */
  readonly streams: number
  /** Resource names in one request, and in one subscription. */
  readonly names: number
  /** Bytes of one request. */
  readonly requestBytes: number
  /** Bytes of all responses that were sent and not answered. A single larger response goes out alone. */
  readonly bytesInFlight: number
  /** Milliseconds after which bytes that nobody answers for stop keeping other streams from sending. */
  readonly patience: number
  /** Milliseconds until a response must be answered. */
  readonly answerTimeout: number
  /** Streams at a time of each service beside discovery: health, reflection and client status. A connection may have a tenth of them. */
  readonly auxiliaryStreams: number
  /** Milliseconds that such a stream may be silent, or leave an answer unread. */
  readonly auxiliaryTimeout: number
}

/**
 * A stream costs some 50 kB, so that 10,000 are no accident. A request of Envoy's repeats all names of its type: 16 MiB are
 * room for 100,000 and more. Envoy answers for clusters when these have warmed: after initial_fetch_timeout, by default 15 s,
 * and the first health checks; a peer that is dead is found by the keepalive long before. 128 MiB at a time are sent in
 * little more time than all at once, as clients need longer to apply them than to receive them.
 */
export const defaultLimits: Limits = {
  streams: 10_000,
  names: 100_000,
  requestBytes: 16 * 1024 * 1024,
  bytesInFlight: 128 * 1024 * 1024,
  patience: 500,
  answerTimeout: 120_000,
  auxiliaryStreams: 100,
  auxiliaryTimeout: 60_000,
}

/** Calls back after some milliseconds, unless the returned function is called before. */
export type Schedule = (milliseconds: number, callback: () => void) => () => void

/** By the clock. A timer does not keep the process alive. */
export const scheduleTimeout: Schedule = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds)
  timer.unref()
  return () => clearTimeout(timer)
}
