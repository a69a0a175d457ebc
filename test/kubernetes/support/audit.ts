import { readFile, writeFile } from 'node:fs/promises'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A write that the API server accepted. */
export interface AuditedWrite {
  readonly verb: string
  /** `httproutes/status`. */
  readonly resource: string
  readonly name: string
  readonly userAgent: string
  /** The written object. */
  readonly body: unknown
}

/** Flags with which an API server writes down what is written to it, and what it has written down so far. */
export interface Audit {
  readonly flags: readonly string[]
  writes(): Promise<readonly AuditedWrite[]>
}

interface AuditEvent {
  readonly stage: string
  readonly verb: string
  readonly userAgent: string
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly name?: string }
  readonly responseStatus?: { readonly code?: number }
  readonly requestObject?: unknown
}

/** Records every write to a status, an Event or a Lease. */
export async function auditing(): Promise<Audit> {
  const folder = mkdtempSync(join(tmpdir(), 'shadowplane-audit-'))
  const [policy, log] = [join(folder, 'policy.yaml'), join(folder, 'audit.log')]
  await writeFile(log, '')
  await writeFile(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [
        {
          level: 'Request',
          verbs: ['create', 'update', 'patch'],
          resources: [
            { group: 'gateway.networking.k8s.io', resources: ['*/status'] },
            { group: 'coordination.k8s.io' },
            { group: 'events.k8s.io' },
          ],
        },
        { level: 'None' },
      ],
    }),
  )
  return {
    flags: ['--audit-policy-file', policy, '--audit-log-path', log, '--audit-log-mode', 'blocking-strict'],
    async writes() {
      const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line.endsWith('}'))
      return lines
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(
          ({ stage, responseStatus }) => stage === 'ResponseComplete' && (responseStatus?.code ?? 500) < 300,
        )
        .map(({ verb, userAgent, objectRef = {}, requestObject }) => ({
          verb,
          userAgent,
          resource: `${objectRef.resource ?? ''}${objectRef.subresource === undefined ? '' : `/${objectRef.subresource}`}`,
          name: objectRef.name ?? '',
          body: requestObject,
        }))
    },
  }
}
