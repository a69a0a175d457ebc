import { Document, isMap, isNode, isSeq } from 'yaml'
import type { Node } from 'yaml'
import { objectName } from '../diagnostics/diagnostic.ts'
import type { FieldPath, ObjectId } from '../diagnostics/diagnostic.ts'
import type { Conversion } from './conversion.ts'
import type { RenderedObject } from './rendered.ts'

/** The written objects as YAML documents, with all comments. */
export function conversionText({ objects, comments, given, kept, replaced }: Conversion): string {
  const head = [
    ...listed('Taken as given, and not repeated:', given),
    ...listed('In this dialect already, and left as they are:', kept),
    ...listed('Rendered again, in place of:', replaced),
    ...comments.flatMap((text) => wrapped(text)),
  ]
  const documents = objects.map(documentText)
  return [...head.map((line) => `# ${line}\n`), documents.join('---\n')].join('')
}

/** The number of settings that could not be carried. */
export function commentCount({ objects, comments }: Conversion): number {
  return comments.length + objects.reduce((sum, each) => sum + each.comments.length, 0)
}

/** The number of comments about requests that would fail, or lose their TLS, with the written objects. */
export function failureCount({ objects, comments }: Conversion): number {
  const texts = [...comments, ...objects.flatMap((each) => each.comments.map(({ text }) => text))]
  return texts.filter((text) =>
    /\b(?:is|are) answered with 50[03]\b(?! instead of 404)|\bin plain text\b/.test(text),
  ).length
}

const width = 110

function listed(title: string, objects: readonly ObjectId[]): readonly string[] {
  if (objects.length === 0) return []
  const byKind = [...Map.groupBy(objects, ({ kind }) => kind)].map(
    ([kind, group]) => `${kind} ${group.map(objectName).join(', ')}`,
  )
  return wrapped(`${title} ${byKind.join('; ')}`)
}

function documentText({ object, comments }: RenderedObject): string {
  const document = new Document(object, { aliasDuplicateObjects: false })
  for (const { path, text } of comments) {
    const node = commentedNode(document, path)
    const lines = wrapped(text)
      .map((line) => ` ${line}`)
      .join('\n')
    if (node === undefined) document.commentBefore = joined(document.commentBefore, lines)
    else node.commentBefore = joined(node.commentBefore, lines)
  }
  return document.toString({ lineWidth: 0 })
}

function joined(before: string | null | undefined, lines: string): string {
  return before === null || before === undefined ? lines : `${before}\n${lines}`
}

/**
 * The node that a comment on the path precedes: the name of the field, or the element of a list; undefined
 * for the whole.
 */
function commentedNode(document: Document, path: FieldPath): Node | undefined {
  let node: unknown = document.contents
  let found: Node | undefined
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(step))
      if (pair === undefined) return found
      if (isNode(pair.key)) found = pair.key
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(step)]
      if (!isNode(item)) return found
      found = item
      node = item
    } else return found
  }
  return found
}

function wrapped(text: string): readonly string[] {
  return text.split(/\s+/).reduce<readonly string[]>((lines, word) => {
    const last = lines.at(-1)
    return last === undefined || last.length + word.length >= width
      ? [...lines, word]
      : [...lines.slice(0, -1), `${last} ${word}`]
  }, [])
}
