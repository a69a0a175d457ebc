import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

/** Folders whose tests keep nothing between them, so that they share what is loaded. The others start programs, or alter their own process. */
const shared = ['collection', 'diagnostics', 'dialects', 'golden', 'manifest', 'model', 'resolve', 'simulate', 'xds'].map((folder) => `test/${folder}/**/*.test.ts`)

export default defineConfig({
  test: {
    globalSetup: ['test/support/envoy-setup.ts'],
    // Our own program is started some hundred times: what Node compiled of it is kept (module.enableCompileCache).
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: real Envoys and the tests that drive them would only wait for each other.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'values', include: shared, isolate: false } },
      // test/kubernetes takes an API server, and minutes: npm run test:kubernetes.
      { extends: true, test: { name: 'programs', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...shared, 'test/kubernetes/**'] } },
    ],
  },
})
