import type { ReadKind } from './permissions.ts'

/**
 * The settings of an installation. In a chart they are placeholders, so a number may be a text.
 */
export interface InstallSettings {
  readonly namespace: string
  readonly image: string
  readonly replicas: number | string
  /** `30m`: after this, proxies must connect again, and spread over new replicas. */
  readonly maxConnectionAge: string
  /**
   * `files`: the xDS port has the certificate of the Secret `shadowplane-xds`, and proxies trust the
   * ConfigMap `shadowplane-ca`.
   */
  readonly tls: 'none' | 'files'
  readonly gateway: GatewaySettings
  /** The part of the cluster that is read. */
  readonly kinds: readonly ReadKind[]
}

export interface GatewaySettings {
  readonly namespace: string
  readonly image: string
  readonly replicas: number | string
}

/** A Kubernetes object, as it is written down. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

export const ports = { xds: 18_000, admin: 18_001, probes: 18_002 } as const

/** For which the tokens of proxies are. */
export const audience = 'shadowplane'
