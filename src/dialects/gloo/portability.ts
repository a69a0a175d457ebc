import { millionthsOfPercentage, percentageOf } from '../../model/fraction.ts'
import type { Millionths } from '../../model/fraction.ts'
import { writtenPercentage } from '../reading/percentage.ts'
import { pathsTo } from '../portability.ts'
import type { Divergence } from '../portability.ts'

/** Differences from Gloo. */
export const divergences: readonly Divergence[] = [
  {
    code: 'portability/percentage',
    controller: 'Gloo',
    does:
      'cuts a percentage to whole millionths in single precision, where shadowplane rounds its ' +
      'decimal text: 0.39 becomes 0.3899',
    source: 'solo-io/gloo projects/gloo/pkg/plugins/internal/common/conversions.go, ToEnvoyPercentage',
    find: (manifest) =>
      [
        'spec.options.shadowing.percentage',
        'spec.virtualHost.routes.*.options.shadowing.percentage',
        'spec.routes.*.options.shadowing.percentage',
        'spec.virtualHost.options.shadowing.percentage',
      ]
        .flatMap((pattern) => pathsTo(manifest.object, pattern))
        .flatMap((path) => {
          const written = writtenPercentage(manifest, path)
          const exact = written === undefined ? undefined : millionthsOfPercentage(written.text)?.millionths
          if (written === undefined || exact === undefined) return []
          const theirs = Math.trunc(Math.fround(Math.fround(written.value) * 10_000)) as Millionths
          return theirs === exact
            ? []
            : [
                {
                  path: written.path,
                  message: `mirrors ${percentageOf(theirs)} % of the requests, not ${percentageOf(exact)} %`,
                },
              ]
        }),
  },
]
