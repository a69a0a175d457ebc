/**
 * The workload of an intercepting sidecar, as a program in a network namespace of its own. Does what its
 * parent process asks.
 */
import { bootstrap, defaultBootstrap } from '../../../src/envoy/bootstrap.ts'
import { defaultRules, interceptionRules } from '../../../src/envoy/interception-rules.ts'
import { startEnvoy } from '../../../src/envoy/process.ts'
import type { EnvoyProcess } from '../../../src/envoy/process.ts'
import { parseHostPort } from '../../../src/control-plane/config.ts'
import type { Call, Return, WorkloadCalls } from './calls.ts'
import { burst, get, line, serveHttp } from './traffic.ts'
import { sidecarLabels, worldAddress, workloadAddress } from './world.ts'
import { runProgram } from './network-program.ts'

let envoy: EnvoyProcess | undefined
const server = { close: (): void => {} }

function proxy(): EnvoyProcess {
  if (envoy === undefined) throw new Error('the proxy has not been started')
  return envoy
}

const calls: WorkloadCalls = {
  start: async ({ binary, xds }) => {
    await runProgram('ip', ['link', 'set', 'lo', 'up'])
    await runProgram('ip', ['addr', 'add', `${workloadAddress}/24`, 'dev', 'eth0'])
    await runProgram('ip', ['link', 'set', 'eth0', 'up'])
    await runProgram('ip', ['route', 'add', 'default', 'via', worldAddress])
    await runProgram('iptables-restore', ['--noflush'], interceptionRules(defaultRules))
    const own = await serveHttp('workload', { address: workloadAddress, port: 8080 }, () => {})
    server.close = () => {
      own.close()
    }
    envoy = await startEnvoy({
      binary,
      group: defaultRules.proxy,
      bootstrap: bootstrap({
        ...defaultBootstrap,
        role: 'sidecar',
        ip: workloadAddress,
        labels: sidecarLabels,
        interception: 'redirect',
        xds: parseHostPort('xds', xds),
      }),
    })
    await envoy.ready()
    return 'ready'
  },
  burst: ({ backend, requests, ...target }) => burst(target, backend, requests),
  get: (target) => get(target),
  line: ({ address, port, says }) => line(address, port, says),
  stat: async (name) => (await proxy().stats(`^${name.replaceAll(/[.|]/g, '\\$&')}$`)).get(name) ?? 0,
  close: async () => {
    server.close()
    await envoy?.close()
    return 'closed'
  },
}

process.on('message', (call: Call) => {
  const perform = calls[call.name] as (argument: unknown) => Promise<unknown>
  const answer = (result: Omit<Return, 'id'>): void => {
    process.send?.({ id: call.id, ...result })
  }
  perform(call.argument).then(
    (value) => answer({ value }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  )
})

// Without its parent nobody would end it.
process.once('disconnect', () => {
  void calls.close().finally(() => process.exit())
})
