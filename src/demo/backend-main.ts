/**
 * The demo's backends as a program: `node backend-main.ts production-v1=9001 cluster-b=9003`. One line for
 * each request.
 */
import { errorText } from '../errors.ts'
import type { Arrival, Backend } from './backend.ts'
import { startBackend } from './backend.ts'

const usage = 'usage: backend-main NAME=PORT…, as in production-v1=9001 cluster-b=9003'

const wanted = process.argv.slice(2)
const options = wanted.flatMap((argument) => {
  const [, name, port] = /^([^=]+)=(\d{1,5})$/.exec(argument) ?? []
  return name === undefined || Number(port) > 65_535 ? [] : [{ name, port: Number(port), onRequest: report }]
})

if (options.length === 0 || options.length < wanted.length) {
  console.error(usage)
  process.exitCode = 2
} else {
  await serve()
}

async function serve(): Promise<void> {
  const backends: Backend[] = []
  const stop = (): void => void Promise.all(backends.map((backend) => backend.close()))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    for (const option of options) backends.push(await startBackend(option))
  } catch (error) {
    console.error(errorText(error))
    process.exitCode = 1
    return stop()
  }
  for (const { name, port } of backends) console.log(`${name} listens on 127.0.0.1:${port}`)
}

function report({ backend, host, path }: Arrival): void {
  console.log(`${backend}  ${host}${path}`)
}
