import { request } from 'node:http'
import type { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { quantile } from '../figures.ts'

export interface Target {
  /** Port on 127.0.0.1. */
  readonly port: number
  readonly host: string
}

export interface LoopOptions extends Target {
  /** Requests a second, whatever becomes of those before. */
  readonly rate: number
  /** Milliseconds. */
  readonly duration: number
  readonly agent: Agent
}

/** Milliseconds from sending a request to the end of its answer; `failed` counts what was no 200. */
export interface LoopResult {
  readonly p50: number
  readonly p99: number
  readonly failed: number
}

const timeout = 60_000

/** `GET`s in an open loop; resolves when each is answered or has failed. */
export async function openLoop({ rate, duration, agent, ...target }: LoopOptions): Promise<LoopResult> {
  const begun = performance.now()
  const answers: Promise<number>[] = []
  for (let index = 0; index < (rate * duration) / 1000; index += 1) {
    const wait = begun + (index * 1000) / rate - performance.now()
    if (wait > 0) await delay(wait)
    answers.push(get(target, agent))
  }
  const times = await Promise.all(answers)
  const good = times.filter((time) => !Number.isNaN(time))
  return { p50: quantile(good, 0.5), p99: quantile(good, 0.99), failed: times.length - good.length }
}

/** Milliseconds until the answer has ended; NaN for what is no 200. Never rejects. */
export function get({ port, host }: Target, agent: Agent | false): Promise<number> {
  const begun = performance.now()
  return new Promise((resolve) => {
    const failed = (): void => resolve(Number.NaN)
    const sent = request(
      { port, host: '127.0.0.1', path: '/', headers: { host }, agent, timeout },
      (response) => {
        response
          .resume()
          .once('error', failed)
          .once('end', () => resolve(response.statusCode === 200 ? performance.now() - begun : Number.NaN))
      },
    )
    sent
      .once('error', failed)
      .once('timeout', () => sent.destroy())
      .end()
  })
}

export interface UploadOptions extends Target {
  readonly bytes: number
  readonly framing: 'content-length' | 'chunked'
}

const piece = Buffer.alloc(65_536, 'a')

/** Milliseconds until an upload is answered; NaN for what is no 200. Never rejects. */
export function upload({ port, host, bytes, framing }: UploadOptions): Promise<number> {
  const begun = performance.now()
  return new Promise((resolve) => {
    const failed = (): void => resolve(Number.NaN)
    const headers = {
      host,
      ...(framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': bytes }),
    }
    const sent = request(
      { port, host: '127.0.0.1', method: 'POST', path: '/', headers, agent: false, timeout },
      (response) => {
        response
          .resume()
          .once('error', failed)
          .once('end', () => resolve(response.statusCode === 200 ? performance.now() - begun : Number.NaN))
      },
    )
    sent.once('error', failed).once('timeout', () => sent.destroy())
    let left = bytes
    const write = (): void => {
      while (left > 0) {
        const size = Math.min(left, piece.length)
        left -= size
        if (!sent.write(piece.subarray(0, size)) && left > 0) return void sent.once('drain', write)
      }
      sent.end()
    }
    write()
  })
}
