/** A resource's name, and that of the resource that owns it (`Resource.owner`). */
export interface NamedResource {
  readonly name: string
  readonly owner?: string | undefined
}

/** Envoy may quote a whole refused message. */
const longestSearched = 32 * 1024

/**
 * True if a proxy's message names the resource, in full or without its owner's name (`reviews` of the virtual
 * host `80/reviews`). The name must be a word of its own: `0.0.0.0_80` is not in `0.0.0.0_8080`, nor
 * `reviews` in `reviews-v2` or `reviews.default`. Only the first 32 KiB are searched.
 */
export function mentions(message: string, { name, owner }: NamedResource): boolean {
  const short = owner !== undefined && name.startsWith(`${owner}/`) ? name.slice(owner.length + 1) : name
  const text = message.slice(0, longestSearched)
  for (let at = text.indexOf(short); at >= 0; at = text.indexOf(short, at + 1)) {
    if (
      !endsInName(text.slice(Math.max(at - 2, 0), at)) &&
      !beginsInName(text.slice(at + short.length, at + short.length + 2))
    )
      return true
  }
  return false
}

/** The two preceding characters: a name continues over a dot. */
function endsInName(before: string): boolean {
  return /[\w|-]$|[\w|-]\.$/.test(before)
}

/** The two characters behind: a dot that ends a sentence is no part of a name. */
function beginsInName(behind: string): boolean {
  return /^[\w|-]|^\.[\w|-]/.test(behind)
}
