import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import * as typescript from 'prettier/plugins/typescript'

const root = join(import.meta.dirname, '../..')
const parse = typescript.parsers.typescript.parse as (text: string, options: object) => unknown
const texts = new Map<string, string>()

/** The TypeScript files under folders of the project, as paths from its root, sorted. */
export function filesUnder(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root })).toSorted()
}

export function textOf(file: string): string {
  const known = texts.get(file)
  if (known !== undefined) return known
  const text = readFileSync(join(root, file), 'utf8')
  texts.set(file, text)
  return text
}

/** The files of the project that a file names in an import or a URL, as paths from the root. */
export function importsOf(file: string): readonly string[] {
  return [...textOf(file).matchAll(/'(\.{1,2}\/[^'\n]+\.ts)'/g)].map(([, target]) =>
    relative(root, join(root, dirname(file), target ?? '')),
  )
}

/** The files that a file loads by `import()`, as paths from the root. */
export function loadedOnDemandBy(file: string): readonly string[] {
  return [...textOf(file).matchAll(/import\('(\.{1,2}\/[^'\n]+\.ts)'\)/g)].map(([, target]) =>
    relative(root, join(root, dirname(file), target ?? '')),
  )
}

export interface StringLiteral {
  readonly line: number
  readonly text: string
}

/** The string literals and the texts of template literals of a file; module names and types are left out. */
export function stringLiteralsOf(file: string): readonly StringLiteral[] {
  const text = textOf(file)
  const found: StringLiteral[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit)
    if (!isNode(node) || node.type === 'ImportDeclaration' || node.type === 'TSLiteralType') return
    const literal = literalText(node)
    if (literal !== undefined)
      found.push({ line: text.slice(0, node.range[0]).split('\n').length, text: literal })
    for (const [key, value] of Object.entries(node)) if (!notChildren.has(key)) visit(value)
  }
  visit(parse(text, {}))
  return found
}

const notChildren: ReadonlySet<string> = new Set(['loc', 'range', 'tokens', 'comments', 'parent'])

interface Node {
  readonly type: string
  readonly range: readonly [number, number]
  readonly value?: unknown
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'range' in value
}

function literalText({ type, value }: Node): string | undefined {
  if (type === 'Literal' && typeof value === 'string') return value
  if (type !== 'TemplateElement' || typeof value !== 'object' || value === null || !('raw' in value))
    return undefined
  return String(value.raw)
}
