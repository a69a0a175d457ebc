import { STATUS_CODES } from 'node:http'
import type { Json, JsonObject } from '../../manifest/manifest.ts'
import { everyRequest, percentageOf } from '../../model/fraction.ts'
import type { Mirror } from '../../model/mirror.ts'
import type { Destination, Forward, RetryPolicy, Rewrite } from '../../model/route.ts'
import { commentsAt, createRemarks, nameOfBackend, present } from '../rendered.ts'
import type { Remarks } from '../rendered.ts'
import { nowhere } from './backend.ts'
import type { Backends } from './backend.ts'
import { writtenHeaders } from './headers.ts'
import { retryConditions } from '../../dialects/istio/virtual-service/retry.ts'

/** A mirror, and its place in the written rule. */
export interface RenderedMirror {
  readonly mirror: Mirror
  readonly path: readonly (string | number)[]
}

export interface RenderedForward {
  readonly fields: JsonObject
  readonly mirrors: readonly RenderedMirror[]
}

/** The fields of a rule that forwards; a directResponse if nothing may receive its requests. */
export function writtenForward(forward: Forward, backends: Backends, remarks: Remarks): RenderedForward {
  const { destinations, timeout, noTimeout, retry, rewrite } = forward
  if (destinations.every(({ backend }) => backend.rejected === true)) {
    remarks.add(
      [],
      `the destinations may not be used, or do not exist: requests are answered with ` +
        `${forward.missingStatus ?? 503}, and not mirrored`,
    )
    return { fields: { directResponse: { status: forward.missingStatus ?? 503 } }, mirrors: [] }
  }
  const { fields, mirrors } = writtenMirrors(forward.mirrors, backends, remarks)
  return {
    fields: present<Json>({
      route: destinations.map((each, index) =>
        writtenDestination(each, {
          index,
          several: destinations.length > 1 ? 'weighted' : 'alone',
          backends,
          remarks,
        }),
      ),
      rewrite: writtenRewrite(rewrite, remarks),
      timeout: timeout > 0 ? seconds(timeout) : noTimeout === undefined ? undefined : '0s',
      retries: writtenRetries(retry, remarks),
      ...fields,
    }),
    mirrors,
  }
}

interface DestinationSite {
  readonly index: number
  readonly several: 'weighted' | 'alone'
  readonly backends: Backends
  readonly remarks: Remarks
}

function writtenDestination(
  { backend, weight, headers, authority }: Destination,
  { index, several, backends, remarks }: DestinationSite,
): JsonObject {
  const own = createRemarks()
  if (backend.rejected === true)
    remarks.add(
      ['route', index],
      `${nameOfBackend(backend)} is not permitted, or does not exist: its share of the requests is ` +
        `answered ` +
        `with 503`,
    )
  const destination =
    backend.rejected === true ? { host: nowhere, port: { number: 80 } } : backends.destination(backend, own)
  for (const { path, text } of commentsAt(['route', index, 'destination'], own.comments))
    remarks.add(path, text)
  return present<Json>({
    destination,
    weight: several === 'weighted' ? weight : undefined,
    headers: writtenHeaders(headers, authority),
  })
}

function writtenMirrors(declared: readonly Mirror[], backends: Backends, remarks: Remarks): RenderedForward {
  const usable = declared.filter(({ backend }) => backend.rejected !== true)
  for (const { backend } of declared.filter((each) => !usable.includes(each))) {
    remarks.add(
      [],
      `not carried, a mirror to ${nameOfBackend(backend)}, which is not permitted or does not exist: ` +
        `nothing ` +
        `is mirrored to it`,
    )
  }
  const [only, ...more] = usable
  if (only === undefined) return { fields: {}, mirrors: [] }
  const sites = usable.map((mirror, index): RenderedMirror => ({
    mirror,
    path: more.length === 0 ? ['mirror'] : ['mirrors', index],
  }))
  const policies = sites.map(({ mirror, path }) => {
    const own = createRemarks()
    const destination = backends.destination(mirror.backend, own)
    for (const comment of commentsAt([...path, ...(more.length === 0 ? [] : ['destination'])], own.comments))
      remarks.add(comment.path, comment.text)
    return {
      destination,
      percentage:
        mirror.fraction === everyRequest ? undefined : { value: Number(percentageOf(mirror.fraction)) },
    }
  })
  const [first] = policies
  const single = present<Json>({ mirror: first?.destination, mirrorPercentage: first?.percentage })
  return {
    fields: more.length === 0 ? single : { mirrors: policies.map((each) => present<Json>(each)) },
    mirrors: sites,
  }
}

function writtenRewrite({ prefix, regex, authority }: Rewrite, remarks: Remarks): JsonObject | undefined {
  const lost = regex?.substitution === ''
  if (lost)
    remarks.add(
      [],
      `not carried, a rewrite that takes ${regex.pattern} away: Istio wants something in its place`,
    )
  const written = present<Json>({
    uri: prefix === '' ? undefined : prefix,
    uriRegexRewrite:
      regex === undefined || lost ? undefined : { match: regex.pattern, rewrite: regex.substitution },
    authority,
  })
  return Object.keys(written).length === 0 ? undefined : written
}

function writtenRetries(retry: Forward['retry'], remarks: Remarks): JsonObject | undefined {
  if (retry === 'default') return undefined
  if (retry === 'never' || retry.retryOn === '') return { attempts: 0 }
  return present<Json>({
    attempts: retry.attempts,
    retryOn: conditionsOf(retry, remarks),
    perTryTimeout: retry.perTryTimeout === undefined ? undefined : seconds(retry.perTryTimeout),
    backoff: retry.backoff === undefined ? undefined : seconds(retry.backoff),
    retryIgnorePreviousHosts: retry.ignorePreviousHosts,
    retryRemoteLocalities: retry.otherLocalities ? true : undefined,
  })
}

/** In Istio, status codes are among the conditions if HTTP has a name for them. */
function conditionsOf({ retryOn, statusCodes }: RetryPolicy, remarks: Remarks): string {
  const conditions = retryOn
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  const unknown = [
    ...conditions.filter((each) => retryConditions.unknown(each).length > 0),
    ...statusCodes.filter((code) => STATUS_CODES[code] === undefined).map(String),
  ]
  if (unknown.length > 0)
    remarks.add(['retries'], `not carried, retries on ${unknown.join(', ')}: Istio does not take them`)
  return [...conditions, ...statusCodes.map(String)].filter((each) => !unknown.includes(each)).join(',')
}

/** Milliseconds as a duration of protobuf's. */
export function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1000).toFixed(9))}s`
}
