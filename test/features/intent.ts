import type { Code } from '../../src/diagnostics/codes.ts'
import type { Header } from '../../src/simulate/request.ts'
import type { DialectName, Unsayable } from './dialect.ts'

/**
 * One thing that people want of mirroring, in the words of each dialect: what is written differs, what a
 * proxy does is the same.
 */
export interface Intent {
  /** In one line, as its row of docs/features.md. */
  readonly wants: string
  /** The proxies that serve it. */
  readonly on: 'a gateway' | 'a sidecar'
  readonly asks: readonly Ask[]
  readonly written: Readonly<Record<DialectName, Rendered | Unsayable>>
}

/** A request for production, and what a proxy must do with it. */
export interface Ask {
  /** Default: `/`. */
  readonly path?: string
  readonly headers?: readonly Header[]
  readonly sees: VisibleModel
}

/** A proxy's treatment of a request; absent parts are not compared. */
export interface VisibleModel {
  /** Workloads with their shares in percent, or what the proxy answers by itself. */
  readonly primary: readonly string[]
  readonly copies: readonly Copy[]
  /** Protobuf JSON. */
  readonly timeout?: string
  /** Retries after the first try. */
  readonly retries?: number
}

export interface Copy {
  /** The workload. */
  readonly to: string
  readonly millionths: number
  readonly host: string
  readonly path: string
}

/** The words of one dialect, in addition to the common objects. */
export interface Rendered {
  readonly yaml: string
  /** Reported errors and warnings, sorted; none if absent. */
  readonly says?: readonly Code[]
  /** Where the dialect's own rules make something else of the same intent: what, and why. */
  readonly different?: { readonly asks: readonly Ask[]; readonly because: string }
}

/** A copy of every request for `shop.example/`, with the given changes. */
export function copyTo(to: string, rest: Partial<Copy> = {}): Copy {
  return { to, millionths: 1_000_000, host: 'shop.example-shadow', path: '/', ...rest }
}

/** All requests go to `shop`, and these copies are made. */
export function shopWith(...copies: readonly Copy[]): VisibleModel {
  return { primary: ['shop'], copies }
}
