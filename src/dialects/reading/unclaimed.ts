import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import { finding } from '../../diagnostics/finding.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { GroupKind } from '../dialect.ts'

/** The note on an object that nothing here acts on. */
export function unclaimedKind({ id, apiVersion }: Manifest): Diagnostic {
  return finding(
    'manifest/unclaimed-kind',
    { object: id, path: ['kind'] },
    { message: `nothing here reads ${apiVersion} ${id.kind}` },
  )
}

/**
 * The mistake in the kind or version of an object that no dialect reads; undefined for a kind that resembles
 * none of `kinds`.
 */
export function unreadKind(manifest: Manifest, kinds: readonly GroupKind[]): Diagnostic | undefined {
  const { id, apiVersion } = manifest
  const same = kinds.filter(({ group, kind }) => group === id.group && kind === id.kind)
  const [known] = same
  if (known !== undefined) {
    return finding(
      'manifest/unknown-version',
      { object: id, path: ['apiVersion'] },
      {
        message: `${apiVersion} is not read, so the object has no effect`,
        hint:
          `write apiVersion: ` +
          same.flatMap((each) => each.versions.map((version) => versionOf(each, version))).join(' or '),
      },
    )
  }
  const meant = meantKind(manifest, kinds)
  if (meant === undefined) return undefined
  const renamed = meant.kind === id.kind ? '' : `kind: ${meant.kind}`
  const moved = meant.group === id.group ? '' : `apiVersion: ${versionOf(meant, meant.versions[0] ?? '')}`
  return finding(
    'manifest/unknown-kind',
    { object: id, path: [renamed === '' ? 'apiVersion' : 'kind'] },
    {
      message:
        `there is no kind ${id.kind} in ` +
        `${id.group === '' ? `apiVersion ${apiVersion}` : id.group}, so the object has no effect`,
      hint: `did you mean ${[moved, renamed].filter((each) => each !== '').join(', ')}?`,
    },
  )
}

function versionOf({ group }: GroupKind, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** Names that differ by more are names of something else: TCPRoute is no misspelling of GRPCRoute. */
const mostEdits = 2

/** The intended kind: in the same group, in a misspelt one, or in none if the group was forgotten. */
function meantKind({ id, apiVersion }: Manifest, kinds: readonly GroupKind[]): GroupKind | undefined {
  const groups = [...new Set(kinds.map(({ group }) => group))].filter((group) => group !== '')
  const group =
    groups.includes(id.group) || id.group === '' ? id.group : didYouMean(id.group, groups, mostEdits)
  const own = kinds.filter((each) => each.group === group)
  const spelled = didYouMean(
    id.kind,
    own.map(({ kind }) => kind),
    mostEdits,
  )
  const found =
    own.find(({ formerly }) => formerly?.includes(id.kind) === true) ??
    own.find(({ kind }) => kind === spelled)
  if (found !== undefined || id.group !== '') return found
  const [only, ...more] = kinds.filter(({ kind }) => kind === id.kind)
  return more.length === 0 || only?.group === apiVersion
    ? only
    : kinds.find(({ kind, group: of }) => kind === id.kind && of === apiVersion)
}
