import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { codes, rowOf } from '../../diagnostics/codes.ts'
import type { Code } from '../../diagnostics/codes.ts'
import { didYouMean } from '../../diagnostics/did-you-mean.ts'
import { UsageError } from '../../errors.ts'

/** The same place from `src/` and from `dist/`. */
const pages = join(import.meta.dirname, '../../../docs/diagnostics')

/**
 * `shadowplane explain-code`: the page of a diagnostic code, or the list of all. Exit status 2 for a code
 * that does not exist.
 */
export function explainCodeCommand(): Command {
  return new Command('explain-code')
    .summary('say what a diagnostic code means, and what to write instead')
    .description(
      'Prints the documentation page of a diagnostic code (docs/diagnostics), or, without one, every code ' +
        'there is.',
    )
    .argument('[code]', 'as it is printed, mirror/unknown-host')
    .action((code: string | undefined) => {
      process.stdout.write(code === undefined ? list() : page(code))
    })
}

function list(): string {
  const all = Object.keys(codes).filter(isCode).toSorted()
  const width = Math.max(...all.map((code) => code.length))
  return all
    .map((code) => `${code.padEnd(width)}  ${rowOf(code).severity.padEnd(7)}  ${rowOf(code).summary}\n`)
    .join('')
}

function page(code: string): string {
  if (!isCode(code)) {
    const meant = meantBy(code)
    throw new UsageError(
      `explain-code ${code}: there is no such ` +
        `code${meant === undefined ? '; without a code, all are listed' : `, did you mean ${meant}?`}`,
    )
  }
  const file = join(pages, `${code}.md`)
  return existsSync(file)
    ? readFileSync(file, 'utf8')
    : `# ${code}\n\n${rowOf(code).severity}: ${rowOf(code).summary}\n`
}

function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text)
}

/** The closest code, or the first one with that last part: `unknown-host` is in several areas. */
function meantBy(text: string): string | undefined {
  const all = Object.keys(codes)
  return didYouMean(text, all) ?? all.find((code) => code.split('/')[1] === text.split('/').at(-1))
}
