import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/envoy-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: real Envoys and the tests that drive them would only wait for each other.
    maxWorkers: 2,
  },
})
