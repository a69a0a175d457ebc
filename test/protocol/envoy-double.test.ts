import { expect, onTestFinished, test } from 'vitest'
import { EnvoyDouble } from '../support/envoy-double.ts'
import { cluster, endpoints, layer, listener, route } from '../support/xds-resources.ts'
import { modes, world } from './world.ts'

test.each(modes)('%s: a client that behaves like an Envoy follows every change', async (mode) => {
  const { address, set } = await world(
    cluster('a'),
    endpoints('a'),
    listener('l', 'r'),
    route('r', ['a']),
    layer('shadowplane'),
  )
  const envoy = new EnvoyDouble(address, { mode, runtimeLayer: 'shadowplane' })
  onTestFinished(() => envoy.close())
  await envoy.until(
    'everything',
    (it) =>
      it.held('route').has('r') &&
      it.held('endpoint').has('a-endpoints') &&
      it.held('runtime').has('shadowplane'),
  )
  set(cluster('b'), endpoints('b'), listener('l', 'r'), route('r', ['b']), layer('shadowplane'))
  await envoy.until(
    'only b',
    (it) =>
      !it.held('cluster').has('a') &&
      it.held('endpoint').has('b-endpoints') &&
      !it.held('endpoint').has('a-endpoints'),
  )
  const order = envoy.responses.map(({ type, names, removed }) => `${type}:${names.join()}-${removed.join()}`)
  const swap =
    mode === 'sotw' ? ['cluster:a,b-', 'route:r-', 'cluster:b-'] : ['cluster:b-', 'route:r-', 'cluster:-a']
  expect(order.filter((line) => swap.includes(line)).slice(-3)).toEqual(swap)
  set(cluster('b'), endpoints('b'))
  await envoy.until('no listener', (it) => it.held('listener').size === 0 && it.held('route').size === 0)
})
