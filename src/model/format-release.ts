/**
 * The Envoy release that introduced each command of the substitution format, tested with Envoys 1.36.4,
 * 1.37.0, 1.38.3, 1.39.3 and 1.40.0.
 */

/** A command that an Envoy does not know, and the minor version of the Envoy 1.x that brought it. */
export interface NewerCommand {
  /** For example `%ROUTE_RESOLUTION_COUNT%`. */
  readonly written: string
  readonly since: number
}

const commandsSince: Readonly<Record<number, string>> = {
  37:
    `COALESCE DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID ` +
    `REQUEST_HEADER RESPONSE_HEADER
    RESPONSE_TRAILER UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID`,
  38:
    `DOWNSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_LOCAL_CLOSE_REASON ` +
    `DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256 DOWNSTREAM_PEER_ISSUER_SERIAL
    QUERY_PARAMS SPAN_ID UPSTREAM_CONNECTION_IDS_ATTEMPTED UPSTREAM_DETECTED_CLOSE_TYPE ` +
    `UPSTREAM_HOSTS_ATTEMPTED
    UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT UPSTREAM_HOST_NAMES_ATTEMPTED ` +
    `UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT UPSTREAM_LOCAL_CLOSE_REASON`,
  39: 'DOWNSTREAM_TLS_GROUP UPSTREAM_SERVER_NAME UPSTREAM_TLS_GROUP',
  40: 'DOWNSTREAM_CX_RTT ROUTE_RESOLUTION_COUNT ROUTE_RESOLUTION_TIME_US',
}

const since: ReadonlyMap<string, number> = new Map(
  Object.entries(commandsSince).flatMap(([minor, names]) =>
    names.split(/\s+/).map((name) => [name, Number(minor)] as const),
  ),
)

/** `%%`, or a command with its argument and length (as `formatMistake` reads it). */
const piece = /%%|%(?<name>[A-Z0-9_]+)(?:\((?<argument>.*?)\))?(?::(?<length>\d+))?%/gs

/** The first command of a header's value that an Envoy 1.`minor` rejects; undefined if there is none. */
export function newerCommand(value: string, minor: number): NewerCommand | undefined {
  return commandsOf(value).find((each) => each.since > minor)
}

/**
 * The minor versions that introduced the commands of a header's value; empty for commands of every supported
 * Envoy.
 */
export function releasesOf(value: string): readonly number[] {
  return commandsOf(value)
    .map((each) => each.since)
    .filter((minor) => minor > 0)
}

function commandsOf(value: string): readonly NewerCommand[] {
  if (!value.includes('%')) return []
  return [...value.matchAll(piece)].flatMap(({ 0: written, groups }) =>
    groups?.['name'] === undefined ? [] : [{ written, since: sinceOf(groups) }],
  )
}

function sinceOf({ name = '', argument, length }: Partial<Record<string, string>>): number {
  return Math.max(
    since.get(name) ?? 0,
    argument === undefined ? 0 : argumentSince(name, argument),
    length !== undefined && name === 'DYNAMIC_METADATA' ? 37 : 0,
  )
}

function argumentSince(name: string, argument: string): number {
  if (name.endsWith('_ADDRESS_WITHOUT_PORT') && argument !== '') return 38
  if (name === 'REQUESTED_SERVER_NAME' && argument !== '') return 37
  if (name === 'METADATA' && argument.startsWith('LISTENER_FILTER_CHAIN')) return 37
  // Its operators are commands again, by name.
  return name === 'COALESCE'
    ? Math.max(...(argument.match(/[A-Z0-9_]+/g) ?? []).map((each) => since.get(each) ?? 0), 0)
    : 0
}
