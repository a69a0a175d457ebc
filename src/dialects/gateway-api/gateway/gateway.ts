import type { FieldPath } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import type { GatewayListener } from '../../../model/gateway.ts'
import { translated } from '../../dialect.ts'
import type { ObjectLookup, Translated } from '../../dialect.ts'
import { noteUnsupported, reportOn } from '../../reading/report.ts'
import type { Report } from '../../reading/report.ts'
import { classNamed, controllerOfGateway } from './controller.ts'
import { addressesOf, gatewayNameLabel } from './gateway-address.ts'
import { gatewayStatuses } from './gateway-status.ts'
import { readGateway } from './gateway-spec.ts'
import type { GatewaySpec, Listener } from './gateway-spec.ts'
import { judgeListener } from './listener.ts'
import type { JudgedListener } from './listener.ts'
import { conflictsAmong } from './listener-conflict.ts'

/** What routes attach to: one listener of a Gateway. */
export function listenerKey(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  listener: string,
): string {
  return `${namespace}/${name}/${listener}`
}

/**
 * A gateway.networking.k8s.io Gateway: its HTTP listeners, and HTTPS ones whose certificate may be used. Of
 * one that is another controller's nothing is said.
 */
export function translateGateway(manifest: Manifest, lookup: ObjectLookup): Translated {
  const translation = translateOwnGateway(manifest, lookup)
  if (controllerOfGateway(manifest, lookup).kind === 'ours') return translation
  const report = reportOn(manifest)
  const { value } = readGateway(manifest)
  if (value !== undefined) noteUnknownClass(value, lookup, report)
  return translated({ diagnostics: report.diagnostics, refused: translation.refused })
}

function translateOwnGateway(manifest: Manifest, lookup: ObjectLookup): Translated {
  const { value, diagnostics, refused } = readGateway(manifest)
  if (value === undefined)
    return translated({ statuses: gatewayStatuses(manifest.id, []), diagnostics, refused })
  const report = reportOn(manifest)
  noteUnsupported(report, { path: ['spec'], value }, [
    'addresses',
    'infrastructure',
    'allowedListeners',
    'defaultScope',
  ])
  noteUnsupported(report, { path: ['spec', 'tls'], value: value.tls }, ['backend'])
  noteUnknownClass(value, lookup, report)
  const conflicts = conflictsAmong(value.listeners)
  const judged = value.listeners.flatMap((listener, index) => {
    if (listener === undefined) return []
    const path: FieldPath = ['spec', 'listeners', index]
    return [
      {
        listener,
        index,
        conflict: conflicts.get(index),
        ...judgeListener(listener, {
          gateway: value,
          path,
          conflict: conflicts.get(index),
          lookup,
          report,
        }),
      },
    ]
  })
  return translated({
    listeners: judged.flatMap((each) => servedListener(each, manifest)),
    statuses: gatewayStatuses(manifest.id, judged, addressesOf(manifest.id, lookup)),
    diagnostics: [...diagnostics, ...report.diagnostics],
    refused: refused || report.refused,
  })
}

function servedListener(
  { listener, index, serves }: JudgedListener & { readonly listener: Listener; readonly index: number },
  { id, created }: Manifest,
): readonly GatewayListener[] {
  if (serves === undefined) return []
  return [
    {
      gateway: listenerKey(id, listener.name),
      namespace: id.namespace,
      selector: { [gatewayNameLabel]: id.name },
      onlyIn: id.namespace,
      port: listener.port,
      portName: listener.name,
      bind: '',
      serves,
      hosts: [{ namespace: '*', host: listener.hostname ?? '*' }],
      index,
      created,
      origin: { object: id, path: ['spec', 'listeners', index] },
    },
  ]
}

function noteUnknownClass(
  { gatewayClassName: name }: GatewaySpec,
  { manifest, settings }: ObjectLookup,
  report: Report,
): void {
  if (manifest(classNamed(name)) !== undefined) return
  const served =
    settings.gatewayControllers.length === 0
      ? 'served nevertheless'
      : 'not served, as nobody knows whose it is'
  report.note('gateway/unknown-class', ['spec', 'gatewayClassName'], {
    message: `there is no GatewayClass ${name} here; the Gateway is ${served}`,
  })
}
