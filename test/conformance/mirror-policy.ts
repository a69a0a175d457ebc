import type { Route } from '../support/configuration.ts'

/** A RequestMirrorPolicy as the peers' cases write it. */
export interface Policy {
  readonly cluster?: string
  readonly runtime_fraction?: {
    readonly default_value?: { readonly numerator?: number; readonly denominator?: string }
  }
  readonly disable_shadow_host_suffix_append?: boolean
  readonly host_rewrite_literal?: string
}

/** The policies of a route without what ours always have: a runtime key, and no sampling of their own. */
export function policiesIn({ route }: Route): readonly Policy[] {
  return (route?.request_mirror_policies ?? []).map(
    ({
      cluster = '',
      runtime_fraction: fraction,
      disable_shadow_host_suffix_append: keeps,
      host_rewrite_literal: host,
    }): Policy => ({
      cluster,
      ...(fraction?.default_value === undefined
        ? {}
        : {
            runtime_fraction: {
              default_value: {
                numerator: fraction.default_value.numerator ?? 0,
                denominator: fraction.default_value.denominator ?? 'HUNDRED',
              },
            },
          }),
      ...(keeps === true ? { disable_shadow_host_suffix_append: true } : {}),
      ...(host === undefined || host === '' ? {} : { host_rewrite_literal: host }),
    }),
  )
}

/** The name of a case as the tables of differences write it. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
