import type { Intent } from '../intent.ts'
import { aFineShare } from './a-fine-share.ts'
import { aQuarter } from './a-quarter.ts'
import { anotherHost } from './another-host.ts'
import { anotherNamespace } from './another-namespace.ts'
import { byHeader } from './by-header.ts'
import { everyRequest } from './every-request.ts'
import { inTheMesh } from './in-the-mesh.ts'
import { keptHost } from './kept-host.ts'
import { nextVersion } from './next-version.ts'
import { noShare } from './no-share.ts'
import { nothing } from './nothing.ts'
import { nowhere } from './nowhere.ts'
import { outOfRange } from './out-of-range.ts'
import { outside } from './outside.ts'
import { overTls } from './over-tls.ts'
import { redirect } from './redirect.ts'
import { retries } from './retries.ts'
import { rewrittenPath } from './rewritten-path.ts'
import { timeout } from './timeout.ts'
import { twoMirrors } from './two-mirrors.ts'
import { weightedPrimaries } from './weighted-primaries.ts'

/** All intents, in the order of docs/features.md. */
export const intents: readonly Intent[] = [
  everyRequest,
  noShare,
  aQuarter,
  aFineShare,
  nothing,
  twoMirrors,
  nextVersion,
  anotherNamespace,
  outside,
  overTls,
  inTheMesh,
  byHeader,
  weightedPrimaries,
  rewrittenPath,
  keptHost,
  anotherHost,
  timeout,
  retries,
  redirect,
  nowhere,
  outOfRange,
]
