import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { BackendPolicy, Discovery, Endpoint, Protocol, Service } from '../../model/backend.ts'
import type { UpstreamTls } from '../../model/tls.ts'
import { createRemarks, present } from '../rendered.ts'
import type { Naming, Remarks, Writable, RenderedObject } from '../rendered.ts'
import { entryHost } from './backend.ts'

const resolutions: Readonly<Record<Discovery, string>> = {
  endpoints: 'STATIC',
  'strict-dns': 'DNS',
  'logical-dns': 'DNS_ROUND_ROBIN',
  'original-destination': 'NONE',
}
const protocols: Readonly<Record<Protocol, string>> = {
  http1: 'HTTP',
  http2: 'HTTP2',
  tcp: 'TCP',
  udp: 'UDP',
  tls: 'TLS',
  detect: 'HTTP',
}

/** The ServiceEntry of a service that Kubernetes does not have, and a DestinationRule if it uses TLS. */
export function writtenService(service: Service, model: Writable, naming: Naming): readonly RenderedObject[] {
  const endpoints = model.endpoints
    .filter(({ host }) => host === service.host)
    .flatMap((set) => set.endpoints)
  const policy = model.policies.find(({ host }) => host === service.host)
  return [
    entryOf(service, endpoints, naming),
    ...(policy === undefined ? [] : ruleOf(service, policy, naming)),
  ]
}

function entryOf(
  { host, name, namespace, ports, discovery, external, addresses, subjectAltNames = [] }: Service,
  endpoints: readonly Endpoint[],
  naming: Naming,
): RenderedObject {
  const numbered = ports.map(({ number, name: portName, protocol, targetPort }) => ({
    number,
    name: portName === '' ? `${protocols[protocol].toLowerCase()}-${number}` : portName,
    protocol: protocols[protocol],
    targetPort,
  }))
  const isItself = endpoints.length === 1 && endpoints[0]?.address === host
  const spec = present<Json>({
    hosts: [entryHost(host)],
    addresses: addresses.length === 0 ? undefined : addresses,
    ports: numbered.map((port) => present<Json>(port)),
    location: external ? 'MESH_EXTERNAL' : 'MESH_INTERNAL',
    resolution: resolutions[discovery],
    endpoints:
      endpoints.length === 0 || isItself ? undefined : endpoints.map((each) => endpointOf(each, numbered)),
    subjectAltNames: subjectAltNames.length === 0 ? undefined : subjectAltNames,
  })
  const metadata = { name: naming({ kind: 'ServiceEntry', namespace, name }), namespace }
  return {
    object: { apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata, spec },
    comments: [],
  }
}

function endpointOf(
  { address, ports, labels, weight, locality }: Endpoint,
  numbered: readonly { readonly number: number; readonly name: string }[],
): JsonObject {
  const others = numbered.flatMap(({ number, name }) =>
    ports[number] === undefined || ports[number] === number || ports[number] === 0
      ? []
      : [[name, ports[number]] as const],
  )
  return present<Json>({
    address,
    ports: others.length === 0 ? undefined : Object.fromEntries(others),
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    weight: weight === 1 ? undefined : weight,
    locality: locality === '' ? undefined : locality,
  })
}

/** The other settings of connections are no part of routing. */
function ruleOf(
  { host, namespace, name: wanted }: Service,
  {
    settings: {
      all: { tls },
    },
  }: BackendPolicy,
  naming: Naming,
): readonly RenderedObject[] {
  if (tls === undefined) return []
  const remarks = createRemarks()
  const metadata = { name: naming({ kind: 'DestinationRule', namespace, name: wanted }), namespace }
  const spec = { host: entryHost(host), trafficPolicy: { tls: writtenTls(tls, remarks) } }
  return [
    {
      object: { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata, spec },
      comments: remarks.comments,
    },
  ]
}

/** Istio's ClientTLSSettings. */
function writtenTls({ certificate, verification, sni }: UpstreamTls, remarks: Remarks): JsonObject {
  const secret =
    certificate?.kind === 'secret'
      ? certificate.secret.name
      : verification !== 'none' && verification.trust.kind === 'secret'
        ? verification.trust.secret.name
        : undefined
  const files =
    certificate?.kind === 'files'
      ? { clientCertificate: certificate.certificate, privateKey: certificate.privateKey }
      : {}
  if (secret !== undefined && (verification === 'none' || verification.trust.kind !== 'secret')) {
    remarks.add(
      ['spec', 'trafficPolicy', 'tls'],
      "not carried: whom the Secret's certificate trusts; Istio reads authorities from it, too",
    )
  }
  const names = verification === 'none' ? [] : verification.subjectAltNames
  return present<Json>({
    mode: certificate === undefined ? 'SIMPLE' : 'MUTUAL',
    credentialName: secret,
    ...files,
    caCertificates:
      verification !== 'none' && verification.trust.kind === 'file' && secret === undefined
        ? verification.trust.path
        : undefined,
    insecureSkipVerify: verification === 'none' ? true : undefined,
    subjectAltNames: names.length === 0 ? undefined : names,
    sni,
  })
}
