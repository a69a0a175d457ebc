import { Command, Option } from 'commander'
import { renderText } from '../diagnostics/render.ts'
import { addAdminFlags, adminOf, openAdminWarning } from './flags/admin-flags.ts'
import type { AdminFlags } from './flags/admin-flags.ts'
import { jsonLog, lostLines, textLog } from './output/event-log.ts'
import { addKubernetesFlags, clusterOf, selectionOf, writebackOf } from './flags/kubernetes-flags.ts'
import type { KubernetesFlags } from './flags/kubernetes-flags.ts'
import { addLimitsFlags, limitsOf } from './flags/limits-flags.ts'
import type { LimitsFlags } from './flags/limits-flags.ts'
import { addSettingsFlags, settingsOf } from './flags/settings-flags.ts'
import type { SettingsFlags } from './flags/settings-flags.ts'
import { addXdsFlags, openPortWarning, xdsOf } from './flags/xds-flags.ts'
import type { XdsFlags } from './flags/xds-flags.ts'
import { UsageError } from '../errors.ts'

interface Flags extends SettingsFlags, LimitsFlags, AdminFlags, XdsFlags, KubernetesFlags {
  readonly config?: readonly string[]
  readonly listen: string
  readonly admin: string
  readonly probes?: string
  readonly log: 'text' | 'json'
  readonly virtualHosts: 'separate' | 'inline'
}

/** `shadowplane serve`: the control plane, until a signal ends it. */
export function serveCommand(): Command {
  return addSettingsFlags(
    addLimitsFlags(
      addAdminFlags(
        addXdsFlags(
          addKubernetesFlags(
            new Command('serve')
              .summary('serve proxies over xDS')
              .description(
                `Reads the files, or the objects of a cluster, follows every edit, and serves proxies ` +
                  `over gRPC (ADS, state-of-the-world and delta). \
Point a stock Envoy at it with the bootstrap that "shadowplane bootstrap" prints.

A document with a mistake never takes a route away: its last good version stays in force, and the mistake ` +
                  `is shown at file:line:column. \
/healthz, /readyz, /metrics and what "shadowplane status" asks are answered on the admin listener; ` +
                  `grpc.health.v1, reflection and \
Envoy's client status discovery on the xDS port.`,
              )
              .option('--config <path...>', 'files and directories to read and watch; - is standard input')
              .option('--listen <host:port>', 'where proxies connect', '127.0.0.1:18000')
              .option(
                '--admin <host:port>',
                'HTTP for people, status and taps: without a token or client certificates, everything but ' +
                  'health is for this machine only',
                '127.0.0.1:18001',
              )
              .option(
                '--probes <host:port>',
                'HTTP for /livez, /readyz and /metrics alone, which may be open to a network (default: none)',
              )
              .addOption(
                new Option(
                  '--virtual-hosts <form>',
                  'for Envoys over delta: each virtual host separate (VHDS), so that an edit is one small ' +
                    'response, or inline in its route configuration',
                )
                  .choices(['separate', 'inline'])
                  .default('separate'),
              )
              .addOption(
                new Option('--log <format>', 'one line an event: for people, or one JSON object each')
                  .choices(['text', 'json'])
                  .default('text'),
              ),
          ),
        ),
      ),
    ),
  ).action(serve)
}

async function serve(flags: Flags): Promise<void> {
  const { settings: chosen, diagnostics } = await settingsOf(flags)
  const settings = { ...chosen, ...selectionOf(flags) }
  process.stderr.write(renderText(diagnostics, () => undefined))
  const xds = xdsOf(flags, settings.domain)
  const warning = openPortWarning(flags, xds)
  if (warning !== undefined) process.stderr.write(`shadowplane: warning: ${warning}\n`)
  const [{ lineOutput }, { endWithin, listenToSignals }] = await Promise.all([
    import('./output/line-output.ts'),
    import('./serve-signals.ts'),
  ])
  const log = flags.log === 'json' ? jsonLog : textLog
  const write = log(lineOutput({ lost: lostLines[flags.log] }))
  const kubernetes = clusterOf(flags)
  if (flags.config === undefined && kubernetes === undefined)
    throw new UsageError('serve: nothing to read: give --config <path...>, --kubernetes, or both')
  const { config: paths = [], listen, admin, virtualHosts, probes } = flags
  const config = {
    paths,
    ...(kubernetes === undefined ? {} : { kubernetes }),
    listen,
    admin,
    settings,
    virtualHosts,
    ...(probes === undefined ? {} : { probes }),
    limits: limitsOf(flags),
    ...xds,
    ...writebackOf(flags),
    ...(await adminOf(flags)),
  }
  const adminWarning = openAdminWarning(admin, config)
  if (adminWarning !== undefined) process.stderr.write(`shadowplane: warning: ${adminWarning}\n`)
  const { startControlPlane } = await import('../control-plane/control-plane.ts')
  const { asked } = listenToSignals((signal) => {
    write({ kind: 'signal-ignored', signal })
  })
  const starting = startControlPlane(config, write)
  const first = await Promise.race([starting, asked])
  // No proxy is served yet: nothing is lost if the process ends here.
  if ('signal' in first) process.exit()
  const { signal, grace, last } = await asked
  endWithin(last)
  await first.close({ reason: signal, grace })
}
