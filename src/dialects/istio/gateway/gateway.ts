import { z } from 'zod'
import { decode } from '../../../manifest/decode.ts'
import { message, parts } from '../../../manifest/message.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { GatewayListener } from '../../../model/gateway.ts'
import { translated } from '../../dialect.ts'
import type { Read, Reader } from '../../dialect.ts'
import { oneLine, portNumber } from '../../reading/constraint.ts'
import { gatewayService } from './gateway-service.ts'
import { scopedHost } from '../host.ts'
import { reportOn } from '../../reading/report.ts'
import { serverTls } from './server-tls.ts'

const port = message({
  number: portNumber,
  name: z.string().min(1),
  protocol: z.string().optional(),
  targetPort: z.number().int().optional(),
})

const server = message({
  port,
  bind: z.string().optional(),
  hosts: z
    .array(oneLine.min(1))
    .refine((hosts) => hosts.length > 0, { message: 'is empty, must name a host' }),
  tls: serverTls.optional(),
  name: z.string().optional(),
  defaultEndpoint: z.string().optional(),
})

/** A Server of Istio's Gateway. */
export type Server = z.infer<typeof server>

const spec = message({
  servers: parts(server).optional(),
  selector: z.record(z.string(), z.string()).optional(),
})

/** A networking.istio.io Gateway: its HTTP servers, HTTPS servers, and those that pass TLS through. */
export const gatewayReader: Reader<readonly GatewayListener[]> = {
  read: readGateway,
  translate: ({ value }) => translated({ listeners: value }),
}

function readGateway(manifest: Manifest): Read<readonly GatewayListener[]> {
  const { value, diagnostics, rejected } = decode({
    manifest,
    path: ['spec'],
    schema: spec,
    parts: ['servers.*'],
  })
  if (value === undefined) return { value, diagnostics, rejected }
  const report = reportOn(manifest)
  const { namespace, name } = manifest.id
  const listeners = (value.servers ?? []).flatMap((each, index): readonly GatewayListener[] => {
    const path = ['spec', 'servers', index]
    const serves = each === undefined ? undefined : gatewayService(each, path, report)
    if (each === undefined || serves === undefined) return []
    return [
      {
        gateway: `${namespace}/${name}`,
        namespace,
        selector: value.selector ?? {},
        port: each.port.number,
        portName: each.port.name,
        bind: each.bind ?? '',
        serves,
        hosts: each.hosts.map((host) => scopedHost(host, namespace)),
        index,
        created: manifest.created,
        origin: { object: manifest.id, path },
      },
    ]
  })
  return {
    value: listeners,
    diagnostics: [...diagnostics, ...report.diagnostics],
    rejected: rejected || report.rejected,
  }
}
