import { Agent, request } from 'node:http'
import { onTestFinished } from 'vitest'
import { repeat } from '../../bench/support/request.ts'
import { within } from './within.ts'

export interface Answer {
  readonly status: number
  /** `x-backend`; '' where the answer names none. */
  readonly backend: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Question {
  readonly path: string
  readonly host: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A client of one address, over connections that are kept; it ends with the test. */
export interface Asking {
  ask(question: Question): Promise<Answer>
  /** The answers of so many requests, sixteen at a time. */
  askTimes(times: number, question: Question): Promise<readonly Answer[]>
}

const lanes = 16

export function askingAt(host: string, port: number): Asking {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  onTestFinished(() => {
    agent.destroy()
  })
  const ask: Asking['ask'] = (question) =>
    within(
      10_000,
      `an answer for ${question.host}${question.path}`,
      new Promise((resolve, reject) => {
        const options = {
          agent,
          host,
          port,
          path: question.path,
          method: question.method ?? 'GET',
          headers: { ...question.headers, host: question.host },
        }
        request(options, (response) => {
          let body = ''
          response
            .setEncoding('utf8')
            .on('data', (text: string) => {
              body += text
            })
            .once('end', () => {
              const headers = Object.fromEntries(
                Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
              )
              resolve({
                status: response.statusCode ?? 0,
                backend: headers['x-backend'] ?? '',
                headers,
                body,
              })
            })
        })
          .once('error', reject)
          .end()
      }),
    )
  return {
    ask,
    async askTimes(times, question) {
      const answers: Answer[] = []
      await repeat(times, lanes, async () => {
        answers.push(await ask(question))
      })
      return answers
    },
  }
}
