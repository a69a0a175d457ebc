import { ServerCredentials } from '@grpc/grpc-js'
import type { SecureContextOptions } from 'node:tls'

/** The server's certificate, and the authorities that it trusts; all in PEM. */
export interface ServerTls {
  readonly certificate: string
  readonly key: string
  /**
   * If present, the server requests certificates of clients; authentication.ts decides about clients without
   * one.
   */
  readonly clientCa?: string
}

/** Certificates that may be renewed while they are in use. */
export interface TlsSource {
  readonly current: ServerTls
  /** Calls back with the renewed certificates. */
  onChange(renewed: (tls: ServerTls) => void): void
}

/**
 * Credentials whose certificates are renewed for new connections; open connections stay. A handshake takes at
 * most `handshakeTimeout` ms.
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
