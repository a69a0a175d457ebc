import type { Bootstrap } from '../../src/envoy/bootstrap.ts'
import { validateEnvoyConfig } from '../../src/envoy/process.ts'

/**
 * Envoy's error for each configuration; undefined if it accepts it. Starting Envoy takes longer than
 * checking, so it gets many configurations as one; if it rejects that, halves of them, down to single ones.
 */
export async function judgedTogether(
  binary: string,
  configs: readonly Bootstrap[],
): Promise<readonly (string | undefined)[]> {
  const [only, ...more] = configs
  if (only === undefined) return []
  const refusal = await validateEnvoyConfig(binary, more.length === 0 ? only : merged(configs))
  if (refusal === undefined || more.length === 0) return configs.map(() => refusal)
  const half = Math.ceil(configs.length / 2)
  return [
    ...(await judgedTogether(binary, configs.slice(0, half))),
    ...(await judgedTogether(binary, configs.slice(half))),
  ]
}

/** One configuration with the resources of all, each with names and addresses of its own. */
function merged(configs: readonly Bootstrap[]): Bootstrap {
  const all = configs.map((config, index) => apart(config.static_resources ?? {}, index))
  return {
    ...configs[0],
    static_resources: {
      listeners: all.flatMap(({ listeners = [] }) => listeners),
      clusters: all.flatMap(({ clusters = [] }) => clusters),
      secrets: all.flatMap(({ secrets = [] }) => secrets),
    },
  }
}

type StaticResources = NonNullable<Bootstrap['static_resources']>

/** Fields that hold the name of a cluster, a secret or a listener, or refer to one. */
const nameFields: ReadonlySet<string> = new Set(['name', 'cluster', 'cluster_name'])

function apart(resources: StaticResources, index: number): StaticResources {
  const { listeners = [], clusters = [], secrets = [] } = resources
  const names = new Set([...listeners, ...clusters, ...secrets].map(({ name }) => name))
  const addresses = new Map<unknown, string>()
  const addressFor = (address: unknown): string => {
    const known = addresses.get(address) ?? `127.${index >> 8}.${index & 255}.${addresses.size + 1}`
    addresses.set(address, known)
    return known
  }
  const renamed = JSON.parse(JSON.stringify(resources), (field, value: unknown) =>
    nameFields.has(field) && typeof value === 'string' && names.has(value) ? `${index}/${value}` : value,
  ) as StaticResources
  return {
    ...renamed,
    listeners: (renamed.listeners ?? []).map(
      (listener) =>
        JSON.parse(JSON.stringify(listener), (field, value: unknown) =>
          field === 'socket_address' && typeof value === 'object' && value !== null && 'address' in value
            ? { ...value, address: addressFor(value.address) }
            : value,
        ) as typeof listener,
    ),
  }
}
