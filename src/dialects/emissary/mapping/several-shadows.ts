import type { Manifest } from '../../../manifest/manifest.ts'
import type { Settings } from '../../../model/settings.ts'
import { mirrorOptions } from '../../reading/annotation.ts'
import type { MirrorOptions } from '../../reading/annotation.ts'
import { reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'

/** On a shadow that is not the first of its group: it mirrors nevertheless. */
const severalShadows = 'shadowplane.io/several-shadows'
const shadowHost = 'shadowplane.io/shadow-host'

export function takesSeveralShadows({ annotations }: Manifest): boolean {
  return annotations[severalShadows] === 'true'
}

/**
 * The options of a shadow's copies. It has its own cluster already, and the copy's Host always ends in
 * `-shadow`, because Emissary cannot turn that off.
 */
export function shadowOptions(report: Report, settings: Settings): MirrorOptions {
  const { manifest } = report
  const several = manifest.annotations[severalShadows]
  if (several !== undefined && several !== 'true' && several !== 'false') {
    report.reject('annotation/invalid', ['metadata', 'annotations', severalShadows], {
      message: `annotation ${severalShadows} is ${JSON.stringify(several)}, must be "true" or "false"`,
    })
  }
  if (manifest.annotations[shadowHost] === 'keep') {
    report.reject('annotation/invalid', ['metadata', 'annotations', shadowHost], {
      message:
        `annotation ${shadowHost} is "keep", must be "suffix" on a Mapping: Emissary always ` +
        `appends -shadow`,
    })
  }
  const others = Object.entries(manifest.annotations).filter(([name]) => name !== severalShadows)
  const rest = reportOn({ ...manifest, annotations: Object.fromEntries(others) })
  const { limits } = mirrorOptions(rest, settings)
  for (const { code, origin, message, hint } of rest.diagnostics)
    report.reject(code, origin?.path ?? [], { message: message.slice(message.indexOf(': ') + 2), hint })
  return { limits, cluster: 'shared', host: { kind: 'suffix' } }
}
