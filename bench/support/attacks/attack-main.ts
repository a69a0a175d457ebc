/**
 * One attacker, as a process of its own: it receives the name of an attack and its target over IPC, and goes
 * on until it is killed.
 */
import { setPriority } from 'node:os'
import type { WireTarget } from './attack-wire.ts'
import { attacks } from './attacks.ts'

export interface AttackOrder {
  readonly name: string
  readonly target: WireTarget
}

setPriority(10) // it would be on another machine: the server and the honest proxies come first

process.on('message', ({ name, target }: AttackOrder) => {
  attacks[name]?.run(target)
  process.send?.('begun')
})
process.on('disconnect', () => process.exit(0))
process.on('uncaughtException', (error) => {
  console.error(`the attacker: ${error.message}`)
})
