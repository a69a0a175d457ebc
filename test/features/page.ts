import { dialectNames, isRead, isUnsayable } from './dialect.ts'
import type { DialectName } from './dialect.ts'
import type { Intent } from './intent.ts'

/** The matrix's entry for an intent in a dialect. */
export function cellOf(intent: Intent, dialect: DialectName): string {
  const column = intent.written[dialect]
  if (isUnsayable(column)) return 'NOT_SUPPORTED'
  if (!isRead(dialect)) return 'not read yet'
  return column.different === undefined ? 'yes' : 'different'
}

/** docs/features.md: the matrix, and the reason for each cell that is not a plain yes. */
export function renderPage(intents: readonly Intent[]): string {
  const rows = intents.map((intent) => [
    `[${intent.wants}](#${anchorOf(intent.wants)})`,
    ...dialectNames.map((dialect) => cellOf(intent, dialect)),
  ])
  const table = [['intent', ...dialectNames], ['---', ...dialectNames.map(() => '---')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
  return `${opening}\n${table}\n\n${intents.map(section).join('\n')}`
}

const opening = `# Features by dialect

This page shows which mirroring features each configuration language has. Each row is a feature, each
column a dialect. Every \`yes\` is a test (\`test/features/intents\`, a file for each row): the feature is
written in the dialect's own words, and a proxy connected over gRPC must do exactly what the row says:
the same primary, share of copies, target, Host and path in each dialect.

- \`NOT_SUPPORTED\`: the dialect has no words for the feature, or shadowplane does not read them yet.
- \`different\`: the dialect's own rules give another result.

The reasons are below the table. \`vitest run test/features/intents.test.ts -u\` writes this page.
`

function section(intent: Intent): string {
  const reasons = dialectNames.flatMap((dialect) => {
    const column = intent.written[dialect]
    if (isUnsayable(column)) return [`${dialect}: NOT_SUPPORTED: ${column.cannot}.`]
    return column.different === undefined ? [] : [`${dialect}: different: ${column.different.because}.`]
  })
  const seen = intent.asks.map(({ path = '/', headers = [], sees }) => {
    const request = [`\`GET ${path}\``, ...headers.map(([name, value]) => `\`${name}: ${value}\``)].join(
      ' with ',
    )
    const copies = sees.copies.map(
      ({ to, millionths, host, path: copied }) => `${millionths / 10_000} % to ${to} as \`${host}${copied}\``,
    )
    const rest = [
      sees.timeout === undefined ? [] : `timeout ${sees.timeout}`,
      sees.retries === undefined ? [] : `${sees.retries} retries`,
    ].flat()
    return (
      `${request} on ${intent.on}: ${sees.primary.join(', ')}; copies: ` +
      `${copies.join(', ') || 'none'}${rest.map((each) => `; ${each}`).join('')}.`
    )
  })
  return `## ${intent.wants}\n\n${[...seen, ...reasons].map((line) => `- ${line}\n`).join('')}`
}

/** As GitHub makes them of headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
