import { Agent, request } from 'node:http'
import { requestIdHeader } from './backend.ts'

/** The result of one request. `backend` is '' if the answer names none. */
export interface Answer {
  readonly id: string
  readonly status: number
  readonly backend: string
  /** Present if the request got no answer. */
  readonly error?: string
}

export interface TrafficOptions {
  readonly port: number
  readonly host: string
  /** Requests a second. */
  readonly rate: () => number
  /** Called when a request is about to be sent. */
  readonly nextId: () => string
  readonly onAnswer: (answer: Answer) => void
}

/** Requests at a steady rate over kept-alive connections. */
export interface Traffic {
  /** Stops sending; resolves when every request has been answered or has failed. */
  close(): Promise<void>
}

const tick = 10
const requestTimeout = 5_000
/** A target that hangs is not buried under requests. */
const maxInFlight = 256
const connections = 16

/** Sends `GET /headers` to 127.0.0.1 until it is closed. */
export function startTraffic(options: TrafficOptions): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const inFlight = new Set<Promise<void>>()
  let due = 0
  const timer = setInterval(() => {
    due = Math.min(due + (options.rate() * tick) / 1000, maxInFlight)
    for (; due >= 1 && inFlight.size < maxInFlight; due -= 1) {
      const sent: Promise<void> = send(agent, options)
        .then(options.onAnswer)
        .finally(() => inFlight.delete(sent))
      inFlight.add(sent)
    }
  }, tick)
  return {
    close: async () => {
      clearInterval(timer)
      await Promise.all(inFlight)
      agent.destroy()
    },
  }
}

function send(agent: Agent, { port, host, nextId }: TrafficOptions): Promise<Answer> {
  const id = nextId()
  const headers = { host, [requestIdHeader]: id }
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ id, status: 0, backend: '', error: error.message })
    const sent = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        path: '/headers',
        headers,
        signal: AbortSignal.timeout(requestTimeout),
      },
      (response) => {
        const backend = response.headers['x-backend']
        response
          .resume()
          .once('error', failed)
          .once('end', () => {
            resolve({
              id,
              status: response.statusCode ?? 0,
              backend: typeof backend === 'string' ? backend : '',
            })
          })
      },
    )
    sent.once('error', failed).end()
  })
}
