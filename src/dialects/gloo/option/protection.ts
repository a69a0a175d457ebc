import { valueAt } from '../../../manifest/issue.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { objectAt, specOf, targetsOf } from '../../reading/attached-policy.ts'
import { translated } from '../../dialect.ts'
import type { GroupKind, ObjectLookup, Translated } from '../../dialect.ts'
import { noteUnsupported } from '../../reading/report.ts'
import type { DecodedAt, Report } from '../../reading/report.ts'
import { unclaimedKind } from '../../reading/unclaimed.ts'
import { gatewayGroup } from '../kinds.ts'

/** Options that decide who may send a request at all. */
const protections: readonly string[] = [
  'csrf',
  'extauth',
  'jwt',
  'jwtProvidersStaged',
  'jwtStaged',
  'rbac',
  'waf',
]

/**
 * Reports each present option among `options` as unsupported. For an option that protects a route this is an
 * error, because the route is open.
 */
export function noteUnsupportedOptions(report: Report, at: DecodedAt, options: readonly string[]): void {
  noteUnsupported(
    report,
    at,
    options.filter((option) => !protections.includes(option)),
  )
  for (const option of options) {
    if (!protections.includes(option) || at.value?.[option] === undefined) continue
    report.note('route/unprotected', [...at.path, option], {
      message: `${option} is not supported: requests pass without it`,
      hint: 'restrict access to these proxies in another way, or serve them by Gloo',
    })
  }
}

/** Kinds that can keep requests out. Nothing here acts on them. */
export const protectionKinds: readonly GroupKind[] = [
  { group: 'enterprise.gloo.solo.io', versions: ['v1'], kind: 'AuthConfig' },
  ...['HttpListenerOption', 'ListenerOption'].map((kind) => ({
    group: gatewayGroup,
    versions: ['v1'],
    kind,
  })),
]

const listenerProtections = [...protections, 'extProc', 'extProcEarly', 'extProcLate', 'wasm']

/** The protection of the object. An AuthConfig does not name the routes that refer to it. */
export function translateProtection(manifest: Manifest, { isClaimed }: ObjectLookup): Translated {
  const { id } = manifest
  if (id.kind === 'AuthConfig') {
    return translated({
      protections: [
        {
          missing: 'AuthConfig is not supported',
          targets: [{ kind: 'everything' }],
          origin: { object: id, path: ['kind'] },
        },
      ],
    })
  }
  const options = Object.keys(objectAt(specOf(manifest), 'options')).filter(
    (option) => listenerProtections.includes(option) && isGiven(manifest, option),
  )
  if (options.length === 0) return translated({ diagnostics: [unclaimedKind(manifest)] })
  const targets = targetsOf(manifest, isClaimed)
  return translated({
    protections: options.map((option) => ({
      missing: `${option} is not supported`,
      targets: targets.length === 0 ? [{ kind: 'everything' }] : targets,
      origin: { object: id, path: ['spec', 'options', option], part: 'key' },
    })),
  })
}

function isGiven({ object }: Manifest, option: string): boolean {
  const value = valueAt(object, ['spec', 'options', option])
  return value !== undefined && value !== null
}
