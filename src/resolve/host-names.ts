// Lists of all known hosts. One list is made for each state, so that results about a list are shared.

type Entries = readonly (readonly [host: string, value: unknown])[]

const hosts = new WeakMap<Entries, readonly string[]>()
const labels = new WeakMap<readonly string[], readonly string[]>()

/** The keys of the collection of services by host. The same entries give the same list. */
export function hostNames(services: Entries): readonly string[] {
  const known = hosts.get(services) ?? services.map(([host]) => host)
  hosts.set(services, known)
  return known
}

/** The first label of each host. The same list gives the same labels. */
export function firstLabels(names: readonly string[]): readonly string[] {
  const known = labels.get(names) ?? names.map(firstLabel)
  labels.set(names, known)
  return known
}

export function firstLabel(host: string): string {
  return host.split('.', 1)[0] ?? host
}
