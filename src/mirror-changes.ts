import type { Millionths } from './model/fraction.ts'
import type { RouteTable } from './model/route.ts'
import type { MirrorChange } from './event.ts'

/** Follows the mirrors of every route table, to tell what an edit did to them. */
export interface MirrorRecord {
  /** What is different in the tables with these keys since the last call; an undefined table is gone. */
  update(tables: Iterable<readonly [key: string, table: RouteTable | undefined]>): readonly MirrorChange[]
}

type Known = Readonly<Pick<MirrorChange, 'object' | 'target'>> & { readonly fraction: Millionths }

export function recordMirrors(): MirrorRecord {
  const known = new Map<string, ReadonlyMap<string, Known>>()
  return {
    update(tables) {
      return [...tables].flatMap(([key, table]) => {
        const before = known.get(key) ?? new Map<string, Known>()
        const after = table === undefined ? new Map<string, Known>() : mirrorsOf(table)
        if (table === undefined) known.delete(key)
        else known.set(key, after)
        return changes(before, after)
      })
    },
  }
}

function mirrorsOf(table: RouteTable): ReadonlyMap<string, Known> {
  return new Map(table.routes.flatMap(({ action }) => action.kind !== 'forward' ? [] : action.mirrors.map((mirror) => {
    const { host, port, subset } = mirror.backend
    const target = `${host}${port === undefined ? '' : `:${port}`}${subset === undefined ? '' : ` subset ${subset}`}`
    return [mirror.runtimeKey, { object: table.origin.object, target, fraction: mirror.fraction }] as const
  })))
}

function changes(before: ReadonlyMap<string, Known>, after: ReadonlyMap<string, Known>): readonly MirrorChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((runtimeKey): readonly MirrorChange[] => {
    const old = before.get(runtimeKey)
    const now = after.get(runtimeKey)
    const known = now ?? old
    if (known === undefined || old?.fraction === now?.fraction) return []
    return [{ object: known.object, runtimeKey, target: known.target, before: old?.fraction, after: now?.fraction }]
  })
}
