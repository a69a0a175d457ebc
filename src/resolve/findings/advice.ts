import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { Service } from '../../model/backend.ts'
import type { Mirror } from '../../model/mirror.ts'
import type { HeaderMatch, Match, RouteTable, StringMatch } from '../../model/route.ts'
import { redundantMatches } from './unreachable.ts'

/** Notes that are true of most mirrors; they are shown only on request. */
export function adviceOn(
  table: RouteTable,
  services: (host: string) => readonly Service[],
): readonly Diagnostic[] {
  return [
    ...table.routes.flatMap(({ action, match }) =>
      action.kind === 'forward'
        ? action.mirrors.flatMap((mirror) => [
            ...copiedWrites(mirror, match),
            ...shadowHostOutside(mirror, services),
          ])
        : [],
    ),
    ...redundantMatches(table),
  ]
}

/** Methods that may change something (RFC 9110 section 9.2.1 has the safe ones). */
const writes = ['POST', 'PUT', 'PATCH', 'DELETE']

function copiedWrites(mirror: Mirror, match: Match): readonly Diagnostic[] {
  // Every call of gRPC is a POST (its PROTOCOL-HTTP2): there is no GET to choose.
  if (mirror.origin.object.kind === 'GRPCRoute') return []
  const conditions = match.headers.filter(({ name }) => name.toLowerCase() === ':method')
  const copied = writes.filter((method) => conditions.every((condition) => mayBe(method, condition)))
  return copied.length === 0
    ? []
    : [
        finding('mirror/write-methods', mirror.origin, {
          message:
            `${copied.join(', ')} are copied too: what they write is written at the mirror's ` +
            `target as well`,
          hint: 'let only routes for GET mirror, unless the target has data of its own',
        }),
      ]
}

/**
 * Whether a method can match. A regular expression is split at its bars; a more complex one may match any
 * method.
 */
function mayBe(method: string, { match, invert }: HeaderMatch): boolean {
  const fits = fitsMethod(method, match)
  return fits === undefined || fits !== invert
}

function fitsMethod(method: string, match: StringMatch): boolean | undefined {
  switch (match.kind) {
    case 'present':
      return true
    case 'exact':
      return method === match.value
    case 'prefix':
      return method.startsWith(match.value)
    case 'regex':
      return /^\(?[A-Z|]+\)?$/.test(match.value)
        ? match.value.replace(/[()]/g, '').split('|').includes(method)
        : undefined
  }
}

function shadowHostOutside(
  { backend, host, origin }: Mirror,
  services: (host: string) => readonly Service[],
): readonly Diagnostic[] {
  if (host.kind !== 'suffix' || !services(backend.host).some(({ external }) => external)) return []
  return [
    finding('mirror/shadow-host-outside-mesh', origin, {
      message:
        `${backend.host} is outside the mesh and gets the copies with -shadow behind their host: a ` +
        `server that routes by the Host answers them with 404`,
      hint: 'if it does, annotate the object with shadowplane.io/shadow-host: keep',
    }),
  ]
}
