import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort } from '../../bench/support/free-port.ts'

const file = join(import.meta.dirname, '../../bench/support/free-port.ts')
const program =
  `import { freePort } from ${JSON.stringify(file)}; for (let i = 0; i < 300; i++) ` +
  `console.log(await freePort())`

test('no two calls get the same port, in one process or in four at once', { timeout: 60_000 }, async () => {
  const others = Array.from({ length: 4 }, () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 50_000 }),
  )
  const own = await Promise.all(Array.from({ length: 300 }, () => freePort()))
  const theirs = (await Promise.all(others)).flatMap(({ stdout }) => stdout.trim().split('\n').map(Number))
  const ports = [...own, ...theirs]
  expect(ports).toHaveLength(1_500)
  expect(new Set(ports).size).toBe(ports.length)
})
