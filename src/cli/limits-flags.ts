import { Option } from 'commander'
import type { Command } from 'commander'
import { defaultLimits } from '../server/limits.ts'
import type { Limits } from '../server/limits.ts'
import { UsageError } from '../sources/source.ts'

export interface LimitsFlags {
  readonly maxStreams: number
  readonly maxResourceNames: number
  readonly maxRequestSize: number
  readonly maxInFlight: number
  readonly answerTimeout: number
  readonly maxAuxiliaryStreams: number
}

const mebibyte = 1024 * 1024

/** The flags that bound what clients may use of the xDS server. */
export function addLimitsFlags(command: Command): Command {
  return command
    .addOption(counted('--max-streams <n>', 'proxies at a time; a further stream is refused', 1).default(defaultLimits.streams))
    .addOption(counted('--max-resource-names <n>', 'resource names in one request, and in one subscription', 1).default(defaultLimits.names))
    .addOption(counted('--max-request-size <MiB>', 'of one request', mebibyte).default(defaultLimits.requestBytes, String(defaultLimits.requestBytes / mebibyte)))
    .addOption(counted('--max-in-flight <MiB>', 'of all responses that are sent and not answered', mebibyte)
      .default(defaultLimits.bytesInFlight, String(defaultLimits.bytesInFlight / mebibyte)))
    .addOption(counted('--answer-timeout <seconds>', 'until a response must be answered; the stream is closed then', 1000)
      .default(defaultLimits.answerTimeout, String(defaultLimits.answerTimeout / 1000)))
    .addOption(counted('--max-auxiliary-streams <n>', 'open at a time of health, of reflection and of client status each; a connection may have a tenth of them', 1)
      .default(defaultLimits.auxiliaryStreams))
}

export function limitsOf(flags: LimitsFlags): Partial<Limits> {
  const { maxStreams, maxResourceNames, maxRequestSize, maxInFlight, answerTimeout, maxAuxiliaryStreams } = flags
  return {
    streams: maxStreams, names: maxResourceNames, requestBytes: maxRequestSize, bytesInFlight: maxInFlight, answerTimeout, auxiliaryStreams: maxAuxiliaryStreams,
  }
}

/** A whole number from 1 up, times `unit`. */
function counted(flags: string, description: string, unit: number): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`${flags.split(' ', 1)[0] ?? ''} ${text}: write a whole number from 1 to 999999`)
    return Number(text) * unit
  })
}
