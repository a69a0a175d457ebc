import { spawn } from 'node:child_process'

const timeout = 20_000

/** Runs a program to its end, with a text on its standard input. Rejects with what it said when it fails. */
export function runProgram(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const child = spawn(command, args, { timeout, killSignal: 'SIGKILL' })
    const collect = (text: string): void => {
      output += text
    }
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.once('error', reject)
    child.once('close', (status) =>
      status === 0
        ? resolve(output.trim())
        : reject(new Error(`${command} ${args.join(' ')}: ${output.trim() || `status ${status}`}`)),
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** Why no sidecar can be tried with interception on this machine; undefined if it can be. */
export async function missingForInterception(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'interception needs Linux and root'
  const absent = await Promise.all(
    [
      ['ip', 'iproute2'],
      ['iptables-restore', 'iptables'],
      ['unshare', 'util-linux'],
    ].map(
      async ([program = '', debian = '']) =>
        await runProgram('sh', ['-c', `command -v ${program}`]).then(
          () => [],
          () => [`${program} (Debian: ${debian})`],
        ),
    ),
  )
  if (absent.flat().length > 0) return `interception needs ${absent.flat().join(', ')}`
  return await runProgram('unshare', ['--net', 'iptables', '-t', 'nat', '-S']).then(
    () => undefined,
    (error: unknown) =>
      `this machine does not give network namespaces with NAT: ` +
      (error instanceof Error ? error.message : String(error)),
  )
}
