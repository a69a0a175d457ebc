import { Command, Option } from 'commander'
import type { Header } from '../../simulate/request.ts'
import { parseHeader } from './explain-request.ts'
import { parseLabels } from '../flags/proxy-flags.ts'
import { addSettingsFlags } from '../flags/settings-flags.ts'
import type { ExplainFlags } from './explain.ts'

/** `shadowplane explain`: what a stock Envoy does with one request, and why. Nothing is sent. */
export function explainCommand(): Command {
  return addSettingsFlags(
    new Command('explain')
      .summary('say what becomes of one request, and why')
      .description(
        `Says what a stock Envoy with these files does with one request: its listener, virtual host and ` +
          `route, where it goes and as what, \
each mirror with its share and the Host of the copy, and the rules that stand before it and why they do ` +
          `not match. Nothing is sent.

  shadowplane explain -f PATH… GET http://reviews:9080/api?x=1 -H 'x-user: jason'

Without --role, --namespace, --labels and --proxy it is the proxy that the files most likely mean: a ` +
          `Gateway's, or a sidecar.`,
      )
      .argument('[request...]', 'the method (default: GET) and the URL; the path is taken as it is written')
      .requiredOption('-f, --file <path...>', 'files and directories to read; - is standard input')
      .addOption(
        new Option('-H, --header <name: value>', 'a header of the request; may be repeated')
          .argParser((text: string, before: readonly Header[]) => [...before, parseHeader(text)])
          .default([], 'none'),
      )
      .addOption(new Option('--role <role>', 'what the proxy is').choices(['gateway', 'sidecar']))
      .option('--namespace <name>', 'namespace of the proxy (default: default)')
      .option(
        '--labels <k=v,…>',
        'its labels, which selectors of Gateways must match, as in istio=ingressgateway',
        (text) => parseLabels('--labels', text),
      )
      .option('--interception', 'a sidecar to which iptables redirects connections')
      .addOption(
        new Option(
          '--proxy <node id>',
          'the proxy by its node id, as in sidecar~10.0.0.1~web.shop~shop.svc.cluster.local',
        ).conflicts(['role', 'namespace', 'labels', 'interception']),
      )
      .addOption(
        new Option('-o, --output <format>', 'for people, or for programs')
          .choices(['text', 'json'])
          .default('text'),
      ),
  ).action(async (words: readonly string[], flags: ExplainFlags) => {
    const { explain } = await import('./explain.ts')
    await explain(words, flags)
  })
}
