import { z } from 'zod'
import type { FieldPath, Origin } from '../../../diagnostics/diagnostic.ts'
import { message } from '../../../manifest/message.ts'
import type { TlsRoute } from '../../../model/tls.ts'
import { largestWeight } from '../../reading/constraint.ts'
import { backendOf, destination } from './destination.ts'
import { resolveGateway } from '../host.ts'
import { noteUnsupported } from '../../reading/report.ts'
import type { ReadSite } from './rule-site.ts'
import type { Manifest } from '../../../manifest/manifest.ts'

const serverName = z
  .string()
  .regex(/^(\*|(\*\.)?[^*\s]+)$/, { message: 'must be a host name, one that begins with "*.", or "*"' })

/** Istio's TLSMatchAttributes. */
export const tlsMatch = message({
  sniHosts: z
    .array(serverName)
    .refine((hosts) => hosts.length > 0, { message: 'is empty, must name a host' }),
  destinationSubnets: z.unknown().optional(),
  port: z.number().int().min(0).max(65535).optional(),
  sourceLabels: z.unknown().optional(),
  gateways: z.array(z.string()).optional(),
  sourceNamespace: z.unknown().optional(),
})

/** Istio's TLSRoute. */
export const tlsRule = message({
  match: z.array(tlsMatch).refine((matches) => matches.length > 0, {
    message: 'is empty, must name the sniHosts that the route is for',
  }),
  route: z
    .array(message({ destination, weight: z.number().int().min(0).max(largestWeight).optional() }))
    .refine((routes) => routes.length > 0, { message: 'is empty, must name a destination' }),
})

export type TlsMatch = z.infer<typeof tlsMatch>
/** A rule without destinations has a mistake. */
export type TlsRule = z.infer<typeof tlsRule>

/** Reports what is wrong with a tls rule, or has no effect; `gateways` are for matches that name none. */
export function checkTlsRule(rule: TlsRule, { report, path }: ReadSite, gateways: readonly string[]): void {
  if (
    rule.match.some((each) =>
      (each.gateways === undefined || each.gateways.length === 0 ? gateways : each.gateways).includes('mesh'),
    )
  ) {
    report.note('field/unsupported', path, {
      message:
        'tls rules are not supported on sidecars yet, this one has no effect there: a connection goes to ' +
        'the service of its server name',
    })
  }
  if (hasNoWeight(rule)) {
    report.reject('field/invalid-value', [...path, 'route'], {
      message: 'all weights of the route are 0, must add up to more: connections that it matches are closed',
    })
  }
  rule.match.forEach((each, index) => {
    noteUnsupported(report, { path: [...path, 'match', index], value: each }, [
      'destinationSubnets',
      'sourceLabels',
      'sourceNamespace',
    ])
  })
}

function hasNoWeight({ route }: TlsRule): boolean {
  return route.length > 1 && route.reduce((sum, { weight = 0 }) => sum + weight, 0) === 0
}

export interface TlsRuleContext {
  readonly manifest: Manifest
  readonly path: FieldPath
  readonly domain: string
}

/**
 * One route for each match. Connections of a rule with a mistake go to no backend, nor to that of another
 * rule.
 */
export function tlsRoutesOf(rule: TlsRule, { path, domain, manifest }: TlsRuleContext): readonly TlsRoute[] {
  const isRejected = rule.route.length === 0 || hasNoWeight(rule)
  const destinations = isRejected
    ? [rejectedAt({ object: manifest.id, path })]
    : rule.route.map((each, index) => ({
        backend: backendOf(each.destination, {
          manifest,
          path: [...path, 'route', index, 'destination'],
          domain,
        }),
        weight: each.weight ?? 0,
      }))
  return rule.match.map((each, index): TlsRoute => {
    const at = [...path, 'match', index]
    return {
      serverNames: each.sniHosts.map((name, position) => ({
        name: name.toLowerCase(),
        origin: { object: manifest.id, path: [...at, 'sniHosts', position] },
      })),
      port: each.port === 0 ? undefined : each.port,
      attachedTo:
        each.gateways === undefined || each.gateways.length === 0
          ? undefined
          : each.gateways.map((gateway) => resolveGateway(gateway, manifest.id.namespace)),
      destinations,
      origin: { object: manifest.id, path: at },
    }
  })
}

/** Envoy closes the connections that go to it. */
function rejectedAt(origin: Origin): TlsRoute['destinations'][number] {
  return { backend: { host: '', port: undefined, subset: undefined, rejected: true, origin }, weight: 1 }
}
