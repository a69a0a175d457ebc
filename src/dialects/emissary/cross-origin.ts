import type { CorsPolicy } from '../../model/route.ts'
import type { MappingSpec } from './mapping-spec.ts'

type Cors = NonNullable<MappingSpec['cors']>

/** Emissary's CORS: every origin is exact, and `*` is any, as Envoy takes it. */
export function corsOf(declared: Cors | undefined): CorsPolicy | undefined {
  if (declared === undefined) return undefined
  return {
    origins: listOf(declared.origins).map((value) => ({ kind: 'exact', value })),
    methods: listOf(declared.methods),
    headers: listOf(declared.headers),
    exposedHeaders: listOf(declared.exposed_headers),
    maxAge: declared.max_age === undefined ? undefined : Number(declared.max_age),
    credentials: declared.credentials,
    unmatchedPreflights: 'forward',
  }
}

/** v2 separates the values by commas. */
function listOf(declared: Cors['origins']): readonly string[] {
  const values = declared === undefined ? [] : typeof declared === 'string' ? declared.split(',') : declared
  return values.map((each) => each.trim()).filter((each) => each !== '')
}
