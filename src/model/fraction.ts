/** Parts per million, 0 to 1 000 000: what Envoy's runtime_fraction carries with denominator MILLION. */
export type Millionths = number & { readonly brand: unique symbol }

export const everyRequest = 1_000_000 as Millionths
