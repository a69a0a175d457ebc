import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/envoy-setup.ts'],
    // Our own program is started some hundred times: what Node compiled of it is kept (module.enableCompileCache).
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: real Envoys and the tests that drive them would only wait for each other.
    maxWorkers: 2,
  },
})
