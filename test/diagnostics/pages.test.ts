import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codes, rowOf } from '../../src/diagnostics/codes.ts'
import type { Code } from '../../src/diagnostics/codes.ts'
import { projectRoot } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'
import { validation } from './validation.ts'
import type { Validation } from './validation.ts'

const docs = join(projectRoot, 'docs/diagnostics')

/** Codes that a file alone cannot show. */
const withoutExample: Readonly<Record<string, string>> = {
  'file/unreadable': 'depends on the permissions of a file',
  'file/not-read': 'is about links, devices and sizes',
  'file/truncated': 'is about a file that changes',
  'mirror/proxyless-grpc': 'is about a client that is connected',
  'xds/older-envoy': 'is about a proxy that is connected',
  'xds/nack': 'is about a proxy that refuses',
  'internal/transform-failed': 'is a bug of ours',
  'tls/key-mismatch': 'takes real keys, which do not belong in a page',
  'tls/incomplete-secret': 'takes a real certificate',
  'tls/expired': 'depends on the time',
}

/** Codes whose remedy is a Secret or a file, which the page describes. */
const describedRemedy: readonly Code[] = [
  'gateway/client-validation',
  'tls/unknown-secret',
  'tls/malformed-pem',
  'tls/istio-mutual',
  'tls/gateways-only',
]

const allCodes = Object.keys(codes) as readonly Code[]

function pageOf(code: string): string {
  return readFileSync(join(docs, `${code}.md`), 'utf8')
}

/** Fenced blocks of a language, in order. */
function blocks(page: string, language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text ?? '',
  )
}

function validated(text: string, page: string): Promise<Validation> {
  const folder = folderWith({ 'wrong.yaml': text })
  const least = page.includes('--severity info') ? 'info' : 'warning'
  return validation([join(docs, 'around.yaml'), join(folder, 'wrong.yaml')], {
    least,
    hide: [`${docs}/`, `${folder}/`],
    portability: page.includes('--portability'),
  })
}

test('each code has a page, and each page a code', () => {
  expect(
    globSync('*/*.md', { cwd: docs })
      .map((file) => file.replace(/\.md$/, ''))
      .toSorted(),
  ).toEqual(allCodes.toSorted())
})

test('the table in docs/diagnostics.md links to each page, and says the same severity', () => {
  const rows = readFileSync(join(projectRoot, 'docs/diagnostics.md'), 'utf8').split('\n')
  expect(
    allCodes.filter(
      (code) =>
        !rows.some((row) =>
          row.startsWith(`| [\`${code}\`](diagnostics/${code}.md) | ${rowOf(code).severity} |`),
        ),
    ),
  ).toEqual([])
})

test('the links of all pages lead somewhere', () => {
  const broken = globSync('**/*.md', { cwd: docs }).flatMap((file) =>
    [...readFileSync(join(docs, file), 'utf8').matchAll(/\]\(([^)#:]+)/g)]
      .map(([, link]) => join(docs, file, '..', link ?? ''))
      .filter((target) => !existsSync(target)),
  )
  expect(broken).toEqual([])
})

describe('what stands around the examples is sound', () => {
  test('around.yaml', async () => {
    expect((await validation([join(docs, 'around.yaml')], { least: 'info', hide: [] })).text).toBe(
      'nothing to report\n',
    )
  })
})

describe.each(allCodes.filter((code) => existsSync(join(docs, `${code}.md`))))('%s', (code) => {
  const page = pageOf(code)

  test('the page begins with its code and severity, and says why it matters', () => {
    expect(page.startsWith(`# \`${code}\`\n\n*${rowOf(code).severity}`)).toBe(true)
    expect(page).toContain('\n## Why it matters\n')
  })

  test.skipIf(code in withoutExample)('the wrong example gives what the page shows', async () => {
    const { text, found } = await validated(blocks(page, 'yaml')[0] ?? '', page)
    expect(found.map(({ diagnostic }) => diagnostic.code)).toContain(code)
    await expect(
      page.replace(/(```console\n.*\n)[^]*?```/, (_, command: string) => `${command}${text}\`\`\``),
    ).toMatchFileSnapshot(join(docs, `${code}.md`))
  })

  test.runIf(code in withoutExample || describedRemedy.includes(code))('the page says what to do', () => {
    expect(page).toContain('\n## Fix\n')
  })

  test.skipIf(code in withoutExample || describedRemedy.includes(code))(
    'the right example does not',
    async () => {
      expect(blocks(page, 'yaml')).toHaveLength(2)
      const { found } = await validated(blocks(page, 'yaml')[1] ?? '', page)
      expect(
        found
          .filter(({ diagnostic }) => diagnostic.code === code || diagnostic.severity !== 'info')
          .map(({ diagnostic }) => diagnostic),
      ).toEqual([])
    },
  )
})
