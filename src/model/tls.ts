import type { ObjectId, Origin } from '../diagnostics/diagnostic.ts'
import type { BackendReference } from './backend.ts'
import type { Visibility } from './visibility.ts'

/** A reference to a Secret. If it has no namespace, the proxy's decides. */
export interface SecretReference {
  readonly namespace: string | undefined
  readonly name: string
  /** Its namespace lets the object use it, wherever the proxies are; the dialect has seen to that. */
  readonly permitted?: true
  readonly origin: Origin
}

/** The source of a certificate and its private key: a Secret, or files that the proxy has. */
export type CertificateSource =
  | { readonly kind: 'secret'; readonly secret: SecretReference }
  | { readonly kind: 'files'; readonly certificate: string; readonly privateKey: string }

/** The trusted authorities: from a Secret, from a file that the proxy has, or from the proxy's system. */
export type TrustSource =
  | { readonly kind: 'secret'; readonly secret: SecretReference }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'system' }

/** The requirements for the peer's certificate. */
export interface PeerVerification {
  readonly trust: TrustSource
  /** The certificate must have one of these names; empty: any name. */
  readonly subjectAltNames: readonly string[]
  /**
   * Base64 SHA-256 of the public key, hexadecimal SHA-256 of the certificate. If any is listed, one must
   * match.
   */
  readonly publicKeyHashes: readonly string[]
  readonly certificateHashes: readonly string[]
}

/** TLS to a backend. */
export interface UpstreamTls {
  /** The proxy's own certificate; undefined: none. */
  readonly certificate: CertificateSource | undefined
  readonly verification: PeerVerification | 'none'
  /**
   * Undefined: the Host of each request, to which the certificate must belong, too, if no names are listed.
   */
  readonly sni: string | undefined
  /** `gateways`: the material is there for gateways only, and sidecars connect without TLS. */
  readonly appliesTo: 'all' | 'gateways'
}

/** TLS that the clients of a backend must use. A client that cannot sends nothing. */
export interface BackendTls {
  readonly host: string
  /** The object that the host must belong to, if other objects may define the host too; undefined: any. */
  readonly target?: ObjectId
  /** Name of the port that it is for; undefined: of all. */
  readonly portName: string | undefined
  /** Undefined if the policy cannot be followed. */
  readonly tls: UpstreamTls | undefined
  /**
   * If the policy cannot be followed, requests use the TLS of the backend's own settings, if there is any.
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
  /** Undefined: clients need no certificate. */
  readonly clients:
    | { readonly certificate: 'required' | 'optional'; readonly verification: PeerVerification | 'none' }
    | undefined
  readonly minimumVersion: TlsVersion | undefined
  readonly maximumVersion: TlsVersion | undefined
  /** Envoy's names; empty: Envoy's defaults. */
  readonly cipherSuites: readonly string[]
  readonly curves: readonly string[]
}

/**
 * The TLS content of a Secret, in PEM. The key is checked to belong to the certificate. It must never be
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

/** The validity of a certificate; milliseconds since the epoch. */
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

/** The destinations of connections for some server names. */
export interface TlsRoute {
  /** Lower case; may begin with `*.`, or be `*`. */
  readonly serverNames: readonly { readonly name: string; readonly origin: Origin }[]
  /** Port of the listener; undefined: any. */
  readonly port: number | undefined
  /** Gateways that it is for; undefined: all that the table is attached to. */
  readonly attachedTo: readonly string[] | undefined
  readonly destinations: readonly { readonly backend: BackendReference; readonly weight: number }[]
  readonly origin: Origin
}
