/**
 * Splits `host:port` as Envoy does: at the last colon that is not inside the brackets of an IPv6 address. The
 * port keeps its colon.
 */
export function splitPort(authority: string): { readonly host: string; readonly port: string } {
  const colon = authority.lastIndexOf(':')
  if (colon < 0 || authority.lastIndexOf(']') > colon) return { host: authority, port: '' }
  return { host: authority.slice(0, colon), port: authority.slice(colon) }
}

/** The Host of a copy, unless the mirror policy says another: `reviews:80` becomes `reviews-shadow:80`. */
export function shadowAuthority(authority: string): string {
  const { host, port } = splitPort(authority)
  return `${host}-shadow${port}`
}
