import { randomBytes } from 'node:crypto'
import { renderRequestMessage } from './http-message.ts'
import type { RecordedRequest } from './recorded-request.ts'

/** The separator of two records in a GoReplay file; the line feed before it is not part of a body. */
export const separator = Buffer.from('\n🐵🙈🙉\n')

/** The first line of a record: `1` a request, `2` an answer, `3` an answer to a replayed request. */
export interface RecordHeader {
  readonly type: '1' | '2' | '3'
  /** Nanoseconds since the epoch. */
  readonly time: bigint
}

/** Longer than any header line that GoReplay writes. */
export const longestHeaderLine = 512

/**
 * Reads `<type> <id> <timestamp> <latency>`; older versions write no latency for a request. Undefined for any
 * other line.
 */
export function parseRecordHeader(line: string): RecordHeader | undefined {
  const [, type, time] = /^([123]) \S+ (\d{1,19})(?: -?\d+)?[ \t]*\r?$/.exec(line) ?? []
  if (time === undefined || (type !== '1' && type !== '2' && type !== '3')) return undefined
  return { type, time: BigInt(time) }
}

/**
 * A request as GoReplay's file output writes it, its separator included; parts to be written one after the
 * other.
 */
export function renderRecord(request: RecordedRequest): readonly Buffer[] {
  const header = Buffer.from(`1 ${randomBytes(12).toString('hex')} ${request.time} 0\n`)
  return [header, ...renderRequestMessage(request), separator]
}
