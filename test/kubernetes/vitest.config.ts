import { defineConfig } from 'vitest/config'

/** Tests against a real API server, which take minutes: `npm run test:kubernetes`. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['test/kubernetes/**/*.test.ts'],
    globalSetup: ['test/kubernetes/support/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Each file has an API server of its own, and spends half of its time waiting.
    maxWorkers: 2,
  },
})
