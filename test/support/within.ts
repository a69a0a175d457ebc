/**
 * Milliseconds for which every wait of a test goes on, at the least: a busy machine takes many times as long
 * as an idle one.
 */
export const patience = 60_000

/**
 * Bounds a wait, so that a test ends: rejects with what was waited for, after `patience` or the given
 * milliseconds, whichever is more.
 */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  const bound = Math.max(milliseconds, patience)
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`waited ${bound} ms for ${what}`)), bound)
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
