import { UsageError, errorText } from '../../errors.ts'
import type { ByteSink } from '../../record/byte-sink.ts'
import { renderRecord } from '../../record/gor-record.ts'
import type { RecordedRequest } from '../../record/recorded-request.ts'
import type { Message } from '../../xds/proto.ts'
import type { TapClient } from './tap-client.ts'
import type { TapEvent } from './tap-event.ts'
import { renderJson, renderLine, standingLine } from './tap-text.ts'

export type TapFormat = 'line' | 'json' | 'gor'

export interface TapSession {
  readonly client: TapClient
  readonly request: Message<'shadowplane.admin.v1.CreateTapRequest'>
  readonly format: TapFormat
  readonly sink: ByteSink
  /** Takes lines for people, such as the state of the tap. */
  readonly tell: (line: string) => void
  /** Milliseconds; undefined: until it is stopped. */
  readonly length: number | undefined
  readonly stopped: AbortSignal
}

type Tap = Message<'shadowplane.admin.v1.Tap'>

/** How long the last copies may take to arrive, in milliseconds. */
const lastWords = 5_000

/**
 * Opens a tap, renews its lease, writes its requests, and ends it. Resolves with who ended it; rejects with
 * UsageError if no tap can be opened.
 */
export async function followTap(session: TapSession): Promise<'asked' | 'control plane'> {
  const { client, request, tell, length, stopped } = session
  const tap = await client.create(request)
  const { id = '', leaseSeconds = 30 } = tap
  const { events, cancel } = client.watch(id)
  const state = { isEnding: false }
  // Requests on their way are still printed; a control plane that no longer answers is given up.
  const end = (): void => {
    if (state.isEnding) return
    state.isEnding = true
    client.delete(id).catch(() => undefined)
    timers.push(setTimeout(cancel, lastWords))
  }
  // A lease that is lost shows in the events.
  const timers = [
    setInterval(
      () => {
        client.renew(id).catch(() => undefined)
      },
      (leaseSeconds * 1000) / 3,
    ),
  ]
  if (length !== undefined) timers.push(setTimeout(end, length))
  stopped.addEventListener('abort', end)
  if (stopped.aborted) end()
  try {
    return await write(events, tap, session)
  } catch (error) {
    if (state.isEnding) return 'asked'
    if (!(error instanceof UsageError)) throw error
    tell(`the tap was broken off: ${error.message}`)
    return 'control plane'
  } finally {
    for (const timer of timers) clearTimeout(timer)
    stopped.removeEventListener('abort', end)
    cancel()
  }
}

async function write(
  events: AsyncIterable<TapEvent>,
  { target = '', percent = 100 }: Tap,
  { sink, format, tell }: TapSession,
): Promise<'asked' | 'control plane'> {
  const told = new Set<string>()
  let printed = 0
  let standing = ''
  for await (const item of events) {
    if (item.kind === 'request') {
      await sink.write(renderRequest(item.request, format)).catch(unwritable)
      printed += 1
      continue
    }
    const { event } = item
    if (event.standing !== undefined) {
      const line = standingLine(target, percent, event.standing)
      // On the way to a fleet there are many, and other edits concern proxies too.
      if (line !== standing && (standing === '' || event.standing.inSync === event.standing.proxies))
        tell((standing = line))
      for (const finding of event.standing.findings ?? []) {
        if (!told.has(finding)) tell(finding)
        told.add(finding)
      }
    } else if (event.ended !== undefined) {
      const dropped = Number(event.dropped ?? 0)
      const lost =
        dropped === 0
          ? ''
          : `; ${dropped} more were dropped, as they came faster than they were taken: mirror fewer with ` +
            `--percent, or keep less with --body-limit`
      const isAsked = event.ended === 'a client ended it'
      tell(
        `${printed} ${printed === 1 ? 'request' : 'requests'} ` +
          `printed${lost}${isAsked ? '' : `; the tap has ended: ${event.ended}`}`,
      )
      return isAsked ? 'asked' : 'control plane'
    }
  }
  throw new UsageError('the control plane has ended')
}

/** A full disk is no bug of ours. */
export function unwritable(error: unknown): never {
  throw new UsageError(`the output cannot be written: ${errorText(error)}`, { cause: error })
}

function renderRequest(request: RecordedRequest, format: TapFormat): readonly Buffer[] {
  if (format === 'gor') return renderRecord(request)
  return [Buffer.from(format === 'json' ? renderJson(request) : renderLine(request))]
}
