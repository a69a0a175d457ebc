import { hash } from 'node:crypto'
import { InternPool } from '../xds/interned.ts'
import { encode } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'

type MessageName = Parameters<typeof encode>[0]

const known = new InternPool<Buffer>()

/** Like `encode`: most messages of a scope are the same in other scopes, and are made and kept once. */
export function sharedBytes<Name extends MessageName>(name: Name, json: Message<Name>): Buffer {
  const content = hash('sha256', `${name} ${JSON.stringify(json)}`)
  const shared = known.get(content)
  if (shared !== undefined) return shared
  const bytes = encode(name, json)
  known.set(content, bytes)
  return bytes
}
