import { objectName } from '../../diagnostics/diagnostic.ts'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import type { GatewayListener } from '../../model/gateway.ts'
import type { CertificateSource, DownstreamTls, PeerVerification } from '../../model/tls.ts'
import { createRemarks, kubernetesName, present } from '../rendered.ts'
import type { Naming, Remarks, RenderedObject } from '../rendered.ts'

export interface RenderedGateways {
  readonly objects: readonly RenderedObject[]
  /** `<namespace>/<name>` of the Gateways for what routes attach to. */
  readonly namesOf: (gateway: string) => readonly string[]
}

/** A Gateway for each key that routes attach to and that no Istio Gateway declares. */
export function writtenGateways(
  listeners: readonly GatewayListener[],
  used: ReadonlySet<string>,
  naming: Naming,
): RenderedGateways {
  const own = new Set(
    listeners
      .filter(
        ({
          origin: {
            object: { group, kind },
          },
        }) => group === 'networking.istio.io' && kind === 'Gateway',
      )
      .map(({ gateway }) => gateway),
  )
  const foreign = listeners.filter(
    ({ gateway, serves }) => used.has(gateway) && !own.has(gateway) && serves.kind !== 'passthrough',
  )
  const groups = [
    ...Map.groupBy(foreign, ({ gateway, selector, onlyIn }) =>
      JSON.stringify([gateway, selector, onlyIn]),
    ).values(),
  ]
  const written = groups.flatMap((group) =>
    group[0] === undefined ? [] : [{ gateway: group[0].gateway, ...gatewayOf(group[0], group, naming) }],
  )
  return {
    objects: written.map(({ object, comments }) => ({ object, comments })),
    namesOf(gateway) {
      const names = written.filter((each) => each.gateway === gateway).map(({ name }) => name)
      if (names.length > 0) return names
      const [namespace = '', ...rest] = gateway.split('/')
      return [`${namespace}/${rest.join('-')}`]
    },
  }
}

function gatewayOf(
  first: GatewayListener,
  listeners: readonly GatewayListener[],
  naming: Naming,
): RenderedObject & { readonly name: string } {
  const {
    origin: { object },
    onlyIn,
    selector,
  } = first
  const namespace = first.namespace === '' ? object.namespace : first.namespace
  const name = naming({ kind: 'Gateway', namespace, name: `${object.name}-${portNameOf(first)}` })
  const remarks = createRemarks()
  if (onlyIn !== undefined)
    remarks.add(
      ['spec', 'selector'],
      `not carried: ${object.kind} ${objectName(object)} is served by proxies of namespace ${onlyIn} only`,
    )
  const servers = listeners.map((listener, index) => serverOf({ ...listener, namespace }, index, remarks))
  return {
    name: `${namespace}/${name}`,
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace },
      spec: { selector, servers },
    },
    comments: remarks.comments,
  }
}

function serverOf(
  { port, portName, bind, hosts, serves, namespace }: GatewayListener,
  index: number,
  remarks: Remarks,
): JsonObject {
  const protocol = serves.kind === 'https' ? 'HTTPS' : 'HTTP'
  return present<Json>({
    port: { number: port, name: portNameOf({ portName, serves }), protocol },
    bind: bind === '' ? undefined : bind,
    hosts: hosts.map((each) => (each.namespace === '*' ? each.host : `${each.namespace}/${each.host}`)),
    tls:
      serves.kind === 'https'
        ? writtenTls(serves.tls, namespace, { remarks, path: ['spec', 'servers', index, 'tls'] })
        : serves.kind === 'http' && serves.redirect === 'to-https'
          ? { httpsRedirect: true }
          : undefined,
  })
}

function portNameOf({ portName, serves }: Pick<GatewayListener, 'portName' | 'serves'>): string {
  return kubernetesName(portName === '' ? serves.kind : portName).replaceAll('.', '-')
}

interface Site {
  readonly remarks: Remarks
  readonly path: readonly (string | number)[]
}

/** Istio's ServerTLSSettings. */
function writtenTls(
  { certificates, clients, minimumVersion, maximumVersion, cipherSuites, curves }: DownstreamTls,
  namespace: string,
  site: Site,
): JsonObject {
  const mode =
    clients === undefined ? 'SIMPLE' : clients.certificate === 'required' ? 'MUTUAL' : 'OPTIONAL_MUTUAL'
  const verification =
    clients === undefined || clients.verification === 'none' ? undefined : clients.verification
  return present<Json>({
    mode,
    ...writtenCertificates(certificates, namespace, site),
    ...(verification === undefined ? {} : writtenVerification(verification, namespace, site)),
    insecureSkipVerify: clients?.verification === 'none' ? true : undefined,
    minProtocolVersion: minimumVersion === undefined ? undefined : `TLSV${minimumVersion.replace('.', '_')}`,
    maxProtocolVersion: maximumVersion === undefined ? undefined : `TLSV${maximumVersion.replace('.', '_')}`,
    cipherSuites: cipherSuites.length === 0 ? undefined : cipherSuites,
    ecdhCurves: curves.length === 0 ? undefined : curves,
  })
}

function writtenCertificates(
  certificates: readonly CertificateSource[],
  namespace: string,
  site: Site,
): JsonObject {
  const names = certificates.flatMap((each) =>
    each.kind === 'secret' ? [secretName(each.secret, namespace, site)] : [],
  )
  const [first, second] = names
  if (first !== undefined)
    return second === undefined ? { credentialName: first } : { credentialNames: [first, second] }
  const files = certificates.flatMap((each) =>
    each.kind === 'files' ? [{ serverCertificate: each.certificate, privateKey: each.privateKey }] : [],
  )
  return files.length > 1 ? { tlsCertificates: files } : { ...files[0] }
}

function writtenVerification(
  { trust, subjectAltNames, publicKeyHashes, certificateHashes }: PeerVerification,
  namespace: string,
  site: Site,
): JsonObject {
  return present<Json>({
    caCertCredentialName: trust.kind === 'secret' ? secretName(trust.secret, namespace, site) : undefined,
    caCertificates: trust.kind === 'file' ? trust.path : trust.kind === 'system' ? 'system' : undefined,
    subjectAltNames: subjectAltNames.length === 0 ? undefined : subjectAltNames,
    verifyCertificateSpki: publicKeyHashes.length === 0 ? undefined : publicKeyHashes,
    verifyCertificateHash: certificateHashes.length === 0 ? undefined : certificateHashes,
  })
}

/** Istio reads the Secret in the namespace of the proxies. */
function secretName(
  { namespace, name }: { readonly namespace: string | undefined; readonly name: string },
  own: string,
  { remarks, path }: Site,
): string {
  if (namespace !== undefined && namespace !== own)
    remarks.add(
      path,
      `not carried: Secret ${name} is in namespace ${namespace}; Istio reads it in that of the proxies`,
    )
  return name
}
