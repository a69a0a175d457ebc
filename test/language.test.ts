import { describe, expect, test } from 'vitest'
import { comments, messages, paragraphs } from './support/prose.ts'
import type { Prose } from './support/prose.ts'

/** Phrases that read twice, each with the words to write instead. */
const banned: readonly (readonly [RegExp, string])[] = [
  [
    /(?:^|[.;!?] )(?:Of|What|Those|Whose|Whoever|That which)\b(?! (?:is|are|it|to)\b[^.]*\?)/,
    'begin with the subject: who does what',
  ],
  [/(?:^|[.!?] )As (?:it|they|he|this|that|these|no|there|its|a|an|the)\b/, 'write "because"'],
  [/\banew\b/, 'write "again"'],
  [/\bof late\b/, 'write "recently"'],
  [/\bbut for\b/, 'write "except"'],
  [/\bbesides\b/i, 'write "also"'],
  [/\b(?:go|goes|going|gone|went|do|does|done) without\b/, 'write "has no", or "is skipped"'],
  [/\bnobody's\b|\bwhose it is\b/, 'write "not owned", or "the owner"'],
  [/\binformations?\b(?= (?:is|are|and|or|only)\b|[,.;]|$)|\ban information\b/, 'write "notes"'],
  [/\b(?:is|are|was|were|be|been) (?:told|said|asked)\b/, 'say who reports or requests it: "… is reported"'],
  [/\b(?:is|are|was|were|be|been) asked for\b/, 'write "is requested", or "is named"'],
  [/\b(?:stands?|stood|standing) (?:for|in|there|at|beside|behind|as)\b/, 'write "is", "means" or "appears"'],
  [/\blets? (?:it |them |everything |nothing |\w+ )?through\b/, 'write "allows"'],
  [/\b(?:[Rr]ejects|[Tt]hrows|[Uu]ndefined|[Ff]alse|[Tt]rue|none) where\b/, 'write "if"'],
  [/\bas (?:it|they) stands?\b/, 'write "unchanged"'],
  [/\b(?:first|second|last|closest|newest|oldest)(?: one)? counts\b/, 'write "applies", or "wins"'],
  [/\btold\b/, 'write "reported"'],
  [/\bleads? nowhere\b/, 'write "has no endpoint", or "does not exist"'],
  [/\bwhere there (?:is|are) (?:none|no)\b/, 'write "if there is none"'],
  [
    /(?<!\bthere )\b(?:is|are|was|were) no (?!longer|more|less|other|better|worse)[a-z]+\b(?! (?:for|in|of|to|with|on|at|that|left|here|there|which|by)\b)/,
    'write "is not a …"',
  ],
  [/\bnothing (?:is|are) (?:said|told)\b/, 'write "no message is shown"'],
]

/** How many there still are. The numbers only ever fall. */
const notYet = { comments: 0, messages: 0, docs: 0 }

function faults(texts: readonly Prose[]): readonly string[] {
  return texts.flatMap(({ file, line, text }) =>
    banned.flatMap(([phrase, instead]) => {
      const found = phrase.exec(text)
      if (found === null) return []
      const around = text.slice(Math.max(0, found.index - 30), found.index + found[0].length + 30)
      return [`${file}:${line} "…${around}…": ${instead}`]
    }),
  )
}

describe('a sentence is read once', () => {
  test.each([
    ['comments', () => comments('src', 'bench', 'test', 'examples')],
    ['messages', () => messages('src')],
    [
      'docs',
      () =>
        paragraphs(
          '*.md',
          'docs/**/*.md',
          'bench/**/*.md',
          'examples/**/*.md',
          'src/**/*.md',
          'deploy/**/*.md',
        ),
    ],
  ] as const)('%s use no phrase that reads twice', (kind, texts) => {
    const found = faults(texts())
    expect(found.length <= notYet[kind] ? [] : found).toEqual([])
  })
})
