import { parseByteSize } from '../../model/byte-size.ts'
import type { Mirror, MirrorCluster, MirrorHost, MirrorLimits } from '../../model/mirror.ts'
import type { Settings } from '../../model/settings.ts'
import type { Report } from './report.ts'

/** The options of an object's mirrors: the flags, with the object's annotations over them. */
export type MirrorOptions = Pick<Mirror, 'host' | 'cluster' | 'limits'>

const prefix = 'shadowplane.io/'

const countAnnotations: Readonly<Record<string, keyof MirrorLimits>> = {
  'mirror-max-connections': 'maxConnections',
  'mirror-max-pending-requests': 'maxPendingRequests',
  'mirror-max-requests': 'maxRequests',
}

const otherAnnotations = [
  'shadow-host',
  'mirror-clusters',
  'mirror-max-stream-duration',
  'mirror-max-body',
  'mirror-connection-buffer',
  'mirror-outlier-detection',
]

/** The mirror options that an object's annotations set. */
export interface MirrorOverrides {
  host?: MirrorHost
  cluster?: MirrorCluster
  limits: Partial<MirrorLimits>
}

/** The flags' options, with those of an object's annotations over them. */
export function overriddenBy(
  { host, cluster, limits }: Readonly<MirrorOverrides>,
  settings: Settings,
): MirrorOptions {
  return {
    host: host ?? settings.mirrorHost,
    cluster: cluster ?? settings.mirrorCluster,
    limits: { ...settings.mirrorLimits, ...limits },
  }
}

/** The options of an object that is read and translated at once. */
export function mirrorOptions(report: Report, settings: Settings): MirrorOptions {
  return overriddenBy(readMirrorOverrides(report), settings)
}

/** Reads `shadowplane.io/…` annotations. An invalid one is reported, and the flag's value is used. */
export function readMirrorOverrides(report: Report): Readonly<MirrorOverrides> {
  const state: MirrorOverrides = { limits: {} }
  for (const [name, value] of Object.entries(report.manifest.annotations)) {
    if (!name.startsWith(prefix)) continue
    const problem = apply(state, name.slice(prefix.length), value)
    if (problem === undefined) continue
    report.reject('annotation/invalid', ['metadata', 'annotations', name], {
      message: `annotation ${name} is ${JSON.stringify(value)}, ${problem}`,
    })
  }
  return state
}

function apply(state: MirrorOverrides, name: string, value: string): string | undefined {
  const count = Object.hasOwn(countAnnotations, name) ? countAnnotations[name] : undefined
  if (name === 'shadow-host') {
    if (value !== 'suffix' && value !== 'keep') return 'must be suffix or keep'
    state.host = { kind: value }
  } else if (name === 'mirror-clusters') {
    if (value !== 'auto' && value !== 'shared' && value !== 'dedicated')
      return 'must be auto, shared or dedicated'
    state.cluster = value
  } else if (name === 'mirror-max-stream-duration') {
    const milliseconds = /^(\d+(?:\.\d+)?)s$/.exec(value)?.[1]
    if (milliseconds === undefined || Number(milliseconds) === 0) return 'must be seconds, as in 15s'
    state.limits = { ...state.limits, maxStreamDuration: Math.round(Number(milliseconds) * 1000) }
  } else if (name === 'mirror-max-body') {
    const maxBody = value === 'unlimited' ? value : parseByteSize(value)
    if (maxBody === undefined) return 'must be bytes, as in 65536, 64Ki or 1Mi, or unlimited'
    state.limits = { ...state.limits, maxBody }
  } else if (name === 'mirror-connection-buffer') {
    const connectionBuffer = parseByteSize(value)
    if (connectionBuffer === undefined) return 'must be bytes, as in 65536, 64Ki or 1Mi'
    state.limits = { ...state.limits, connectionBuffer }
  } else if (name === 'mirror-outlier-detection') {
    if (value !== 'on' && value !== 'off') return 'must be on or off'
    state.limits = { ...state.limits, outlierDetection: value }
  } else if (count !== undefined) {
    if (!/^[1-9]\d{0,8}$/.test(value)) return 'must be a whole number from 1'
    state.limits = { ...state.limits, [count]: Number(value) }
  } else {
    return (
      `no such annotation; there are ` + [...otherAnnotations, ...Object.keys(countAnnotations)].join(', ')
    )
  }
  return undefined
}
