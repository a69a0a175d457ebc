import type { Match } from './route.ts'

/** Whether a match takes every request, so that no route behind it is ever asked. */
export function isCatchAll({ path, headers, queryParameters }: Match): boolean {
  const anyPath =
    (path.kind === 'prefix' && path.value === '/') || (path.kind === 'regex' && path.value === '.*')
  return anyPath && headers.length === 0 && queryParameters.length === 0
}
