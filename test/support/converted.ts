import { convertibleOf } from '../../src/convert/convertible.ts'
import { commentCount, conversionText } from '../../src/convert/convert-text.ts'
import { defaultSettings } from '../../src/control-plane/config.ts'
import { convert } from '../../src/convert/conversion.ts'
import type { WritableName } from '../../src/convert/writable-names.ts'
import type { Conversion } from '../../src/convert/conversion.ts'
import type { Json, JsonObject } from '../../src/manifest/manifest.ts'
import { configure } from './configuration.ts'

export interface Converted {
  readonly text: string
  readonly lost: number
  /** `<path>: <text>` of each comment, those of the file first. */
  readonly comments: readonly string[]
  /** The `spec` of the objects of a kind, in order. */
  specs(kind: string): readonly JsonObject[]
  readonly conversion: Conversion
}

/** The objects of a text, written in the dialect. */
export function converted(text: string, to: WritableName): Converted {
  const conversion = convert(convertibleOf(configure(text).pipeline, defaultSettings), to)
  return {
    conversion,
    text: conversionText(conversion),
    lost: commentCount(conversion),
    comments: [
      ...conversion.comments,
      ...conversion.objects.flatMap(({ comments }) =>
        comments.map(({ path, text: said }) => `${path.join('.')}: ${said}`),
      ),
    ],
    specs: (kind) =>
      conversion.objects.flatMap(({ object }) =>
        object['kind'] === kind && isObject(object['spec']) ? [object['spec']] : [],
      ),
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== undefined && value !== null && typeof value === 'object' && !Array.isArray(value)
}
