// Every folder of examples/ must be served without an error, and its translation must be accepted by a real
// Envoy.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

let failed = 0
for (const name of examples) {
  const folder = join('examples', name)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['src/main.ts', 'validate', '-f', folder, '--envoy'],
    { cwd: root, encoding: 'utf8', timeout: 300_000 },
  )
  if (status !== 0) failed += 1
  process.stdout.write(`${folder}: ${status === 0 ? 'ok' : `exit status ${status}`}\n${stdout}${stderr}`)
}
process.stdout.write(`${examples.length - failed} examples accepted, ${failed} refused\n`)
process.exitCode = failed === 0 && examples.length > 0 ? 0 : 1
