import { z } from 'zod'
import { decode } from '../../manifest/decode.ts'
import { durationSchema } from '../../manifest/duration.ts'
import { message } from '../../manifest/message.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { Diagnostic, FieldPath } from '../../diagnostics/diagnostic.ts'
import type { PathNormalization, Settings } from '../../model/settings.ts'
import { positiveDuration } from '../reading/constraint.ts'
import { exportTo } from './export-to.ts'
import { localityBalancing, localitySetting } from './destination-rule/locality.ts'
import { reportOn } from '../reading/report.ts'
import { retries, retryPolicy } from './virtual-service/retry.ts'
import { tcpKeepalive, tcpKeepaliveOf } from './destination-rule/tcp-keepalive.ts'

/**
 * Fields of MeshConfig that concern Istio's own agents, filters, telemetry or certificates, or say nothing to
 * a stock Envoy.
 */
const others = [
  'proxyListenPort',
  'proxyInboundListenPort',
  'proxyHttpPort',
  'ingressClass',
  'ingressService',
  'ingressControllerMode',
  'ingressSelector',
  'enableTracing',
  'accessLogFile',
  'accessLogFormat',
  'accessLogEncoding',
  'enableEnvoyAccessLogService',
  'disableEnvoyListenerLog',
  'defaultConfig',
  'inboundTrafficPolicy',
  'configSources',
  'enableAutoMtls',
  'trustDomain',
  'trustDomainAliases',
  'caCertificates',
  'inboundClusterStatName',
  'outboundClusterStatName',
  'certificates',
  'thriftConfig',
  'serviceSettings',
  'enablePrometheusMerge',
  'verifyCertificateAtClient',
  'ca',
  'extensionProviders',
  'defaultProviders',
  'discoverySelectors',
  'meshMTLS',
  'tlsDefaults',
  'mixerCheckServer',
  'mixerReportServer',
  'disablePolicyChecks',
  'policyCheckFailOpen',
  'sidecarToTelemetrySessionAffinity',
  'reportBatchMaxEntries',
  'reportBatchMaxTime',
  'protocolDetectionTimeout',
  'enableClientSidePolicyCheck',
  'sdsUdsPath',
  'sdsRefreshDelay',
  'localityWeightedLbConfig',
  'disableMixerHttpReports',
  'disableReportCalls',
  'statsdUdpAddress',
] as const

/** Fields that would change routes or clusters, but are not supported. */
const unsupported = ['h2UpgradePolicy', 'defaultTrafficPolicy', 'zoneAwareLbSetting'] as const

const meshConfig = message({
  ...Object.fromEntries(others.map((field) => [field, z.unknown().optional()])),
  h2UpgradePolicy: z.unknown().optional(),
  defaultTrafficPolicy: z.unknown().optional(),
  zoneAwareLbSetting: z.unknown().optional(),
  defaultHttpRetryPolicy: retries.optional(),
  connectTimeout: positiveDuration.optional(),
  tcpKeepalive: tcpKeepalive.optional(),
  dnsRefreshRate: durationSchema
    .refine((milliseconds) => milliseconds > 1, { message: 'must be more than 1ms' })
    .optional(),
  rootNamespace: z.string().min(1).optional(),
  outboundTrafficPolicy: message({
    mode: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS']).optional(),
  }).optional(),
  defaultServiceExportTo: exportTo.optional(),
  defaultVirtualServiceExportTo: exportTo.optional(),
  defaultDestinationRuleExportTo: exportTo.optional(),
  localityLbSetting: localitySetting.optional(),
  pathNormalization: message({
    normalization: z
      .enum(['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'])
      .optional(),
  }).optional(),
})

type MeshConfig = z.infer<typeof meshConfig>

export interface ReadSettings {
  readonly settings: Settings
  readonly diagnostics: readonly Diagnostic[]
  /** True when any mistake was found. */
  readonly rejected: boolean
}

/**
 * Settings with a MeshConfig's values over them; a field with a mistake changes nothing. The MeshConfig is at
 * `path` of the manifest.
 */
export function withMeshConfig(settings: Settings, manifest: Manifest, path: FieldPath = []): ReadSettings {
  const { value, diagnostics, rejected } = decode({ manifest, path, schema: meshConfig, parts: ['*'] })
  if (value === undefined) return { settings, diagnostics, rejected }
  const report = reportOn(manifest)
  for (const field of unsupported) {
    if (value[field] !== undefined)
      report.note('field/unsupported', [...path, field], {
        message: `${field} is not supported yet, it has no effect`,
      })
  }
  if (value.outboundTrafficPolicy?.mode === 'ALLOW_ANY_DYNAMIC_DNS') {
    report.note('field/unsupported', [...path, 'outboundTrafficPolicy', 'mode'], {
      message: 'outboundTrafficPolicy.mode ALLOW_ANY_DYNAMIC_DNS is not supported yet, ALLOW_ANY is used',
    })
  }
  return {
    settings: overlaid(settings, value),
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected,
  }
}

const pathNormalizations = {
  DEFAULT: 'base',
  NONE: 'none',
  BASE: 'base',
  MERGE_SLASHES: 'merge-slashes',
  DECODE_AND_MERGE_SLASHES: 'decode-and-merge-slashes',
} as const satisfies Record<string, PathNormalization>

function overlaid(settings: Settings, value: MeshConfig): Settings {
  const { defaultExport } = settings
  const mode = value.outboundTrafficPolicy?.mode
  const normalization = value.pathNormalization?.normalization
  return {
    ...settings,
    rootNamespace: value.rootNamespace ?? settings.rootNamespace,
    connectTimeout: value.connectTimeout ?? settings.connectTimeout,
    dnsRefreshRate: value.dnsRefreshRate ?? settings.dnsRefreshRate,
    ...(value.tcpKeepalive === undefined ? {} : { tcpKeepalive: tcpKeepaliveOf(value.tcpKeepalive) }),
    defaultRetry:
      value.defaultHttpRetryPolicy === undefined
        ? settings.defaultRetry
        : retryPolicy(value.defaultHttpRetryPolicy),
    defaultExport: {
      services: value.defaultServiceExportTo ?? defaultExport.services,
      routeTables: value.defaultVirtualServiceExportTo ?? defaultExport.routeTables,
      policies: value.defaultDestinationRuleExportTo ?? defaultExport.policies,
    },
    outsideTraffic:
      mode === undefined ? settings.outsideTraffic : mode === 'REGISTRY_ONLY' ? 'refuse' : 'allow',
    pathNormalization:
      normalization === undefined ? settings.pathNormalization : pathNormalizations[normalization],
    locality:
      value.localityLbSetting === undefined ? settings.locality : localityBalancing(value.localityLbSetting),
  }
}
