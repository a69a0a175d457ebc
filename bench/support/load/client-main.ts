/** The process of a load client: commands come and results go over Node's IPC. It ends with its parent. */
import { LoadGroup } from './group.ts'
import type { LoadCall, LoadCommand, LoadCommands, LoadReply } from './protocol.ts'

const group = new LoadGroup()

type Handlers = { readonly [C in LoadCommand]: (options: Parameters<LoadCommands[C]>[0]) => unknown }

const handlers: Handlers = {
  open: (options) => group.open(options),
  expect: ({ needle, timeout }) => group.expect(Buffer.from(needle, 'hex'), timeout),
  held: () => group.held(),
  counts: () => group.counts(),
  holdings: () => group.holdings(),
  reconnect: () => group.reconnect(),
  stall: ({ streams }) => group.stall(streams),
  close: () => group.close(),
}

async function answer<C extends LoadCommand>({ id, command, options }: LoadCall<C>): Promise<LoadReply> {
  try {
    return { id, result: await handlers[command](options) }
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) }
  }
}

process.on('message', (call: LoadCall) => {
  void answer(call).then((reply) => process.send?.(reply))
})
process.once('disconnect', () => process.exit(0))
