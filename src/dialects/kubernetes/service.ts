import { z } from 'zod'
import { translated } from '../dialect.ts'
import type { Reader } from '../dialect.ts'
import { aliasesOf, podAliases, serviceHost } from './host.ts'
import { protocolOf } from './protocol.ts'
import { decode } from '../../manifest/decode.ts'
import type { Manifest } from '../../manifest/manifest.ts'
import type { Service } from '../../model/backend.ts'
import type { Settings } from '../../model/settings.ts'
import { visibleIn } from '../../model/visibility.ts'
import type { Visibility } from '../../model/visibility.ts'

const port = z.looseObject({
  name: z.string().optional(),
  port: z.number().int().min(1).max(65535),
  targetPort: z.union([z.number(), z.string()]).optional(),
  protocol: z.string().optional(),
  appProtocol: z.string().optional(),
})

const spec = z.looseObject({
  type: z.string().optional(),
  clusterIP: z.string().optional(),
  clusterIPs: z.array(z.string()).optional(),
  externalName: z.string().optional(),
  selector: z.record(z.string(), z.string()).optional(),
  ports: z.array(port).optional(),
})

type Spec = z.infer<typeof spec>

/** A core/v1 Service. Its endpoints come from EndpointSlices. */
export const serviceReader: Reader<Spec> = {
  read: (manifest) => decode({ manifest, path: ['spec'], schema: spec, parts: [] }),
  translate: ({ manifest, value }, { settings }) =>
    translated({ services: [serviceOf(manifest, value, settings)] }),
}

/** The service that a Service declares. */
export function serviceOf(manifest: Manifest, value: Spec, settings: Settings): Service {
  const { name, namespace } = manifest.id
  const host = serviceHost(name, namespace, settings.domain)
  const headless = value.clusterIP === 'None'
  const aliases = aliasesOf(host, settings.domain)
  const addresses = value.clusterIPs ?? (value.clusterIP === undefined ? [] : [value.clusterIP])
  return {
    host,
    name,
    namespace,
    ports: (value.ports ?? []).map((each) => ({
      number: each.port,
      name: each.name ?? '',
      protocol: protocolOf(each),
      targetPort:
        typeof each.targetPort === 'number'
          ? each.targetPort
          : each.targetPort === undefined
            ? each.port
            : undefined,
    })),
    discovery: headless ? 'original-destination' : 'endpoints',
    aliases: headless ? [...aliases, ...podAliases(host, aliases)] : aliases,
    addresses: addresses.filter((address) => address !== 'None' && address !== ''),
    external: false,
    selector: value.selector,
    externalName: value.type === 'ExternalName' ? value.externalName?.toLowerCase() : undefined,
    visibility: exportedTo(manifest, settings.defaultExport.services),
    origin: { object: manifest.id, path: ['spec'] },
  }
}

/**
 * Service meshes' list of the namespaces that may see a Service, separated by commas; Kubernetes itself has
 * no field for it.
 */
const annotation = 'networking.istio.io/exportTo'

/**
 * The visibility of a Service: `*` everyone, `.` its own namespace, `~` none, or namespaces by name; without
 * the annotation the default.
 */
function exportedTo({ id, annotations }: Manifest, defaults: readonly string[]): Visibility {
  const declared = (annotations[annotation] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return visibleIn(declared.length === 0 ? defaults : declared, id.namespace)
}
