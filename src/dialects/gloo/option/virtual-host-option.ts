import { finding } from '../../../diagnostics/finding.ts'
import { decode } from '../../../manifest/decode.ts'
import { message } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { RouteSettings } from '../../../model/route-settings.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { inert } from '../inert.ts'
import { readVirtualHostOptions, virtualHostOptions } from './virtual-host-options.ts'

const spec = message({ options: virtualHostOptions.optional(), targetRefs: inert, namespacedStatuses: inert })

/** A gateway.solo.io VirtualHostOption, as far as VirtualServices name it. */
export function translateVirtualHostOption(manifest: Manifest, lookup: ObjectLookup): Translated {
  const report = reportOn(manifest)
  const { value, diagnostics, rejected } = decoded(manifest)
  settingsIn(report, value, lookup)
  noteUnsupported(report, { path: ['spec'], value }, ['targetRefs'])
  const unused = finding(
    'delegate/unused',
    { object: manifest.id, path: ['metadata', 'name'] },
    {
      message: 'no VirtualService names it, so it has no effect',
      hint: 'name it in virtualHost.optionsConfigRefs.delegateOptions',
    },
  )
  return translated({
    diagnostics: [...diagnostics, ...report.diagnostics],
    unlessDelegated: value?.targetRefs === undefined ? [unused] : [],
    rejected: rejected || report.rejected,
  })
}

/** The options for a VirtualService that names it; mistakes are reported when it is translated itself. */
export function readVirtualHostOption(manifest: Manifest, lookup: ObjectLookup): RouteSettings {
  return settingsIn(reportOn(manifest), decoded(manifest).value, lookup)
}

function decoded(manifest: Manifest) {
  return decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: ['options.*', 'options.headerManipulation.*.*'],
  })
}

function settingsIn(
  report: Report,
  value: ReturnType<typeof decoded>['value'],
  lookup: ObjectLookup,
): RouteSettings {
  return readVirtualHostOptions(value?.options ?? {}, { report, lookup, path: ['spec', 'options'] })
}
