import type { BackendSettings, Service } from '../model/backend.ts'

/** Settings whose TLS asks for the names that the service itself declares, where the policy names none. */
export function withPeerNames(
  settings: BackendSettings,
  { subjectAltNames = [] }: Pick<Service, 'subjectAltNames'>,
): BackendSettings {
  const { tls } = settings
  if (
    tls === undefined ||
    tls.verification === 'none' ||
    tls.verification.subjectAltNames.length > 0 ||
    subjectAltNames.length === 0
  )
    return settings
  return { ...settings, tls: { ...tls, verification: { ...tls.verification, subjectAltNames } } }
}
