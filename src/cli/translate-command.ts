import { Command, Option } from 'commander'
import { parseAddress, parseLabels } from './flags/proxy-flags.ts'
import { addSettingsFlags } from './flags/settings-flags.ts'
import type { TranslateFlags } from './translate.ts'

/**
 * `shadowplane translate`: what a proxy would get, without a server. Exit status 1 if there are errors; what
 * can be served is printed all the same.
 */
export function translateCommand(): Command {
  return addSettingsFlags(
    new Command('translate')
      .summary('print what a proxy would get')
      .description(
        `Prints the configuration that a proxy would get from these files, in the shape of Envoy's own ` +
          `/config_dump: \
no server, no network. Diagnostics go to standard error; the exit status is 1 if there are errors, and ` +
          `what can be served is printed all the same.

Without --role, --namespace and --labels it is what a plain Envoy gets: a gateway in namespace default ` +
          `that every Gateway selects.`,
      )
      .requiredOption('-f, --file <path...>', 'files and directories to read; - is standard input')
      .addOption(new Option('--role <role>', 'what the proxy is').choices(['gateway', 'sidecar']))
      .option('--namespace <name>', 'namespace of the proxy (default: default)')
      .option(
        '--labels <k=v,…>',
        'its labels, which selectors of Gateways must match, as in istio=ingressgateway',
        (text) => parseLabels('--labels', text),
      )
      .option('--ip <address>', 'its address', (text) => parseAddress('--ip', text))
      .option('--interception', 'a sidecar to which iptables redirects connections')
      .addOption(
        new Option('--type <type>', 'what to print')
          .choices(['all', 'listeners', 'routes', 'clusters', 'endpoints', 'secrets'])
          .default('all'),
      )
      .addOption(
        new Option('-o, --output <format>', 'how to print it').choices(['json', 'yaml']).default('json'),
      ),
  ).action(async (flags: TranslateFlags) => {
    const { translate } = await import('./translate.ts')
    await translate(flags)
  })
}
