import type { FieldPath } from '../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import { millionthsOfPercentage, percentageOf } from '../../model/fraction.ts'
import type { Millionths } from '../../model/fraction.ts'
import { writtenPercentage } from '../reading/percentage.ts'
import { pathsTo, shadowHostOf } from '../portability.ts'
import type { Divergence, DivergentField } from '../portability.ts'

/** Differences from istiod. */
export const divergences: readonly Divergence[] = [
  {
    code: 'portability/percentage',
    controller: 'istiod',
    does:
      'cuts a percentage to whole millionths in binary floating point, where shadowplane rounds its ' +
      'decimal text: 0.57 becomes 0.5699',
    source: 'istio/istio pilot/pkg/networking/core/route, its own output for mirrorPercentage 0.57',
    find: (manifest) =>
      ['spec.http.*.mirrorPercentage.value', 'spec.http.*.mirrors.*.percentage.value']
        .flatMap((pattern) => pathsTo(manifest.object, pattern))
        .flatMap((path) => truncated(manifest, path)),
  },
  {
    code: 'portability/shadow-host',
    controller: 'istiod 1.28 and later',
    does: 'does not append -shadow to the Host of copies (DISABLE_SHADOW_HOST_SUFFIX is true by default)',
    source: 'istio/istio pilot/pkg/features, DISABLE_SHADOW_HOST_SUFFIX',
    find: (manifest, around) =>
      shadowHostOf(manifest, around) !== 'suffix'
        ? []
        : ['spec.http.*.mirror', 'spec.http.*.mirrors']
            .flatMap((pattern) => pathsTo(manifest.object, pattern))
            .slice(0, 1)
            .map((path) => ({
              path,
              message: 'keeps the Host of the request on copies, here -shadow is appended',
              hint: 'write the annotation shadowplane.io/shadow-host: keep for the same here',
            })),
  },
]

function truncated(manifest: Manifest, path: FieldPath): readonly DivergentField[] {
  const written = writtenPercentage(manifest, path)
  const exact = written === undefined ? undefined : millionthsOfPercentage(written.text)?.millionths
  if (written === undefined || exact === undefined) return []
  const theirs = Math.trunc(written.value * 10_000) as Millionths
  return theirs === exact
    ? []
    : [
        {
          path: written.path,
          message: `mirrors ${percentageOf(theirs)} % of the requests, not ${percentageOf(exact)} %`,
        },
      ]
}
