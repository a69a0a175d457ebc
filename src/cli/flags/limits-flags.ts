import { Option } from 'commander'
import type { Command } from 'commander'
import { defaultLimits } from '../../server/limits.ts'
import type { Limits } from '../../server/limits.ts'
import { UsageError } from '../../errors.ts'

export interface LimitsFlags {
  readonly maxStreams: number
  readonly maxStreamsPerConnection: number
  readonly maxBindings: number
  readonly firstRequestTimeout: number
  readonly idleTimeout: number
  readonly maxNodeSize: number
  readonly maxStreamMemory: number
  readonly maxClientMemory: number
  readonly maxResourceNames: number
  readonly maxRequestSize: number
  readonly maxInFlight: number
  readonly answerTimeout: number
  readonly maxAuxiliaryStreams: number
}

const kibibyte = 1024
const mebibyte = 1024 * 1024

/** The flags that bound what clients may use of the xDS server. */
export function addLimitsFlags(command: Command): Command {
  return command
    .addOption(
      counted(
        '--max-streams <n>',
        'of all proxies at a time; when they are taken, namespaces (addresses without --proxy-identity) ' +
          'share them fairly',
        1,
      ).default(defaultLimits.streams),
    )
    .addOption(
      counted('--max-streams-per-connection <n>', 'on one connection at a time', 1).default(
        defaultLimits.streamsPerConnection,
      ),
    )
    .addOption(
      counted(
        '--max-bindings <n>',
        'different BIND_ADDRESS and PORT_MAP of the proxies of one namespace at a time',
        1,
      ).default(defaultLimits.bindings),
    )
    .addOption(
      counted(
        '--first-request-timeout <seconds>',
        'until a new stream must have sent a request; the stream is closed then',
        1000,
      ).default(defaultLimits.firstRequest, String(defaultLimits.firstRequest / 1000)),
    )
    .addOption(
      counted(
        '--idle-timeout <seconds>',
        'after which a connection without a stream is closed',
        1000,
      ).default(defaultLimits.idle, String(defaultLimits.idle / 1000)),
    )
    .addOption(
      counted(
        '--max-node-size <KiB>',
        'of the node of a proxy, without its list of extensions',
        kibibyte,
      ).default(defaultLimits.nodeBytes, String(defaultLimits.nodeBytes / kibibyte)),
    )
    .addOption(
      counted(
        '--max-stream-memory <MiB>',
        'for the names, versions and node that one stream makes the server remember',
        mebibyte,
      ).default(defaultLimits.streamBytes, String(defaultLimits.streamBytes / mebibyte)),
    )
    .addOption(
      counted('--max-client-memory <MiB>', 'for those of all streams together', mebibyte).default(
        defaultLimits.rememberedBytes,
        String(defaultLimits.rememberedBytes / mebibyte),
      ),
    )
    .addOption(
      counted('--max-resource-names <n>', 'in one request, and in one subscription', 1).default(
        defaultLimits.names,
      ),
    )
    .addOption(
      counted('--max-request-size <MiB>', 'of one request', mebibyte).default(
        defaultLimits.requestBytes,
        String(defaultLimits.requestBytes / mebibyte),
      ),
    )
    .addOption(
      counted('--max-in-flight <MiB>', 'of all responses that are sent and not answered', mebibyte).default(
        defaultLimits.bytesInFlight,
        String(defaultLimits.bytesInFlight / mebibyte),
      ),
    )
    .addOption(
      counted(
        '--answer-timeout <seconds>',
        'until a response must be answered; the stream is closed then',
        1000,
      ).default(defaultLimits.answerTimeout, String(defaultLimits.answerTimeout / 1000)),
    )
    .addOption(
      counted(
        '--max-auxiliary-streams <n>',
        'open at a time of health, of reflection and of client status each; a connection may have a tenth ' +
          'of them',
        1,
      ).default(defaultLimits.auxiliaryStreams),
    )
}

export function limitsOf(flags: LimitsFlags): Partial<Limits> {
  return {
    streams: flags.maxStreams,
    streamsPerConnection: flags.maxStreamsPerConnection,
    names: flags.maxResourceNames,
    bindings: flags.maxBindings,
    firstRequest: flags.firstRequestTimeout,
    idle: flags.idleTimeout,
    answerTimeout: flags.answerTimeout,
    requestBytes: flags.maxRequestSize,
    bytesInFlight: flags.maxInFlight,
    nodeBytes: flags.maxNodeSize,
    streamBytes: flags.maxStreamMemory,
    rememberedBytes: flags.maxClientMemory,
    auxiliaryStreams: flags.maxAuxiliaryStreams,
  }
}

/** A whole number from 1 up, times `unit`. */
function counted(flags: string, description: string, unit: number): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^[1-9]\d{0,5}$/.test(text))
      throw new UsageError(`${flags.split(' ', 1)[0] ?? ''} ${text}: write a whole number from 1 to 999999`)
    return Number(text) * unit
  })
}
