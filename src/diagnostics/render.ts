import { objectName } from './diagnostic.ts'
import type { Diagnostic } from './diagnostic.ts'
import { rowOf } from './codes.ts'
import type { Severity } from './codes.ts'
import { excerpt } from './excerpt.ts'
import { foreignText, printable, printableJson, printableLines } from './foreign-text.ts'
import { renderPath } from './field-path.ts'
import { sortDiagnostics } from './located.ts'
import type { LocateOrigin, LocatedDiagnostic } from './located.ts'

export interface TextOptions {
  /** Characters of a source line that are shown. */
  readonly width: number
}

/** Findings that are printed for people at most; JSON has all of them. */
export const mostShown = 1_000
/** Characters of a message that are shown to people: it may quote a value of any length. */
const longestMessage = 1_000

/**
 * Text for people: `file:line:column severity code  message`, then the line, a caret below the value, and the
 * hint. '' for no diagnostics.
 */
export function renderText(
  diagnostics: readonly Diagnostic[],
  locate: LocateOrigin,
  options: TextOptions = { width: 120 },
): string {
  return lines(sortDiagnostics(diagnostics, locate), (located) => block(located, options).join('\n'), '')
}

/**
 * JSON for programs: one array of `{code, severity, message, hint, object, path, file, line, column}`. Every
 * key is present, with null for an unknown value.
 */
export function renderJson(diagnostics: readonly Diagnostic[], locate: LocateOrigin): string {
  const rows = sortDiagnostics(diagnostics, locate).map(({ diagnostic, place }) => ({
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    hint: hintOf(diagnostic) ?? null,
    object: diagnostic.origin?.object ?? null,
    path: diagnostic.origin?.path ?? null,
    file: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
  }))
  return printableJson(`${JSON.stringify(rows, null, 2)}\n`)
}

/** Workflow commands, which GitHub Actions shows as annotations on the lines. */
export function renderGithub(diagnostics: readonly Diagnostic[], locate: LocateOrigin): string {
  return lines(sortDiagnostics(diagnostics, locate), workflowCommand, '::notice::')
}

/** One text for each diagnostic, and a count of those that are left out. */
function lines(
  all: readonly LocatedDiagnostic[],
  render: (located: LocatedDiagnostic) => string,
  before: string,
): string {
  const rest = all.length - mostShown
  const shown = all
    .slice(0, mostShown)
    .map((located) => `${render(located)}\n`)
    .join('')
  return rest <= 0
    ? shown
    : `${shown}${before}… and ${rest} more; validate --output json prints all of them\n`
}

/** Its own hint, as it knows the value; else the one of its code. */
function hintOf({ code, hint }: Diagnostic): string | undefined {
  return hint ?? rowOf(code).hint
}

function block({ diagnostic, place }: LocatedDiagnostic, { width }: TextOptions): readonly string[] {
  const { severity, code, message } = diagnostic
  const hint = hintOf(diagnostic)
  const where = place === undefined ? whereIn(diagnostic) : `${place.file}:${place.line}:${place.column} `
  const head = `${where}${severity} ${code}  ${foreignText(message, longestMessage)}`
  const said = hint === undefined ? '' : `hint: ${printable(hint)}`
  if (place?.text === undefined) return said === '' ? [printable(head)] : [printable(head), `    ${said}`]
  const { line, carets } = excerpt({
    text: place.text,
    column: place.column,
    length: place.length ?? 1,
    width,
  })
  return [printable(head), `    ${line}`, `    ${carets}${said === '' ? '' : `   ${said}`}`]
}

/**
 * The object and the field of a diagnostic without a file, for example one about an object of the Kubernetes
 * API.
 */
function whereIn({ origin }: Diagnostic): string {
  if (origin === undefined) return ''
  const path = renderPath(origin.path)
  return `${origin.object.kind} ${objectName(origin.object)} ${path === '' ? '' : `${path} `}`
}

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' }

function workflowCommand({ diagnostic, place }: LocatedDiagnostic): string {
  const { severity, code, message } = diagnostic
  const hint = hintOf(diagnostic)
  const properties = {
    ...(place === undefined ? {} : { file: place.file, line: String(place.line), col: String(place.column) }),
    title: code,
  }
  const said =
    message.length > longestMessage ? foreignText(message, longestMessage) : printableLines(message)
  const shown = Object.entries(properties)
    .map(([name, value]) => `${name}=${escapeProperty(value)}`)
    .join(',')
  return (
    `::${commands[severity]} ` +
    `${shown}::${escapeData(hint === undefined ? said : `${said} (hint: ${printableLines(hint)})`)}`
  )
}

/** The runner undoes exactly these (actions/toolkit, packages/core/src/command.ts). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
