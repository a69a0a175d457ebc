import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder, stringLiteralsOf, textOf } from './source-code.ts'

const root = join(import.meta.dirname, '../..')

/** A stretch of English: a comment, a message, or a paragraph, without its marks. `line` is its first line. */
export interface Prose {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** The comments of TypeScript files: blocks, and lines that follow each other as one. */
export function comments(...folders: readonly string[]): readonly Prose[] {
  return filesUnder(...folders).flatMap((file) => {
    const found: Prose[] = []
    let open: { readonly line: number; readonly lines: string[] } | undefined
    const close = (): void => {
      if (open !== undefined) found.push({ file, line: open.line, text: open.lines.join(' ').trim() })
      open = undefined
    }
    for (const [index, line] of textOf(file).split('\n').entries()) {
      const [, marks, text] = /^\s*(\/\*\*?|\*\/?|\/\/)\s?(.*)$/.exec(line) ?? []
      if (marks === undefined || text === undefined || marks === '/**') close()
      if (marks === undefined || text === undefined || marks === '*/') continue
      open ??= { line: index + 1, lines: [] }
      open.lines.push(text.replace(/\*\/\s*$/, '').trim())
    }
    close()
    return found.map(withoutCode).filter(({ text }) => text !== '')
  })
}

/** The string literals that are sentences or parts of them. */
export function messages(...folders: readonly string[]): readonly Prose[] {
  return filesUnder(...folders).flatMap((file) =>
    stringLiteralsOf(file)
      .filter(({ text }) => / [a-z]+ /.test(text))
      .map(({ line, text }) => ({ file, line, text })),
  )
}

/** The paragraphs, list items and table cells of Markdown files; code is left out. */
export function paragraphs(...patterns: readonly string[]): readonly Prose[] {
  return globSync([...patterns], { cwd: root })
    .toSorted()
    .flatMap((file) => {
      const found: Prose[] = []
      let open: { readonly line: number; readonly lines: string[] } | undefined
      const close = (): void => {
        if (open !== undefined) found.push({ file, line: open.line, text: open.lines.join(' ') })
        open = undefined
      }
      let fenced = false
      for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
        const isFence = /^\s*(```|~~~)/.test(line)
        if (isFence) fenced = !fenced
        if (isFence || fenced || line.trim() === '') {
          close()
          continue
        }
        const cells = line.startsWith('|') ? line.split(/(?<!\\)\|/).map((cell) => cell.trim()) : undefined
        if (cells !== undefined || /^\s*([-*] |\d+\. |#)/.test(line)) close()
        if (cells === undefined) (open ??= { line: index + 1, lines: [] }).lines.push(line.trim())
        else found.push(...cells.map((text) => ({ file, line: index + 1, text })))
      }
      close()
      return found
        .map((each) => ({
          ...each,
          text: each.text.replace(/^([-*]|\d+\.|#+) +/, ''),
        }))
        .map(withoutCode)
        .filter(({ text }) => /[a-z]/.test(text))
    })
}

function withoutCode(prose: Prose): Prose {
  return { ...prose, text: prose.text.replaceAll(/`[^`]*`/g, '`…`') }
}
