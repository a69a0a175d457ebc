import type { DiagnosticChange } from '../diagnostics/record.ts'
import { announcedChanges } from './announced-changes.ts'
import type { Config } from './config.ts'
import { parseHostPort } from './config.ts'
import { followedSecrets } from './followed-secrets.ts'
import type { FollowedSecrets } from './followed-secrets.ts'
import { internalErrors } from './internal-errors.ts'
import type { Part, PartContext } from './part.ts'
import { shownFindings } from './shown-findings.ts'
import type { ShownFindings } from './shown-findings.ts'
import { statusWriting } from './status-writing.ts'
import type { StatusWriting } from './status-writing.ts'
import { tapsPart } from './taps.ts'

export interface Parts {
  /** Every part, in the order in which its hooks run. */
  readonly all: readonly Part[]
  readonly findings: ShownFindings
  readonly secrets: FollowedSecrets
  /** Undefined if nothing is written to a cluster. */
  readonly status: StatusWriting | undefined
}

/** The list of parts. A new one is its own file, and a line here. */
export async function createParts(config: Config, context: PartContext): Promise<Parts> {
  const diagnosed = (change: DiagnosticChange): void => {
    for (const part of all) part.diagnosed?.(change)
  }
  const findings = shownFindings(context, diagnosed)
  const secrets = followedSecrets(context)
  const status = await statusWriting(context, { cluster: config.kubernetes, config: config.writeback })
  const taps = tapsPart(context, { recorder: config.recorder ?? recorderBeside(config.listen), findings })
  const all: readonly Part[] = [
    findings,
    ...(status === undefined ? [] : [status]),
    announcedChanges(context),
    secrets,
    internalErrors(context),
    taps,
  ]
  return { all, findings, secrets, status }
}

/** Recorders listen beside the xDS server, on any port, unless the operator chooses another address. */
function recorderBeside(listen: string): NonNullable<Config['recorder']> {
  const { host } = parseHostPort('--listen', listen)
  return { host, ports: [0], advertised: host }
}
