export type Header = readonly [name: string, value: string]

/** A request as a client sends it. */
export interface SimulatedRequest {
  readonly scheme: 'http' | 'https'
  /** Host name or address that the client connects to; over TLS its name is the SNI. */
  readonly address: string
  readonly port: number
  readonly method: string
  /** Host header, or `:authority`. */
  readonly authority: string
  /** With the query; begins with `/`, and is sent unchanged. */
  readonly path: string
  readonly headers: readonly Header[]
}

/** A request after the HTTP connection manager has cleaned it: what routes are compared with. */
export interface ReceivedRequest {
  readonly scheme: string
  readonly method: string
  readonly authority: string
  readonly path: string
  /** Names in lower case. */
  readonly headers: readonly Header[]
}

/**
 * Every value of a header, pseudo headers included. Envoy keeps `host` as `:authority` and finds it under
 * both names.
 */
export function headerValues(request: ReceivedRequest, name: string): readonly string[] {
  switch (name.toLowerCase()) {
    case ':method':
      return [request.method]
    case ':path':
      return [request.path]
    case ':scheme':
      return [request.scheme]
    case 'host':
    case ':authority':
      return [request.authority]
    default:
      return request.headers.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value)
  }
}

/** The path without query and fragment: what path matchers see. */
export function withoutQuery(path: string): string {
  return path.split(/[?#]/, 1)[0] ?? ''
}
