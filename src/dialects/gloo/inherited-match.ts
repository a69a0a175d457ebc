import { finding } from '../../diagnostics/finding.ts'
import type { Diagnostic, FieldPath } from '../../diagnostics/diagnostic.ts'
import type { Match } from '../../model/route.ts'
import type { DeclaredRoute } from './route.ts'
import type { RoutesContext } from './routes.ts'

/** The match of a route that delegates, and the parts that the delegated routes inherit. */
export interface ParentMatch {
  readonly match: Match
  /** Headers, query parameters and methods. */
  readonly inheritable: boolean
  /** The path, in place of their own. */
  readonly inheritablePath: boolean
}

interface Placed {
  readonly match: Match
  /**
   * Whether the object says it; a route of a RouteTable that says nothing has the match of what delegates to
   * it.
   */
  readonly isWritten: boolean
  readonly path: FieldPath
}

interface Child {
  readonly declared: Pick<DeclaredRoute, 'inheritableMatchers' | 'inheritablePathMatchers' | 'delegateAction'>
  readonly context: Pick<RoutesContext, 'report' | 'parent'>
}

interface ChildMatches {
  readonly matches: readonly Placed[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Matches combined with those of the delegating route. A match outside of it is left out, with a diagnostic;
 * Gloo rejects the VirtualService for it.
 */
export function childMatches(matches: readonly Placed[], { declared, context }: Child): ChildMatches {
  const { report, parent } = context
  const object = report.manifest.id
  const diagnostics: Diagnostic[] = []
  const kept = matches.flatMap((each): readonly Placed[] => {
    if (declared.delegateAction !== undefined && each.match.path.kind !== 'prefix') {
      diagnostics.push(
        finding(
          'delegate/conflicting-match',
          { object, path: each.path },
          {
            message: 'a route that delegates must match a prefix: it has no effect',
            hint: 'write prefix',
          },
        ),
      )
      return []
    }
    if (parent === undefined) return [each]
    const { match, inheritable, inheritablePath } = parent.match
    const path =
      !each.isWritten || (declared.inheritablePathMatchers ?? inheritablePath) ? match.path : each.match.path
    if (!isBelow(path, match)) {
      diagnostics.push(
        finding(
          'delegate/conflicting-match',
          { object, path: each.path },
          {
            message:
              `path ${path.value} is outside ${match.path.value}, which is all that is delegated ` +
              `to it: it has no effect there`,
            hint: `begin it with ${match.path.value}`,
          },
        ),
      )
      return []
    }
    if (!(declared.inheritableMatchers ?? inheritable)) return [{ ...each, match: { ...each.match, path } }]
    const headers = [...each.match.headers, ...match.headers]
    return [
      {
        ...each,
        match: {
          ...each.match,
          path,
          headers,
          queryParameters: [...each.match.queryParameters, ...match.queryParameters],
        },
      },
    ]
  })
  return { matches: kept, diagnostics }
}

/** This cannot be decided for a regular expression; Gloo requires its beginning as text. */
function isBelow(path: Match['path'], { path: prefix }: Match): boolean {
  return path.value.startsWith(prefix.value)
}
