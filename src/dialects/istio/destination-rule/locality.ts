import { z } from 'zod'
import { message, parts } from '../../../manifest/message.ts'
import type { Comparison, LocalityBalancing } from '../../../model/locality.ts'

/** `region`, `region/zone`, `region/zone/subzone`; `*` matches any part. */
const locality = z.string().regex(/^([^/*]+|\*)(\/([^/*]+|\*)){0,2}$/, {
  message: 'must be region, region/zone or region/zone/subzone, where * means any',
})

const share = z.number().int().min(1).max(100)

const distribute = message({
  from: locality,
  to: z
    .record(z.string(), share)
    .refine((shares) => Object.values(shares).reduce((sum, each) => sum + each, 0) === 100, {
      message: 'has shares that do not add up to 100',
    }),
})

const region = z.string().regex(/^[^/*]+$/, { message: 'must be a region, without a zone' })

const failover = message({ from: region, to: region }).refine(({ from, to }) => from !== to, {
  path: ['to'],
  message: 'is the region that fails itself',
})

/** Istio's LocalityLoadBalancerSetting. */
export const localitySetting = message({
  distribute: parts(distribute).optional(),
  failover: parts(failover).optional(),
  failoverPriority: z.array(z.string().min(1)).optional(),
  enabled: z.boolean().optional(),
}).refine(
  ({ distribute: shares, failover: regions, failoverPriority }) =>
    (shares ?? []).length === 0 || (regions ?? []).length + (failoverPriority ?? []).length === 0,
  {
    path: ['distribute'],
    message: 'excludes failover and failoverPriority',
  },
)

/** Undefined if it is turned off. */
export function localityBalancing({
  enabled,
  distribute: shares,
  failover: regions,
  failoverPriority,
}: z.infer<typeof localitySetting>): LocalityBalancing | undefined {
  if (enabled === false) return undefined
  return {
    distribute: (shares ?? []).flatMap((each) =>
      each === undefined ? [] : [{ from: each.from, shares: each.to }],
    ),
    failover: (regions ?? []).flatMap((each) => (each === undefined ? [] : [each])),
    comparisons: (failoverPriority ?? []).map(comparison),
  }
}

/** The labels that Kubernetes and Istio write a locality in. */
const localityParts: Readonly<Record<string, Comparison['part']>> = {
  'topology.kubernetes.io/region': 0,
  'topology.kubernetes.io/zone': 1,
  'topology.istio.io/subzone': 2,
}

/** `label`, or `label=value`. The network has its special meaning only at the head of the list. */
function comparison(text: string, index: number): Comparison {
  const [label = '', value] = text.split('=')
  return {
    label,
    value,
    part: localityParts[label],
    isNetwork: index === 0 && label === 'topology.istio.io/network',
  }
}
