import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as a backend saw it. */
export interface Arrival {
  readonly method: string
  readonly url: string
  readonly host: string
  readonly headers: Readonly<Record<string, string>>
  /** Its answer. */
  readonly status: number
}

/**
 * An HTTP server on this machine that answers as httpbin's `/headers` does, says who it is in `x-backend`,
 * and writes a log. It ends with the test.
 */
export interface LoggedBackend {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly arrivals: readonly Arrival[]
  /** One line for each arrival, in the words of go-httpbin's own log. */
  log(): readonly string[]
  /** Answers nothing until `release`, which answers all that came meanwhile. */
  hold(): void
  release(): void
  /** The status of all answers from now on; 200 at first. */
  answerWith(status: number): void
}

export async function loggedBackend(name: string, address = '127.0.0.1'): Promise<LoggedBackend> {
  const arrivals: Arrival[] = []
  let held: (() => void)[] | undefined
  let status = 200
  const server = createServer((request, response) => {
    arrivals.push(arrivalOf(request, status))
    const send = (): void => {
      answer(request, response, { name, status })
    }
    if (held === undefined) send()
    else held.push(send)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve)
  })
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  )
  return {
    name,
    address,
    port: (server.address() as AddressInfo).port,
    arrivals,
    log: () =>
      arrivals.map(
        (each) => `status=${each.status} method="${each.method}" uri="${each.url}" host="${each.host}"`,
      ),
    hold: () => {
      held ??= []
    },
    release() {
      const waiting = held ?? []
      held = undefined
      for (const send of waiting) send()
    },
    answerWith: (next) => {
      status = next
    },
  }
}

function arrivalOf({ method = '', url = '', headers }: IncomingMessage, status: number): Arrival {
  const single = Object.entries(headers).map(([name, value]) => [name, String(value)] as const)
  return { method, url, host: headers.host ?? '', headers: Object.fromEntries(single), status }
}

function answer(
  { rawHeaders }: IncomingMessage,
  response: ServerResponse,
  { name, status }: { readonly name: string; readonly status: number },
): void {
  const names = rawHeaders.filter((_, index) => index % 2 === 0)
  const headers = Object.fromEntries(names.map((each, index) => [titled(each), rawHeaders[index * 2 + 1]]))
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-backend': name })
    .end(`${JSON.stringify({ headers })}\n`)
}

/** As httpbin prints names: `x-request-id` as `X-Request-Id`. */
function titled(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
}
