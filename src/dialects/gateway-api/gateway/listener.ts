import type { Code } from '../../../diagnostics/codes.ts'
import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { Wording } from '../../../diagnostics/finding.ts'
import type { GatewayService } from '../../../model/gateway.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { Report } from '../../reading/report.ts'
import { isRouteKind, routeKinds } from '../parent/allowed-routes.ts'
import { knownProtocols } from './gateway-spec.ts'
import type { GatewaySpec, Listener } from './gateway-spec.ts'
import type { Conflict } from './listener-conflict.ts'
import { listenerTls } from './listener-tls.ts'

/** The result for a listener: its service, if it is served, and its status. */
export interface JudgedListener {
  readonly serves: GatewayService | undefined
  /** ListenerConditionAccepted: why it is False. */
  readonly rejected: ListenerMistake | undefined
  /** ListenerConditionResolvedRefs: why it is False. */
  readonly unresolved: ListenerMistake | undefined
}

export interface ListenerMistake {
  readonly reason: string
  readonly message: string
}

export interface ListenerSite {
  readonly gateway: GatewaySpec
  readonly path: FieldPath
  readonly conflict: Conflict | undefined
  readonly lookup: ObjectLookup
  readonly report: Report
}

/** Protocols of the listeners that are served. */
export const servedProtocols: readonly string[] = ['HTTP', 'HTTPS']

/** Checks a listener; each mistake is reported. */
export function judgeListener(listener: Listener, site: ListenerSite): JudgedListener {
  const kinds = kindMistake(listener, site)
  const rejected = conflictMistake(listener, site) ?? protocolMistake(listener, site)
  if (rejected !== undefined) return { serves: undefined, rejected, unresolved: kinds }
  if (listener.protocol === 'HTTP')
    return { serves: { kind: 'http', redirect: 'none' }, rejected: undefined, unresolved: kinds }
  const { tls, rejected: insecure, unresolved } = listenerTls(listener, site)
  return {
    serves: tls === undefined ? undefined : { kind: 'https', tls },
    rejected: insecure,
    unresolved: unresolved ?? kinds,
  }
}

function conflictMistake(
  { port, protocol }: Listener,
  { conflict, gateway, path, report }: ListenerSite,
): ListenerMistake | undefined {
  if (conflict === undefined) return undefined
  const name = gateway.listeners[conflict.with]?.name ?? ''
  const [field, says] =
    conflict.reason === 'ProtocolConflict'
      ? [
          'protocol',
          `${protocol} on port ${port} is in conflict with listener ${name}: one port is for plain HTTP ` +
            `or for TLS`,
        ]
      : [
          'hostname',
          `its port and hostname are those of listener ${name}, too: a request could be for either`,
        ]
  note(report, {
    code: 'gateway/listener-conflict',
    at: [...path, field],
    message: `${says}; neither is served`,
    hint: 'give one of them another port, or another hostname where both speak the same protocol',
  })
  return { reason: conflict.reason, message: says }
}

function protocolMistake(
  { port, protocol, tls }: Listener,
  { path, report }: ListenerSite,
): ListenerMistake | undefined {
  if (servedProtocols.includes(protocol)) return undefined
  const upper = protocol.toUpperCase()
  const says =
    protocol === 'TLS' ? `protocol TLS with mode ${tls?.mode ?? 'Terminate'}` : `protocol ${protocol}`
  note(report, {
    code: 'gateway/unsupported-protocol',
    at: [...path, 'protocol'],
    message: `${says} is not supported yet: port ${port} is not served`,
    hint:
      protocol === 'TLS' && tls?.mode === 'Terminate'
        ? 'write HTTPS for HTTP'
        : knownProtocols.includes(upper) && upper !== protocol
          ? `write ${upper}`
          : undefined,
  })
  return { reason: 'UnsupportedProtocol', message: `${says} is not supported` }
}

/** Kinds of routes that nothing here reads cost themselves only. */
function kindMistake(
  { allowedRoutes }: Listener,
  { path, report }: ListenerSite,
): ListenerMistake | undefined {
  const wrong = [...(allowedRoutes?.kinds ?? []).entries()].filter(([, kind]) => !isRouteKind(kind))
  for (const [index, { group, kind }] of wrong) {
    note(report, {
      code: 'reference/invalid-kind',
      at: [...path, 'allowedRoutes', 'kinds', index, 'kind'],
      message:
        `${kind} of ${group === '' ? 'the core group' : group} is no kind of route that is served ` +
        `here (ResolvedRefs is False, InvalidRouteKinds)`,
      hint: `there are ${routeKinds.join(', ')}`,
    })
  }
  return wrong.length === 0
    ? undefined
    : {
        reason: 'InvalidRouteKinds',
        message: `no routes of kind ${wrong.map(([, { kind }]) => kind).join(', ')} are served here`,
      }
}

interface Note extends Wording {
  readonly code: Code
  readonly at: FieldPath
}

function note(report: Report, { code, at, message, hint }: Note): void {
  report.note(code, at, { message, hint })
}
