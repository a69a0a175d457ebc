import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import { objectName } from '../../../diagnostics/diagnostic.ts'
import type { ObjectId } from '../../../diagnostics/diagnostic.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { whyNotAllowed } from './allowed-routes.ts'
import { accepted, notAccepted } from '../conditions.ts'
import { gatewayApiGroup } from '../constraint.ts'
import { placesAt } from './gateway-hosts.ts'
import { readGateway } from '../gateway/gateway-spec.ts'
import type { Listener } from '../gateway/gateway-spec.ts'
import { servedProtocols } from '../gateway/listener.ts'
import { conflictsAmong } from '../gateway/listener-conflict.ts'
import { unknownParent } from './parent.ts'
import type { FoundParent, ParentSite } from './parent.ts'

/**
 * A route's attachment to a Gateway: the referenced listeners that allow the route and share a host with it.
 */
export function gatewayParent(site: ParentSite): FoundParent {
  const { reference, route, lookup } = site
  const { id } = route.manifest
  const gateway: ObjectId = {
    group: gatewayApiGroup,
    kind: 'Gateway',
    namespace: reference.namespace ?? id.namespace,
    name: reference.name,
  }
  const manifest = lookup.manifest(gateway)
  if (manifest === undefined) {
    const meant = didYouMean(
      gateway.name,
      lookup.manifestsOf(gateway, gateway.namespace).map((each) => each.id.name),
    )
    return unknownParent(site, {
      code: 'parent/unknown',
      field: 'name',
      message: `there is no Gateway ${objectName(gateway)}`,
      hint: meant === undefined ? undefined : `did you mean ${meant}?`,
    })
  }
  const { all, served } = listenersOf(manifest)
  const chosen = served.filter((each) => isMeant(each, site))
  if (chosen.length === 0) return noListener(site, { gateway, all, served })
  const question = { route: id, namespace: gateway.namespace, lookup }
  const judged = chosen.map((listener) => ({ listener, why: whyNotAllowed(listener, question) }))
  const taking = judged.flatMap(({ listener, why }) => (why === undefined ? [listener] : []))
  if (taking.length === 0) {
    return unknownParent(site, {
      code: 'parent/not-allowed',
      field: reference.namespace === undefined ? 'name' : 'namespace',
      reason: 'NotAllowedByListeners',
      message:
        `Gateway ${objectName(gateway)} does not take it: ` + judged.map(({ why }) => why ?? '').join('; '),
      hint: 'change allowedRoutes of the listener',
    })
  }
  const places = placesAt(taking, { gateway, siblings: served, route, path: site.path })
  if (places.some(({ common }) => common))
    return { places, tables: [], accepted: accepted(`taken by Gateway ${objectName(gateway)}`) }
  return { places: [], tables: [], accepted: noCommonHost(site, { gateway, taking }) }
}

interface ReadListeners {
  readonly all: readonly Listener[]
  /** Without listeners that are never served, whatever other objects say. */
  readonly served: readonly Listener[]
}

function listenersOf(manifest: Manifest): ReadListeners {
  const listeners = readGateway(manifest).value?.listeners ?? []
  const conflicts = conflictsAmong(listeners)
  const served = listeners.filter(
    (each, index) => !conflicts.has(index) && servedProtocols.includes(each?.protocol ?? ''),
  )
  return {
    all: listeners.filter((each) => each !== undefined),
    served: served.filter((each) => each !== undefined),
  }
}

function isMeant({ name, port }: Listener, { reference }: ParentSite): boolean {
  return (reference.sectionName ?? name) === name && (reference.port ?? port) === port
}

interface Missing extends ReadListeners {
  readonly gateway: ObjectId
}

function noListener(site: ParentSite, { gateway, all, served }: Missing): FoundParent {
  const { sectionName, port } = site.reference
  const name = objectName(gateway)
  const unserved = all.find((each) => isMeant(each, site))
  if (unserved !== undefined) {
    return unknownParent(site, {
      code: 'parent/unknown',
      field: sectionName === undefined ? 'name' : 'sectionName',
      message: `listener ${unserved.name} of Gateway ${name} is not served`,
      hint: "the Gateway's own diagnostics say why",
    })
  }
  const field = sectionName === undefined ? (port === undefined ? 'name' : 'port') : 'sectionName'
  const asked = [
    ...(sectionName === undefined ? [] : [sectionName]),
    ...(port === undefined ? [] : [`on port ${port}`]),
  ].join(' ')
  const present = served.map((each) => (field === 'port' ? String(each.port) : each.name))
  const meant = sectionName === undefined ? undefined : didYouMean(sectionName, present)
  return unknownParent(site, {
    code: 'parent/unknown',
    field,
    message: `Gateway ${name} has no listener ${asked}`.trimEnd(),
    hint:
      meant !== undefined
        ? `did you mean ${meant}?`
        : present.length === 0
          ? undefined
          : `there ${present.length === 1 ? 'is' : 'are'} ${[...new Set(present)].join(', ')}`,
  })
}

interface NotCommon {
  readonly gateway: ObjectId
  readonly taking: readonly Listener[]
}

function noCommonHost({ route, report }: ParentSite, { gateway, taking }: NotCommon) {
  const served = [...new Set(taking.map(({ hostname }) => hostname ?? '*'))].join(', ')
  const wanted = route.hostnames.filter((host) => host !== undefined).join(', ')
  const message = `Gateway ${objectName(gateway)} serves ${served} for it, so nothing of ${wanted}`
  report.note('parent/host-mismatch', ['spec', 'hostnames'], {
    message: `${message}: its rules do not apply there (Accepted is False, NoMatchingListenerHostname)`,
    hint: 'name a host of its listeners, or leave hostnames out',
  })
  return notAccepted('NoMatchingListenerHostname', message)
}
