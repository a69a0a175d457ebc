import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // test/kubernetes takes an API server, and minutes: npm run test:kubernetes.
    exclude: [...configDefaults.exclude, 'test/kubernetes/**'],
    globalSetup: ['test/support/envoy-setup.ts'],
    // Our own program is started some dozen times: what Node compiled of it is kept
    // (module.enableCompileCache).
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') },
    // A busy machine takes many times as long as an idle one: a test that hangs is ended, and a slow one is
    // not.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Loading the sources anew for each of some two hundred files took a quarter of all processor time. A
    // test leaves nothing behind: what it starts ends with it, and what it changes of the process it puts
    // back.
    isolate: false,
    // Two cores, and a worker more for those that wait for an Envoy, or for time to pass.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
})
