import { z } from 'zod'
import { message } from '../../../manifest/message.ts'
import type { Millionths } from '../../../model/fraction.ts'
import type { Mirror, MirrorHost } from '../../../model/mirror.ts'
import { shortHash } from '../../../model/names.ts'
import type { MirrorOptions } from '../../reading/annotation.ts'
import { isGiven, oneLine } from '../../reading/constraint.ts'
import { mirroredShare } from '../../reading/percentage.ts'
import { rawValue } from '../../reading/report.ts'
import { reference, upstreamBackend } from '../reference.ts'
import type { Site } from '../reference.ts'

/** The value is read from its text, so this accepts NaN and infinity; a later check rejects them. */
export const anyNumber = z.preprocess(
  (value) => (typeof value === 'number' && !Number.isFinite(value) ? 0 : value),
  z.number(),
)

/** Gloo's RouteShadowing. */
export const shadowing = message({
  upstream: reference,
  percentage: anyNumber.optional(),
  disableShadowHostSuffixAppend: z.boolean().optional(),
  hostRewriteLiteral: oneLine.optional(),
})

export type Shadowing = z.infer<typeof shadowing>

export interface ShadowingSite extends Site {
  readonly options: MirrorOptions
  /**
   * Names of the Upstreams of the route; undefined if the routes are unknown. A hint never suggests one of
   * them, since the copies would go there too.
   */
  readonly primaries: readonly string[] | undefined
  /** Gives the mirror of a route its own runtime key. */
  readonly runtimeKey: (target: string) => string
}

/**
 * The mirror of `options.shadowing`; none if its percentage is 0, absent (which is 0 in Gloo) or rejected.
 */
export function mirrorOf(value: Shadowing, site: ShadowingSite): Mirror | undefined {
  const { path, options } = site
  const backend = upstreamBackend(
    value.upstream,
    { ...site, path: [...path, 'upstream'] },
    { area: 'mirror', primaries: site.primaries },
  )
  const runtimeKey = site.runtimeKey(shortHash(backend.host))
  const fraction = fractionOf(site)
  if (fraction === undefined || fraction === 0) return undefined
  return { ...options, backend, fraction, runtimeKey, host: hostOf(value, options), origin: backend.origin }
}

function fractionOf({ report, path }: ShadowingSite): Millionths | undefined {
  const at = [...path, 'percentage']
  if (rawValue(report.manifest, at) !== undefined) return mirroredShare(at, report)
  report.note('mirror/percentage-absent', path, {
    message: 'shadowing has no percentage, which Gloo takes for 0: nothing is mirrored',
    hint: 'write the percentage of the requests that are mirrored, or 0 for none',
  })
  return undefined
}

/**
 * The object takes precedence over the flags. If it does not mention the host, `-shadow` is appended unless a
 * flag or annotation changes that.
 */
function hostOf(
  { hostRewriteLiteral, disableShadowHostSuffixAppend }: Shadowing,
  { host }: MirrorOptions,
): MirrorHost {
  if (isGiven(hostRewriteLiteral)) return { kind: 'rewrite', value: hostRewriteLiteral }
  if (disableShadowHostSuffixAppend === undefined) return host
  return { kind: disableShadowHostSuffixAppend ? 'keep' : 'suffix' }
}
