import { waitFor as waitForWhile } from '../../src/demo/wait.ts'
import type { WaitOptions } from '../../src/demo/wait.ts'
import { patience } from './within.ts'

/** Looks until there is something; rejects after `patience`, or with the signal's reason. */
export function waitFor<T>({
  what,
  look,
  signal = new AbortController().signal,
}: Omit<WaitOptions<T>, 'timeout' | 'signal'> & Partial<Pick<WaitOptions<T>, 'signal'>>): Promise<T> {
  return waitForWhile({ what, look, signal, timeout: patience })
}
