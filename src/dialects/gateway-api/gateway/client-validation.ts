import type { DownstreamTls } from '../../../model/tls.ts'
import type { ClientValidation, GatewaySpec } from './gateway-spec.ts'
import type { ListenerMistake, ListenerSite } from './listener.ts'
import { secretOf } from './secret-reference.ts'

export interface FoundClients {
  readonly clients: DownstreamTls['clients']
  /** Why the authorities cannot be read. */
  readonly mistake: ListenerMistake | undefined
}

/**
 * What HTTPS listeners of a port ask of clients (`spec.tls.frontend`). What cannot be asked leaves the
 * listener unserved: it would let everybody in.
 */
export function clientsOf(port: number, site: ListenerSite): FoundClients {
  const found = validationFor(port, site.gateway)
  if (found === undefined) return { clients: undefined, mistake: undefined }
  const { validation, path } = found
  const { report, path: listener } = site
  const [first, ...others] = validation.caCertificateRefs
  if (first === undefined) return { clients: undefined, mistake: undefined }
  const reference = secretOf(first, {
    ...site,
    path: [...path, 'caCertificateRefs', 0],
    otherKind: 'InvalidCACertificateKind',
  })
  if ('mistake' in reference) {
    report.note('gateway/client-validation', [...listener, 'port'], {
      message:
        `clients of port ${port} must show certificates, and the authorities that sign them cannot ` +
        `be read: the listener is not served, as it would let everybody in`,
      hint: 'name a Secret with ca.crt in caCertificateRefs',
    })
    return { clients: undefined, mistake: reference.mistake }
  }
  if (others.length > 0) {
    report.note('field/unsupported', [...path, 'caCertificateRefs', 1], {
      message: 'one Secret of authorities is read: the first is used, the others have no effect',
      hint: 'join them in one ca.crt',
    })
  }
  if (validation.mode === 'AllowInsecureFallback')
    return { clients: { certificate: 'optional', verification: 'none' }, mistake: undefined }
  const verification = {
    trust: { kind: 'secret' as const, secret: reference.secret },
    subjectAltNames: [],
    publicKeyHashes: [],
    certificateHashes: [],
  }
  return { clients: { certificate: 'required', verification }, mistake: undefined }
}

interface FoundValidation {
  readonly validation: ClientValidation
  readonly path: readonly (string | number)[]
}

/** That of the port, else the Gateway's default. */
function validationFor(port: number, { tls }: GatewaySpec): FoundValidation | undefined {
  const frontend = tls?.frontend
  const index = (frontend?.perPort ?? []).findIndex((each) => each.port === port)
  const ofPort = frontend?.perPort?.[index]
  const validation = ofPort === undefined ? frontend?.default.validation : ofPort.tls.validation
  const path = [
    'spec',
    'tls',
    'frontend',
    ...(ofPort === undefined ? ['default'] : ['perPort', index, 'tls']),
    'validation',
  ]
  return validation === undefined ? undefined : { validation, path }
}
