import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { finding } from '../../diagnostics/finding.ts'
import { splitDocuments } from '../../manifest/document.ts'
import { parseEmbedded } from '../../manifest/embedded.ts'
import { isJsonObject } from '../../manifest/message.ts'
import type { Json, Manifest } from '../../manifest/manifest.ts'
import { nodeValue, UnreadableNode } from '../../manifest/node-value.ts'

const configAnnotation = 'getambassador.io/config'

/**
 * Reports that Mappings and other objects in the annotation `getambassador.io/config` are not read; Emissary
 * reads them on any object.
 */
export function configAnnotationFindings({ id, annotations }: Manifest): readonly Diagnostic[] {
  const text = annotations[configAnnotation]
  if (text === undefined || text.trim() === '') return []
  const named = splitDocuments(text).flatMap((document) => namesIn(document.text))
  return [
    finding(
      'annotation/unread',
      { object: id, path: ['metadata', 'annotations', configAnnotation], part: 'key' },
      {
        message:
          `the annotation ${configAnnotation} is not read, so what it holds is not ` +
          `served${named.length === 0 ? '' : `: ${listed(named)}`}`,
        hint:
          'write each as an object of its own, with apiVersion: getambassador.io/v2, metadata.name ' +
          'and spec',
      },
    ),
  ]
}

const mostNamed = 3

function listed(names: readonly string[]): string {
  const rest = names.length - mostNamed
  return `${names.slice(0, mostNamed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** `Mapping orders`; nothing for a text that cannot be read. */
function namesIn(text: string): readonly string[] {
  const value = valueOf(text)
  if (!isJsonObject(value)) return []
  const { kind, name } = value
  return typeof kind === 'string' && typeof name === 'string' ? [`${kind} ${name}`] : []
}

function valueOf(text: string): Json {
  const document = parseEmbedded(text)
  if (document.errors.length > 0) return null
  try {
    return nodeValue(document.contents).value
  } catch (thrown) {
    if (thrown instanceof UnreadableNode) return null
    throw thrown
  }
}
