import { dialectNames, isRead, isUnsayable } from './dialect.ts'
import type { DialectName } from './dialect.ts'
import type { Intent } from './intent.ts'

/** The matrix's entry for an intent in a dialect. */
export function cellOf(intent: Intent, dialect: DialectName): string {
  const column = intent.written[dialect]
  if (isUnsayable(column)) return 'NOT_SUPPORTED'
  if (!isRead(dialect)) return 'not read yet'
  return column.otherwise === undefined ? 'yes' : 'otherwise'
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

const opening =
  `# What each dialect can say

One row for each thing that people want of mirroring, one column for each language that shadowplane ` +
  `reads. Every \`yes\` is a test:
the intent is written in the dialect's own words, and a proxy connected over gRPC must come to do exactly ` +
  `what the row says, the
same in each dialect: the primary, the share of the copies, their target, Host and path ` +
  `(\`test/features/intents\`, a file for each
row). \`NOT_SUPPORTED\` means that the dialect has no words for it, or that they are not read yet; ` +
  `\`otherwise\` means that the
dialect's own rules make something else of it. The reasons stand below. \`vitest run ` +
  `test/features/intents.test.ts -u\` writes this page.
`

function section(intent: Intent): string {
  const reasons = dialectNames.flatMap((dialect) => {
    const column = intent.written[dialect]
    if (isUnsayable(column)) return [`${dialect}: NOT_SUPPORTED: ${column.cannot}.`]
    return column.otherwise === undefined ? [] : [`${dialect}: otherwise: ${column.otherwise.because}.`]
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
