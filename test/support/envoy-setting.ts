import { onTestFinished } from 'vitest'
import type { BenchSetting } from '../../bench/support/bench-run.ts'
import { findEnvoy } from '../../src/envoy/binary.ts'

/**
 * The options of a measurement that runs as a test: the Envoy of this machine, and an end when the test is
 * over.
 */
export async function setting(): Promise<BenchSetting> {
  const { path } = await findEnvoy({ env: process.env })
  const stopped = new AbortController()
  onTestFinished(() => stopped.abort(new Error('the test is over')))
  return { binary: path, signal: stopped.signal, progress: () => {} }
}
