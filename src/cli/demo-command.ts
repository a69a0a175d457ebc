import { Command, Option } from 'commander'
import { UsageError } from '../errors.ts'
import type { DemoFlags } from './demo.ts'

/**
 * `shadowplane demo`: the cross-cluster example with real traffic through a real Envoy. Exit status 1 when an
 * expectation did not hold.
 */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('watch a real Envoy mirror live traffic')
    .description(
      `Starts three small backends, the control plane over a copy of the example istio-cross-cluster, and ` +
        `a real Envoy; \
drives requests through it, and edits the VirtualService on the way: 50, 10, 100, an invalid 150, 50 % ` +
        `mirrored. \
Then it stays up, to be tried by hand. Everything listens on free ports of 127.0.0.1 and is gone afterwards.

Without an Envoy on this machine, one is downloaded once.`,
    )
    .option('--once', 'end after the round; exit status 0 only if every expectation held')
    .option('--envoy <file>', 'the Envoy to run (default: $ENVOY_BIN, PATH, the cache, else a download)')
    .addOption(new Option('--rate <number>', 'requests a second').argParser(positive('--rate')).default(500))
    .addOption(
      new Option('--requests <number>', 'requests counted at each percentage')
        .argParser(positive('--requests'))
        .default(1000),
    )
    .action(async (flags: DemoFlags) => {
      const { demo } = await import('./demo.ts')
      await demo(flags)
    })
}

function positive(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < 1)
      throw new UsageError(`${flag} ${text}: write a whole number from 1 up`)
    return value
  }
}
