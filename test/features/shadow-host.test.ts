import { describe, expect, test } from 'vitest'
import type { Settings } from '../../src/model/settings.ts'
import type { EnvoyDouble } from '../support/envoy-double.ts'
import { gatewayProxy, routes, serve } from '../support/serving.ts'
import { inEachDialect, onlyInIstio } from './dialect.ts'
import { istioGateway, istioRoute, services } from './ground.ts'

describe('the Host of the copy ends in -shadow, or is kept', () => {
  const kept = (proxy: EnvoyDouble) =>
    routes(proxy)[0]?.route?.request_mirror_policies?.map(
      (policy) => policy.disable_shadow_host_suffix_append,
    )
  inEachDialect(
    {
      istio: (annotations: string) =>
        `${istioGateway}---\n${istioRoute('mirror: {host: shadow}', { annotations })}`,
      ...onlyInIstio('the intents "kept host" and "another host" have it in each dialect that can say it'),
    },
    (written) => {
      const flag: Partial<Settings> = { mirrorHost: { kind: 'keep' } }
      test.each([
        ['by default it has the suffix', ['{}', {}], undefined],
        ['an annotation keeps it', ['{shadowplane.io/shadow-host: keep}', {}], true],
        ['a flag keeps it', ['{}', flag], true],
        ['the annotation counts before the flag', ['{shadowplane.io/shadow-host: suffix}', flag], undefined],
      ] as const)('%s', async (_, [annotations, settings], expected) => {
        const serving = await serve(
          { 'services.yaml': services, 'route.yaml': written(annotations) },
          settings,
        )
        expect(kept(await serving.proxy(gatewayProxy))).toEqual([expected])
      })
    },
  )
})
