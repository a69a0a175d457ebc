import type { Origin } from '../diagnostics/diagnostic.ts'
import type { DownstreamTls } from './tls.ts'

/** One server of a Gateway: a port to listen on, for some hosts, on the proxies that the selector names. */
export interface GatewayListener {
  /**
   * The key that route tables attach to: `<namespace>/<name>`, or `<namespace>/<name>/<listener>` if they
   * choose among its listeners.
   */
  readonly gateway: string
  readonly namespace: string
  /** Proxies with all of these labels. */
  readonly selector: Readonly<Record<string, string>>
  /** Proxies of that namespace only; absent: of any. */
  readonly onlyIn?: string
  readonly port: number
  readonly portName: string
  /** Address to bind to; '' means the proxy's default. */
  readonly bind: string
  readonly serves: GatewayService
  /** `namespace` '*': route tables of any namespace may use the host. */
  readonly hosts: readonly { readonly namespace: string; readonly host: string }[]
  /** Position among the servers of its Gateway. */
  readonly index: number
  readonly created: string
  readonly origin: Origin
}

/**
 * HTTP, perhaps only to redirect it to HTTPS; HTTPS; or TLS that is passed through unopened, by server name.
 */
export type GatewayService =
  | { readonly kind: 'http'; readonly redirect: 'to-https' | 'none' }
  | { readonly kind: 'https'; readonly tls: DownstreamTls }
  | { readonly kind: 'passthrough' }
