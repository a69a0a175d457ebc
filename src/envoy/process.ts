import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errorText } from '../errors.ts'
import type { EnvoyAdmin } from './admin.ts'
import { envoyAdmin } from './admin.ts'
import type { Bootstrap } from './bootstrap.ts'
import { run } from './run.ts'

export interface EnvoyOptions {
  /** Path of the binary, as `findEnvoy` gives it. */
  readonly binary: string
  /** Its admin interface is replaced by one on a free port of loopback. */
  readonly bootstrap: Bootstrap
  /** Worker threads; default 1. */
  readonly concurrency?: number | undefined
  /** Envoy's `--log-level`; default `warning`. */
  readonly logLevel?: string | undefined
  /**
   * Seconds for which a removed listener goes on with its connections, as Envoy's `--drain-time-s`; default
   * Envoy's own, 600.
   */
  readonly drainTime?: number | undefined
  /** Group id to run under, by which interception rules know its connections; needs root. */
  readonly group?: number | undefined
}

/** A running Envoy of ours. */
export interface EnvoyProcess extends EnvoyAdmin {
  readonly pid: number
  /** `host:port` of the admin interface. */
  readonly adminAddress: string
  /** The newest 64 KB of what Envoy logged. */
  log(): string
  /**
   * Resolves when Envoy is ready: it has the resources of its first xDS requests. Rejects when it ends
   * before, or after `timeout` milliseconds.
   */
  ready(timeout?: number): Promise<void>
  /** Resolves when the process has ended, for any reason. */
  readonly ended: Promise<void>
  /** SIGTERM, then SIGKILL after two seconds; resolves when the process has ended. Safe to call twice. */
  close(): Promise<void>
}

const startTimeout = 60_000
const readyTimeout = 60_000
const killAfter = 2_000
const pollInterval = 10
const logBytes = 64 << 10

/**
 * Starts Envoy and waits for its admin interface. Rejects with Envoy's own words when it does not come up;
 * then nothing is left running.
 */
export async function startEnvoy(options: EnvoyOptions): Promise<EnvoyProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-envoy-'))
  const configFile = join(folder, 'bootstrap.json')
  const addressFile = join(folder, 'admin-address')
  const config = {
    ...options.bootstrap,
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
  }
  await writeFile(configFile, JSON.stringify(config))
  const child = spawn(
    options.binary,
    [
      '--config-path',
      configFile,
      '--admin-address-path',
      addressFile,
      '--concurrency',
      String(options.concurrency ?? 1),
      // Hot restart shares memory between all Envoys of a machine that have the same base id.
      '--disable-hot-restart',
      '--log-level',
      options.logLevel ?? 'warning',
      ...(options.drainTime === undefined ? [] : ['--drain-time-s', String(options.drainTime)]),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], ...(options.group === undefined ? {} : { gid: options.group }) },
  )
  const log = collectLog(child)
  const killWithUs = (): void => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', killWithUs)
  const ended = endOf(child).then(() => {
    process.off('exit', killWithUs)
    return rm(folder, { recursive: true, force: true })
  })
  const close = closer(child, ended)
  try {
    const adminAddress = await poll(
      startTimeout,
      ended,
      async () => (await readFile(addressFile, 'utf8').catch(() => '')) || undefined,
    )
    const admin = envoyAdmin(adminAddress)
    return {
      ...admin,
      adminAddress,
      pid: child.pid ?? 0,
      log,
      ended,
      close,
      ready: async (timeout = readyTimeout) => {
        await poll(timeout, ended, async () => (await admin.isReady()) || undefined).catch(
          failure('did not become ready', log),
        )
      },
    }
  } catch (error) {
    await close()
    return failure('did not start', log)(error)
  }
}

/**
 * Checks a configuration with `envoy --mode validate`: undefined if Envoy accepts it, else its message.
 */
export async function validateEnvoyConfig(binary: string, config: Bootstrap): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-validate-'))
  try {
    const file = join(folder, 'config.json')
    await writeFile(file, JSON.stringify(config))
    const args = [
      '--mode',
      'validate',
      '--config-path',
      file,
      '--disable-hot-restart',
      '--log-level',
      'error',
      '--log-format',
      '%v',
    ]
    const { status, output } = await run(binary, args, { env: process.env, timeout: startTimeout })
    return status === 0 ? undefined : output.replaceAll(`'${file}'`, 'the configuration')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function collectLog(child: ChildProcess): () => string {
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-logBytes)
  })
  return () => log.trim()
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    // 'error' alone is emitted for a program that cannot be started.
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
}

function closer(child: ChildProcess, ended: Promise<void>): () => Promise<void> {
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return ended
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfter)
    await ended.finally(() => clearTimeout(timer))
  }
}

async function poll<T>(
  timeout: number,
  ended: Promise<void>,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const state = { ended: false }
  void ended.finally(() => {
    state.ended = true
  })
  const deadline = performance.now() + timeout
  while (performance.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    if (state.ended) throw new Error('it ended')
    await delay(pollInterval)
  }
  throw new Error(`nothing after ${timeout / 1000} s`)
}

function failure(what: string, log: () => string): (error: unknown) => never {
  return (error) => {
    const said = log()
    throw new Error(`Envoy ${what}: ${errorText(error)}${said === '' ? '' : `\n${said}`}`, { cause: error })
  }
}
