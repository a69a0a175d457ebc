/**
 * The cost of `validate` for many files: `node bench/validate.ts [--files N] [--mistakes M]`. Each file has a
 * VirtualService, and every M-th a mistake.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '../src/demo/display.ts'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000' },
    mistakes: { type: 'string', default: '10' },
    runs: { type: 'string', default: '5' },
  },
})
const size = Number(values.files)
const every = Number(values.mistakes)

/** The last of a run, from its start until it has ended. */
interface Run {
  readonly milliseconds: number
  /** User and system time of all its threads. */
  readonly cpu: number
  /** Most resident memory, in bytes. */
  readonly memory: number
  readonly found: number
}

/** Runs main.ts in a process of its own, which tells at its end what it used. */
const program =
  `
const main = process.argv.splice(1, 1)[0]
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  process.stderr.write('\\nUSED ' + JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1000, memory: ` +
  `maxRSS * 1024 }) + '\\n')
})
process.argv.splice(1, 0, main)
await import(main)
`

function validate(folder: string): Promise<Run> {
  const started = performance.now()
  const main = join(import.meta.dirname, '../src/main.ts')
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, main, 'validate', '-f', folder, '-o', 'json'],
    { timeout: 300_000 },
  )
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      const milliseconds = performance.now() - started
      const used = JSON.parse(/USED (.*)/.exec(output.stderr)?.[1] ?? '{}') as Pick<Run, 'cpu' | 'memory'>
      resolve({ milliseconds, ...used, found: (JSON.parse(output.stdout) as readonly unknown[]).length })
    })
  })
}

/** A mistake of another kind in each file that has one. */
const mistakes = [
  'mirorPercentage: {value: 5}',
  'mirrorPercentage: {value: 150}',
  'mirrors: [{destination: {host: nowhere}}]',
  'timeout: ten',
]

function virtualService(index: number): string {
  const mirror =
    index % every === 0
      ? `    ${mistakes[(index / every) % mistakes.length]}`
      : '    mirrorPercentage: {value: 5}'
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: s${index}
spec:
  hosts:
  - s${index}
  http:
  - match:
    - uri: {prefix: /api/v2}
      headers: {x-canary: {exact: "1"}}
    - uri: {exact: /healthz}
    route:
    - destination: {host: s${index}}
  - match:
    - uri: {prefix: /api}
    route:
    - destination: {host: s${index}}
      weight: 90
    - destination: {host: s${(index + 1) % size}}
      weight: 10
  - route:
    - destination: {host: s${index}}
${mirror.includes('mirrors:') ? '' : `    mirror: {host: s${(index + 2) % size}}\n`}${mirror}
`
}

async function writeFiles(folder: string): Promise<void> {
  await mkdir(join(folder, 'routes'))
  const services = Array.from(
    { length: size },
    (_, index) => `apiVersion: v1
kind: Service
metadata: {name: s${index}}
spec: {ports: [{name: http, port: 80}], selector: {app: s${index}}}
`,
  )
  await writeFile(join(folder, 'services.yaml'), services.join('---\n'))
  for (let index = 0; index < size; index += 1)
    await writeFile(join(folder, 'routes', `s${index}.yaml`), virtualService(index))
}

const folder = await mkdtemp(join(tmpdir(), 'shadowplane-validate-'))
try {
  await writeFiles(folder)
  const runs: Run[] = []
  for (let index = 0; index < Number(values.runs); index += 1) runs.push(await validate(folder))
  const [first] = runs
  const median = (of: (run: Run) => number): number =>
    runs.map(of).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0
  process.stdout.write(
    `validate of ${size} files with a VirtualService each and ${size} Services; ` +
      `${Math.ceil(size / every)} files with a mistake; median of ${runs.length} runs\n\n`,
  )
  process.stdout.write(
    `${table([
      ['wall time', 'CPU', 'most memory', 'diagnostics'],
      [
        `${(median(({ milliseconds }) => milliseconds) / 1000).toFixed(2)} s`,
        `${(median(({ cpu }) => cpu) / 1000).toFixed(2)} s`,
        `${(median(({ memory }) => memory) / 2 ** 20).toFixed(0)} MiB`,
        String(first?.found),
      ],
    ]).join('\n')}\n`,
  )
  if (runs.some(({ found }) => found < Math.ceil(size / every))) {
    process.stdout.write('a mistake was not found\n')
    process.exitCode = 1
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
