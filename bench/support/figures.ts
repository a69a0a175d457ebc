/** Numbers as the tables show them. */

/** The upper one of two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which this share lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  return (
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
    Number.NaN
  )
}

/** Milliseconds. */
export function ms(value: number): string {
  if (Number.isNaN(value)) return 'never'
  if (value < 20) return `${value.toFixed(1)} ms`
  return value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`
}

export function bytes(value: number): string {
  return value < 1e6 ? `${(value / 1e3).toFixed(1)} KB` : `${(value / 1e6).toFixed(1)} MB`
}

/** Bytes of memory. */
export function mib(value: number): string {
  return `${(value / 2 ** 20).toFixed(0)} MiB`
}

/** `RouteConfiguration` of `type.googleapis.com/envoy.config.route.v3.RouteConfiguration`. */
export function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1)
}
