import { isIP } from 'node:net'
import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { message, parts } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { EgressHost, EgressListener, EgressRule } from '../../model/egress.ts'
import { compareText } from '../../model/names.ts'
import { translated } from '../dialect.ts'
import type { ObjectLookup, Read, Reader } from '../dialect.ts'
import { httpProtocols } from './gateway/gateway-service.ts'
import { noteUnsupported, reportOn } from '../reading/report.ts'
import type { Report } from '../reading/report.ts'

const egressHost = z
  .string()
  .refine(
    (host) =>
      /^(~|~?([.*]|[a-z0-9]([-a-z0-9]*[a-z0-9])?))\/(\*|(\*\.)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/.test(
        host,
      ),
    {
      message: 'must be namespace/host, as in ./* for the namespace of the proxy, or shop/*.example.com',
    },
  )

const egress = message({
  port: message({
    number: z.number().int().min(0).max(65535).optional(),
    name: z.string().optional(),
    protocol: z.string().optional(),
    targetPort: z.number().int().optional(),
  }).optional(),
  bind: z.string().optional(),
  captureMode: z.enum(['DEFAULT', 'IPTABLES', 'NONE']).optional(),
  hosts: parts(egressHost).refine((hosts) => hosts.length > 0, {
    message: 'is empty, must name a host; ~/* hides everything',
  }),
})

const spec = message({
  workloadSelector: message({ labels: z.record(z.string(), z.string()).optional() }).optional(),
  ingress: z.unknown().optional(),
  egress: parts(egress).optional(),
  inboundConnectionPool: z.unknown().optional(),
  outboundTrafficPolicy: message({
    mode: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY']).optional(),
    egressProxy: z.unknown().optional(),
  }).optional(),
})

type Egress = z.infer<typeof egress>

const removableParts = ['egress.*.hosts.*', 'egress.*', 'outboundTrafficPolicy', 'workloadSelector'] as const

/**
 * A networking.istio.io Sidecar: the part of the mesh that sidecars see. Its settings for incoming requests
 * have no effect.
 */
export const sidecarReader: Reader<EgressRule> = {
  read: readSidecar,
  translate: ({ manifest, value }, lookup) => {
    const report = reportOn(manifest)
    noteOverruled(report, lookup)
    return translated({ egress: [value], diagnostics: report.diagnostics })
  },
}

function readSidecar(manifest: Manifest): Read<EgressRule> {
  const { value, diagnostics, rejected } = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: removableParts,
  })
  if (value === undefined) return { value, diagnostics, rejected }
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, ['ingress', 'inboundConnectionPool'])
  noteUnsupported(report, { path: ['spec', 'outboundTrafficPolicy'], value: value.outboundTrafficPolicy }, [
    'egressProxy',
  ])
  const { namespace, name } = manifest.id
  const listeners = (value.egress ?? []).flatMap((each, index, all) =>
    each === undefined ? [] : listenerOf(each, { report, index, isLast: index === all.length - 1 }),
  )
  const rule: EgressRule = {
    namespace,
    name,
    selector: value.workloadSelector === undefined ? undefined : (value.workloadSelector.labels ?? {}),
    created: manifest.created,
    listeners: listeners.length === 0 ? [everything] : listeners,
    outsideTraffic: outsideTraffic(value.outboundTrafficPolicy?.mode),
    origin: { object: manifest.id, path: ['spec'] },
  }
  return {
    value: rule,
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  }
}

const everything: EgressListener = {
  port: undefined,
  bind: '',
  hosts: [{ namespace: '*', host: '*', excluded: false }],
}

function outsideTraffic(mode: 'REGISTRY_ONLY' | 'ALLOW_ANY' | undefined): EgressRule['outsideTraffic'] {
  return mode === undefined ? undefined : mode === 'ALLOW_ANY' ? 'allow' : 'refuse'
}

interface Position {
  readonly report: Report
  readonly index: number
  readonly isLast: boolean
}

/** A listener that binds to a Unix socket, or speaks something else than HTTP, is left out and said. */
function listenerOf(value: Egress, { report, index, isLast }: Position): readonly EgressListener[] {
  const path = ['spec', 'egress', index]
  const port = value.port?.number
  const protocol = value.port?.protocol?.toUpperCase() ?? 'HTTP'
  const left = (field: readonly string[], what: string): readonly EgressListener[] => {
    report.note('field/unsupported', [...path, ...field], {
      message: `${what} is not supported: proxies do not get this listener`,
    })
    return []
  }
  if (value.bind?.startsWith('unix://') === true || port === 0)
    return left(port === 0 ? ['port', 'number'] : ['bind'], 'a listener on a Unix socket')
  if (value.port !== undefined && !httpProtocols.includes(protocol))
    return left(['port', 'protocol'], `a listener of its own for ${protocol}`)
  if (port === undefined && !isLast) {
    report.reject('field/invalid-value', path, {
      message: `egress[${index}] has no port, so it takes every port, and must be the last of the list`,
      hint: 'move it to the end, or give it a port',
    })
    return []
  }
  if (value.bind !== undefined && value.bind !== '' && isIP(value.bind) === 0) {
    report.reject('field/invalid-value', [...path, 'bind'], {
      message: `bind is ${JSON.stringify(value.bind)}, must be an IP address`,
    })
    return []
  }
  if (port === undefined && value.bind !== undefined && value.bind !== '') {
    report.note('field/unsupported', [...path, 'bind'], { message: 'bind has no effect without a port' })
  }
  if (value.captureMode !== undefined && value.captureMode !== 'DEFAULT') {
    report.note('field/unsupported', [...path, 'captureMode'], {
      message:
        `captureMode ${value.captureMode} has no effect: whether a proxy binds its ports or ` +
        `intercepts depends on its own metadata`,
    })
  }
  return [
    {
      port,
      bind: port === undefined ? '' : (value.bind ?? ''),
      hosts: value.hosts.flatMap((host) => (host === undefined ? [] : [hostOf(host)])),
    },
  ]
}

/** `ns/host`; `~` before the namespace excludes hosts, and alone excludes those of every namespace. */
function hostOf(text: string): EgressHost {
  const slash = text.indexOf('/')
  const excluded = text.startsWith('~')
  const namespace = text.slice(excluded ? 1 : 0, slash)
  return {
    namespace: namespace === '' ? '*' : namespace,
    host: text.slice(slash + 1).toLowerCase(),
    excluded,
  }
}

/** The older of two Sidecars for the same proxies is used, then the first by name. */
function noteOverruled(report: Report, lookup: ObjectLookup): void {
  const { id } = report.manifest
  const selectorOf = (manifest: Manifest): string =>
    JSON.stringify(
      Object.entries(
        decode({ manifest, path: ['spec'], schema: selector, parts: [] }).value?.workloadSelector?.labels ??
          {},
      ).toSorted(([a], [b]) => compareText(a, b)),
    )
  const same = lookup
    .manifestsOf(id, id.namespace)
    .filter((each) => selectorOf(each) === selectorOf(report.manifest))
  const [first] = same.toSorted(
    (a, b) => compareText(a.created, b.created) || compareText(a.id.name, b.id.name),
  )
  if (first === undefined || first.id.name === id.name) return
  report.note('egress/overruled', ['metadata', 'name'], {
    message:
      `Sidecar ${first.id.namespace}/${first.id.name} is for the same proxies and comes first, so ` +
      `this one has no effect`,
    hint: 'join the two',
  })
}

const selector = z.looseObject({
  workloadSelector: z.looseObject({ labels: z.record(z.string(), z.string()).optional() }).optional(),
})
