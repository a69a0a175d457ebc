import { ServerCredentials } from '@grpc/grpc-js'
import type { SecureContextOptions } from 'node:tls'

/** What the server shows, and whose certificates it trusts; all in PEM. */
export interface ServerTls {
  readonly certificate: string
  readonly key: string
  /**
   * Clients are asked for a certificate where it is given; authentication.ts decides on those that show none.
   */
  readonly clientCa?: string
}

/** Certificates that may be renewed while they are in use. */
export interface TlsSource {
  readonly current: ServerTls
  /** Calls back with what is in force from now on. */
  onChange(renewed: (tls: ServerTls) => void): void
}

/**
 * Credentials whose certificates are renewed for new connections; those that are open stay. A handshake takes
 * `handshakeTimeout` ms at most.
 */
export function serverCredentials(
  source: TlsSource | undefined,
  handshakeTimeout: number,
): ServerCredentials {
  return source === undefined
    ? ServerCredentials.createInsecure()
    : new RenewableCredentials(source, handshakeTimeout)
}

class RenewableCredentials extends ServerCredentials {
  constructor({ current, onChange }: TlsSource, handshakeTimeout: number) {
    // A stranger's certificate ends in a status with a reason instead of an alert: the call is refused, not
    // the handshake.
    super(
      { requestCert: current.clientCa !== undefined, rejectUnauthorized: false, handshakeTimeout },
      contextOf(current),
    )
    onChange((tls) => {
      this.updateSecureContextOptions(contextOf(tls))
    })
  }

  _equals(other: ServerCredentials): boolean {
    return this === other
  }
}

function contextOf({ certificate, key, clientCa }: ServerTls): SecureContextOptions {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    ...(clientCa === undefined ? {} : { ca: clientCa }),
  }
}
