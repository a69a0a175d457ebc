import type { ObjectId, Origin } from '../diagnostics/diagnostic.ts'
import type { BackendReference } from './backend.ts'
import type { Visibility } from './visibility.ts'

/** A Secret as an object names it. Which namespace it is in depends on the proxy, unless it is said. */
export interface SecretReference {
  readonly namespace: string | undefined
  readonly name: string
  /** Its namespace lets the object use it, wherever the proxies are; the dialect has seen to that. */
  readonly permitted?: true
  readonly origin: Origin
}

/** Where a certificate and its private key come from: a Secret, or files that the proxy has. */
export type CertificateSource =
  | { readonly kind: 'secret'; readonly secret: SecretReference }
  | { readonly kind: 'files'; readonly certificate: string; readonly privateKey: string }

/**
 * Which authorities are trusted: those of a Secret, of a file that the proxy has, or those of the proxy's
 * system.
 */
export type TrustSource =
  | { readonly kind: 'secret'; readonly secret: SecretReference }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'system' }

/** What the other side's certificate must be. */
export interface PeerVerification {
  readonly trust: TrustSource
  /** One of these; none: whatever name it carries. */
  readonly subjectAltNames: readonly string[]
  /**
   * Base64 SHA-256 of its public key, hexadecimal SHA-256 of itself: one of all that are listed, where any
   * is.
   */
  readonly publicKeyHashes: readonly string[]
  readonly certificateHashes: readonly string[]
}

/** TLS to a backend. */
export interface UpstreamTls {
  /** What the proxy shows of itself; undefined: nothing. */
  readonly certificate: CertificateSource | undefined
  readonly verification: PeerVerification | 'none'
  /**
   * Undefined: the Host of each request, to which the certificate must belong, too, if no names are listed.
   */
  readonly sni: string | undefined
  /** `gateways`: the material is there for gateways only, and sidecars connect without TLS. */
  readonly appliesTo: 'all' | 'gateways'
}

/** TLS that the clients of a backend must use: where they cannot, nothing is sent. */
export interface BackendTls {
  readonly host: string
  /**
   * The object that the host is of, where others may define that host, too; undefined: whatever defines it.
   */
  readonly target?: ObjectId
  /** Name of the port that it is for; undefined: of all. */
  readonly portName: string | undefined
  /** Undefined where the policy cannot be followed. */
  readonly tls: UpstreamTls | undefined
  /**
   * Where the policy cannot be followed, requests go out over the TLS that the backend's own settings ask
   * for, if they do.
   */
  readonly satisfiedBy?: 'own-tls'
  readonly created: string
  readonly origin: Origin
}

export type TlsVersion = '1.0' | '1.1' | '1.2' | '1.3'

/** TLS of clients, ended at the listener. */
export interface DownstreamTls {
  /** At most one of each kind of key. */
  readonly certificates: readonly CertificateSource[]
  /** Undefined: clients are not asked for certificates. */
  readonly clients:
    | { readonly certificate: 'required' | 'optional'; readonly verification: PeerVerification | 'none' }
    | undefined
  readonly minimumVersion: TlsVersion | undefined
  readonly maximumVersion: TlsVersion | undefined
  /** Envoy's names; none: Envoy's defaults. */
  readonly cipherSuites: readonly string[]
  readonly curves: readonly string[]
}

/**
 * What a Secret holds for TLS, in PEM. It is checked: the key belongs to the certificate. It must never be
 * shown.
 */
export interface TlsSecret {
  readonly namespace: string
  readonly name: string
  readonly certificate: { readonly chain: string; readonly privateKey: string } | undefined
  readonly trust: string | undefined
  readonly validity: readonly CertificateValidity[]
  readonly origin: Origin
}

/** When a certificate counts; milliseconds since the epoch. */
export interface CertificateValidity {
  readonly notBefore: number
  readonly notAfter: number
  readonly origin: Origin
}

/** Routes for TLS that is passed through unopened: what the `tls` rules of one object become. */
export interface TlsRouteTable {
  readonly namespace: string
  readonly name: string
  readonly attachedTo: readonly string[]
  readonly visibility: Visibility
  /** Tables are taken in the order of this key. */
  readonly order: string
  readonly routes: readonly TlsRoute[]
}

/** Where connections for some server names go. */
export interface TlsRoute {
  /** Lower case; may begin with `*.`, or be `*`. */
  readonly serverNames: readonly { readonly name: string; readonly origin: Origin }[]
  /** Of the listener; undefined: any. */
  readonly port: number | undefined
  /** Gateways that it is for; undefined: all that the table is attached to. */
  readonly attachedTo: readonly string[] | undefined
  readonly destinations: readonly { readonly backend: BackendReference; readonly weight: number }[]
  readonly origin: Origin
}
