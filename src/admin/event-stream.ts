import { setTimeout } from 'node:timers/promises'
import { ApiError } from './api-error.ts'

/** A stream of server-sent events at one path of the admin port. */
export interface Feed {
  readonly path: string
  /**
   * The events of one reader. The next one is taken when the reader has room, so a feed gives the newest
   * state instead of a queue. `gone` is aborted when the reader disconnects or the server closes.
   */
  readonly events: (reader: FeedReader) => AsyncIterable<ServerSentEvent>
}

export interface FeedReader {
  readonly gone: AbortSignal
  readonly query: URLSearchParams
  /** The `id` of the last event that a reader saw before it reconnected. */
  readonly lastEventId: string | undefined
}

/** An event of https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export interface ServerSentEvent {
  /** The name by which a page listens to it; `message` if absent. */
  readonly event?: string
  readonly id?: string
  /** Sent as JSON, on one line. */
  readonly data: unknown
}

/** Milliseconds of silence after which a comment is sent, which keeps connections through proxies open. */
const heartbeat = 15_000

/** The open streams of all feeds: their number is bounded, and all end when the server closes. */
export class EventStreams {
  readonly #most: number
  readonly #closing = new AbortController()
  #open = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Begins a stream for this request. Throws ApiError if as many are open as there may be. */
  answer(feed: Feed, request: Request): Response {
    if (this.#open >= this.#most)
      throw new ApiError('RESOURCE_EXHAUSTED', `${this.#most} event streams are open, which is the limit`)
    this.#open += 1
    const gone = AbortSignal.any([request.signal, this.#closing.signal])
    const feedEvents = feed.events({
      gone,
      query: new URL(request.url).searchParams,
      lastEventId: request.headers.get('last-event-id') ?? undefined,
    })
    const events = feedEvents[Symbol.asyncIterator]()
    // The signal of a request is aborted when its exchange ends, whichever way.
    onAbort(gone, () => {
      this.#open -= 1
      void events.return?.()
    })
    return new Response(bodyOf(events, gone), { headers: { 'content-type': 'text/event-stream' } })
  }

  /** Ends all streams. */
  close(): void {
    this.#closing.abort()
  }
}

function bodyOf(events: AsyncIterator<ServerSentEvent>, gone: AbortSignal): ReadableStream<Uint8Array> {
  let next: Promise<IteratorResult<ServerSentEvent>> | undefined
  return new ReadableStream(
    {
      async pull(controller) {
        next ??= events.next()
        const result = await firstOf(next, gone)
        if (result === 'silence') {
          controller.enqueue(Buffer.from(':\n\n'))
          return
        }
        next = undefined
        if (result === 'gone' || result.done === true) controller.close()
        else controller.enqueue(Buffer.from(textOf(result.value)))
      },
    },
    { highWaterMark: 0 },
  )
}

/** The next result; `gone` when the signal is aborted before, `silence` when none comes for a while. */
function firstOf<T>(next: Promise<T>, gone: AbortSignal): Promise<T | 'gone' | 'silence'> {
  const finished = new AbortController()
  return Promise.race([
    next,
    new Promise<'gone'>((resolve) => {
      onAbort(AbortSignal.any([gone, finished.signal]), () => {
        resolve('gone')
      })
    }),
    setTimeout(heartbeat, 'silence' as const, { ref: false, signal: finished.signal }).catch(
      () => 'gone' as const,
    ),
  ]).finally(() => {
    finished.abort()
  })
}

function onAbort(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback()
  else signal.addEventListener('abort', callback, { once: true })
}

function textOf({ event, id, data }: ServerSentEvent): string {
  const fields = [
    ['event', event],
    ['id', id],
    ['data', JSON.stringify(data)],
  ] as const
  const lines = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value.replace(/[\r\n]/g, ' ')}\n`],
  )
  return `${lines.join('')}\n`
}
