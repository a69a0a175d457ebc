import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Issued } from './certificate.ts'

export interface TlsBackendOptions {
  /** In the header `x-backend` of each answer. */
  readonly name: string
  readonly own: Issued
  /** The authority of the certificates that clients must show, in PEM. */
  readonly authority: string
}

/** An HTTPS server on 127.0.0.1 that answers nobody without a certificate of the authority. */
export interface TlsBackend {
  readonly port: number
  /** Requests by the fingerprint of the certificate that came with them. */
  readonly seen: ReadonlyMap<string, number>
  close(): Promise<void>
}

export async function startTlsBackend({ name, own, authority }: TlsBackendOptions): Promise<TlsBackend> {
  const seen = new Map<string, number>()
  const server = createServer(
    {
      cert: own.certificate,
      key: own.privateKey,
      ca: authority,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      const { socket } = request
      const fingerprint = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : ''
      seen.set(fingerprint, (seen.get(fingerprint) ?? 0) + 1)
      request.resume()
      response.writeHead(200, { 'x-backend': name }).end('ok\n')
    },
  )
  const port = await listen(server)
  return {
    port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
