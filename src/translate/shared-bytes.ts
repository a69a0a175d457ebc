import { hash } from 'node:crypto'
import { encode } from '../xds/proto.ts'
import type { Message } from '../xds/proto.ts'

type MessageName = Parameters<typeof encode>[0]

/** By content, while somebody holds them. */
const known = new Map<string, WeakRef<Buffer>>()
const forgotten = new FinalizationRegistry<string>((content) => {
  if (known.get(content)?.deref() === undefined) known.delete(content)
})

/** Like `encode`: most messages of a scope are the same in other scopes, and are made and kept once. */
export function sharedBytes<Name extends MessageName>(name: Name, json: Message<Name>): Buffer {
  const content = hash('sha256', `${name} ${JSON.stringify(json)}`)
  const shared = known.get(content)?.deref()
  if (shared !== undefined) return shared
  const bytes = encode(name, json)
  known.set(content, new WeakRef(bytes))
  forgotten.register(bytes, content)
  return bytes
}
