import { Option } from 'commander'
import type { Command } from 'commander'
import { UsageError, errorText } from '../../errors.ts'
import { defaultSettings } from '../../control-plane/config.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { LocatedMap } from '../../manifest/map-file.ts'
import { parseByteSize, renderByteSize } from '../../model/byte-size.ts'
import type { MirrorCluster, MirrorLimits } from '../../model/mirror.ts'
import type { Settings } from '../../model/settings.ts'

export interface SettingsFlags {
  readonly domain: string
  readonly meshConfig?: string
  readonly shadowHost: 'suffix' | 'keep'
  readonly mirrorClusters: MirrorCluster
  readonly mirrorMaxStreamDuration: number
  readonly mirrorMaxConnections: number
  readonly mirrorMaxPendingRequests: number
  readonly mirrorMaxRequests: number
  readonly mirrorMaxBody: MirrorLimits['maxBody']
  readonly mirrorConnectionBuffer: number
  readonly mirrorOutlierDetection: MirrorLimits['outlierDetection']
}

const { mirrorLimits } = defaultSettings

/** The flags that change the served configuration; the same for every command that translates. */
export function addSettingsFlags(command: Command): Command {
  return command
    .addOption(domainOption('DNS domain of the cluster, as in <name>.<namespace>.svc.<domain>'))
    .option(
      '--mesh-config <file>',
      "Istio's MeshConfig; a ConfigMap istio-system/istio among the files is read too, and wins field by " +
        'field',
    )
    .addOption(
      new Option(
        '--shadow-host <kind>',
        'Host of the copies: the original with -shadow appended, or as it is',
      )
        .choices(['suffix', 'keep'])
        .default('suffix'),
    )
    .addOption(
      new Option(
        '--mirror-clusters <kind>',
        'cluster of a mirror: bounded and its own (dedicated), that of primary requests (shared), or its ' +
          'own if primary requests may use the other (auto)',
      )
        .choices(['auto', 'shared', 'dedicated'])
        .default('auto'),
    )
    .addOption(
      limit('--mirror-max-stream-duration <seconds>', 'how long a copy may take')
        .argParser(seconds)
        .default(mirrorLimits.maxStreamDuration, '15'),
    )
    .addOption(
      limit('--mirror-max-connections <n>', 'connections of a cluster that only mirrors use').default(
        mirrorLimits.maxConnections,
      ),
    )
    .addOption(
      limit('--mirror-max-pending-requests <n>', 'copies that wait for a connection').default(
        mirrorLimits.maxPendingRequests,
      ),
    )
    .addOption(limit('--mirror-max-requests <n>', 'copies under way').default(mirrorLimits.maxRequests))
    .addOption(
      byteSize(
        '--mirror-max-body <size>',
        'largest request body that is copied: 64Ki, 1Mi; unlimited: a slow shadow may slow large uploads',
        ['unlimited'],
      ).default(mirrorLimits.maxBody, sizeText(mirrorLimits.maxBody)),
    )
    .addOption(
      byteSize(
        '--mirror-connection-buffer <size>',
        'how much of an answer to a copy is read at a time',
        [],
      ).default(mirrorLimits.connectionBuffer, sizeText(mirrorLimits.connectionBuffer)),
    )
    .addOption(
      new Option(
        '--mirror-outlier-detection <state>',
        'whether a shadow that resets, refuses or times out gets no copies for a while',
      )
        .choices(['on', 'off'])
        .default(mirrorLimits.outlierDetection),
    )
}

function sizeText(size: MirrorLimits['maxBody']): string {
  return size === 'unlimited' ? size : renderByteSize(size)
}

/** Bytes, or one of some words. */
function byteSize(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, description).argParser((text) => {
    const value = words.includes(text) ? text : parseByteSize(text)
    if (value === undefined)
      throw new UsageError(
        `${flags.split(' ', 1)[0] ?? ''} ${text}: write bytes, as in ` +
          ['65536', '64Ki', '1Mi', ...words].join(', '),
      )
    return value
  })
}

/** `--domain`, with a command's own description. Throws a UsageError if the value is not a DNS name. */
export function domainOption(description: string): Option {
  return new Option('--domain <name>', description).default(defaultSettings.domain).argParser((text) => {
    if (
      text.length <= 253 &&
      text.split('.').every((label) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(label))
    )
      return text
    throw new UsageError(
      `--domain ${text}: write a DNS name in lower case without a dot at its end, as in cluster.local`,
    )
  })
}

function limit(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^[1-9]\d{0,8}$/.test(text))
      throw new UsageError(`${flags.split(' ', 1)[0] ?? ''} ${text}: write a whole number from 1 up`)
    return Number(text)
  })
}

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?s?$/.test(text) ? Number.parseFloat(text) : 0
  if (value <= 0) throw new UsageError(`--mirror-max-stream-duration ${text}: write seconds, as in 15 or 2.5`)
  return Math.round(value * 1000)
}

/** Settings out of the flags and the mesh config. Throws UsageError for a mesh config that cannot be read. */
export async function settingsOf(
  flags: SettingsFlags,
): Promise<{ readonly settings: Settings; readonly diagnostics: readonly Diagnostic[] }> {
  const settings: Settings = {
    ...defaultSettings,
    domain: flags.domain,
    mirrorHost: { kind: flags.shadowHost },
    mirrorCluster: flags.mirrorClusters,
    mirrorLimits: {
      maxStreamDuration: flags.mirrorMaxStreamDuration,
      maxConnections: flags.mirrorMaxConnections,
      maxPendingRequests: flags.mirrorMaxPendingRequests,
      maxRequests: flags.mirrorMaxRequests,
      maxBody: flags.mirrorMaxBody,
      connectionBuffer: flags.mirrorConnectionBuffer,
      outlierDetection: flags.mirrorOutlierDetection,
    },
  }
  if (flags.meshConfig === undefined) return { settings, diagnostics: [] }
  const { withMeshConfig } = await import('../../dialects/index.ts')
  const { object, locate } = await readMeshConfig(flags.meshConfig)
  const read = withMeshConfig(settings, {
    id: { group: '', kind: 'MeshConfig', namespace: '', name: flags.meshConfig },
    apiVersion: '',
    labels: {},
    annotations: {},
    created: '',
    exactNumbers: {},
    object,
  })
  return {
    settings: read.settings,
    diagnostics: read.diagnostics.map((each) =>
      each.origin === undefined ? each : { ...each, place: locate(each.origin.path, each.origin.part) },
    ),
  }
}

async function readMeshConfig(file: string): Promise<LocatedMap> {
  const { parseMap } = await import('../../manifest/map-file.ts')
  const { readTextFile } = await import('../../sources/files/read-text.ts')
  try {
    return parseMap(file, (await readTextFile(file)).text)
  } catch (error) {
    throw new UsageError(`--mesh-config ${file}: ${errorText(error)}`, {
      cause: error,
    })
  }
}
