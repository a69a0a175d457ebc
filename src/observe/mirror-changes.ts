import type { MirrorChange } from './event.ts'
import type { ResolvedMirror } from '../resolve/resolved.ts'

/** Follows the mirrors that are in force, to tell what an edit did to them. */
export interface MirrorRecord {
  /** The changes for these runtime keys since the last call; an undefined mirror was removed. */
  update(
    mirrors: Iterable<readonly [runtimeKey: string, mirror: ResolvedMirror | undefined]>,
  ): readonly MirrorChange[]
}

export function recordMirrors(): MirrorRecord {
  const known = new Map<string, ResolvedMirror>()
  return {
    update: (mirrors) =>
      [...mirrors].flatMap(([runtimeKey, now]): readonly MirrorChange[] => {
        const old = known.get(runtimeKey)
        if (now === undefined) known.delete(runtimeKey)
        else known.set(runtimeKey, now)
        const mirror = now ?? old
        if (mirror === undefined || old?.fraction === now?.fraction) return []
        return [
          {
            object: mirror.origin.object,
            runtimeKey,
            cluster: mirror.cluster,
            before: old?.fraction,
            after: now?.fraction,
          },
        ]
      }),
  }
}
