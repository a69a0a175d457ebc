import { z } from 'zod'
import type { Code } from '../../../diagnostics/codes.ts'
import { objectName as fullName } from '../../../diagnostics/diagnostic.ts'
import type { FieldPath, ObjectId } from '../../../diagnostics/diagnostic.ts'
import { didYouMean } from '../../../diagnostics/did-you-mean.ts'
import type { ObjectLookup } from '../../dialect.ts'
import type { ReferenceProblem, UnresolvedReason } from '../conditions.ts'
import { group, kind, namespaceName, objectName } from '../constraint.ts'
import { grantHint, isPermitted } from '../reference-grant.ts'
import { servicePorts } from './service-port.ts'
import { serviceHost } from '../../kubernetes/host.ts'
import { portNumber } from '../../reading/constraint.ts'
import type { Report } from '../../reading/report.ts'
import type { Manifest } from '../../../manifest/manifest.ts'
import { message } from '../../../manifest/message.ts'
import type { BackendReference } from '../../../model/backend.ts'
import { objectHost } from '../../../model/names.ts'

/** The fields of a BackendObjectReference, for messages that have more. */
export const backendReferenceFields = {
  group: group.default(''),
  kind: kind.default('Service'),
  name: objectName,
  namespace: namespaceName.optional(),
  port: portNumber.optional(),
}

export interface BackendObjectReference {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
  readonly port?: number | undefined
}

/** Refinement of messages with these fields: a Service is named with its port. */
export function needsServicePort(reference: BackendObjectReference, context: z.RefinementCtx): void {
  if (!isService(reference) || reference.port !== undefined) return
  context.addIssue({
    code: 'custom',
    path: ['port'],
    message: 'is required: the reference is to a Service',
    params: { code: 'field/required' },
  })
}

/** The Gateway API's BackendObjectReference. */
export const backendObjectReference = message(backendReferenceFields).superRefine(needsServicePort)

/** The place of a reference, and the consequence if it cannot be followed. */
export interface ReferenceSite {
  readonly manifest: Manifest
  /** Path of the reference itself. */
  readonly path: FieldPath
  /** The consequence without it, as the end of a sentence: `requests for it are answered with 500`. */
  readonly consequence: string
  /**
   * For a mirror: the backends of its rule. A hint never suggests one of them, since the copies would go
   * there too.
   */
  readonly primaries?: readonly BackendObjectReference[]
  readonly lookup: ObjectLookup
  readonly report: Report
}

export interface FoundReference {
  /** `rejected` if there is a problem. */
  readonly backend: BackendReference
  /** Why the backend may not be used; its diagnostic is on the report already. */
  readonly problem: ReferenceProblem | undefined
}

/** The backend that a reference names: a Service, or an object of another kind that some dialect reads. */
export function backendOf(reference: BackendObjectReference, site: ReferenceSite): FoundReference {
  const { manifest, path, lookup, report, consequence } = site
  const id = targetOf(reference, manifest)
  const host = isService(reference)
    ? serviceHost(id.name, id.namespace, lookup.settings.domain)
    : objectHost(id)
  const backend: BackendReference = {
    host,
    port: reference.port,
    subset: undefined,
    origin: { object: manifest.id, path },
  }
  const found = mistakeIn(reference, id, site)
  if (found === undefined) return { backend, problem: undefined }
  report.note(found.code, [...path, found.field], {
    message: `${found.message}: ${consequence} (ResolvedRefs is False, ${found.reason})`,
    hint: found.hint,
  })
  return {
    backend: { ...backend, rejected: true },
    problem: { reason: found.reason, message: found.message },
  }
}

interface Mistake {
  readonly code: Code
  readonly reason: UnresolvedReason
  readonly field: string
  readonly message: string
  readonly hint: string | undefined
}

function mistakeIn(
  reference: BackendObjectReference,
  id: ObjectId,
  { manifest, lookup, primaries = [] }: ReferenceSite,
): Mistake | undefined {
  const shown = `${id.kind} ${fullName(id)}`
  if (!isService(reference) && !lookup.isClaimed(id)) {
    return {
      code: 'reference/invalid-kind',
      reason: 'InvalidKind',
      field: id.group === '' || reference.kind === '' ? 'kind' : 'group',
      message: `nothing here reads ${id.kind} of ${id.group === '' ? 'the core group' : id.group}`,
      hint: 'name a Service',
    }
  }
  if (!isPermitted(manifest.id, id, lookup)) {
    return {
      code: 'reference/not-permitted',
      reason: 'RefNotPermitted',
      field: 'namespace',
      message: `no ReferenceGrant permits the reference to ${shown}`,
      hint: grantHint(manifest.id, id),
    }
  }
  const own = primaries.filter(
    (each) =>
      each.group === id.group && each.kind === id.kind && targetOf(each, manifest).namespace === id.namespace,
  )
  const target = lookup.manifest(id)
  if (target === undefined) {
    const beside = lookup
      .manifestsOf(id, id.namespace)
      .map((each) => each.id.name)
      .filter((name) => !own.some((each) => each.name === name))
    const meant = didYouMean(id.name, beside)
    return {
      code: 'reference/not-found',
      reason: 'BackendNotFound',
      field: 'name',
      message: `there is no ${shown}`,
      hint: meant === undefined ? undefined : `did you mean ${meant}?`,
    }
  }
  const behind = isService(reference)
    ? servicesBehind(target, lookup).find((each) => !isPermitted(manifest.id, each, lookup))
    : undefined
  if (behind !== undefined) {
    return {
      code: 'reference/not-permitted',
      reason: 'RefNotPermitted',
      field: 'name',
      message:
        `${shown} is an ExternalName for Service ${fullName(behind)}, and no ReferenceGrant ` +
        `permits the reference to that`,
      hint: grantHint(manifest.id, behind),
    }
  }
  const ports = isService(reference) ? servicePorts(target) : undefined
  if (reference.port === undefined || ports === undefined || ports.includes(reference.port)) return undefined
  return {
    code: 'reference/not-found',
    reason: 'BackendNotFound',
    field: 'port',
    message: `${shown} has no port ${reference.port}`,
    hint: portHint(
      ports,
      ports.filter((port) => !own.some((each) => each.name === id.name && each.port === port)),
    ),
  }
}

function portHint(ports: readonly number[], offered: readonly number[]): string | undefined {
  if (ports.length === 0) return 'it has no ports'
  return offered.length === 0 ? undefined : `it has ${offered.join(', ')}`
}

/** The object that a reference names. */
export function targetOf(
  { group: ofGroup, kind: ofKind, name, namespace }: BackendObjectReference,
  { id }: Manifest,
): ObjectId {
  return { group: ofGroup, kind: ofKind, namespace: namespace ?? id.namespace, name }
}

function isService(reference: Pick<BackendObjectReference, 'group' | 'kind'>): boolean {
  return reference.group === '' && reference.kind === 'Service'
}

const spec = z.looseObject({ type: z.literal('ExternalName'), externalName: z.string() })

/** Longer chains have no backend: `resolve/` follows as many. */
const longestChain = 5

/**
 * The Services of this cluster behind a Service of type ExternalName, one after the other; empty for any
 * other Service.
 */
function servicesBehind(service: Manifest, lookup: ObjectLookup): readonly ObjectId[] {
  const found: ObjectId[] = []
  for (let at: Manifest | undefined = service; at !== undefined && found.length < longestChain;) {
    const id = serviceNamed(
      spec.safeParse(at.object['spec']).data?.externalName.toLowerCase(),
      lookup.settings.domain,
    )
    if (id === undefined) break
    found.push(id)
    at = lookup.manifest(id)
  }
  return found
}

/** The Service with the full name `<name>.<namespace>.svc.<domain>`. */
function serviceNamed(host: string | undefined, domain: string): ObjectId | undefined {
  const suffix = `.svc.${domain}`
  if (host?.endsWith(suffix) !== true) return undefined
  const [name, namespace, ...rest] = host.slice(0, -suffix.length).split('.')
  return name === undefined || namespace === undefined || rest.length > 0
    ? undefined
    : { group: '', kind: 'Service', namespace, name }
}
