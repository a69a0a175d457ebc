/** A mistake that somebody saves, as a change of the example's two VirtualServices. */
export interface Mistake {
  readonly name: string
  /**
   * `refused`: the last good version stays in force. `unresolved`: the new version is in force without that
   * mirror.
   */
  readonly kind: 'refused' | 'unresolved'
  readonly code: string
  readonly edit: (text: string) => string
  /**
   * The text that the diagnostic must point at: its first occurrence in the edited file; undefined: any place
   * in the second document.
   */
  readonly place: string | undefined
}

/** A second VirtualService of the file, for another host. */
const second = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: other
spec:
  hosts:
  - other.example
  gateways:
  - httpbin-gateway
  http:
  - route:
    - destination:
        host: httpbin
        port:
          number: 8000
        subset: v2
    mirror:
      host: httpbin.mirror.cluster-b
      port:
        number: 80
    mirrorPercentage:
      value: 25
`

/**
 * The file without a mistake: the example's VirtualService, and one for `other.example` that goes to v2 and
 * mirrors 25 %.
 */
export function withSecondDocument(example: string): string {
  return `${example.trimEnd()}\n${second}`
}

/**
 * Also changes something beside the mistake, to show whether a new version is in force: the first route then
 * adds this header.
 */
export const editHeader = { name: 'x-edit', value: 'new-version' }

export const mistakes: readonly Mistake[] = [
  {
    name: 'a percentage out of range',
    kind: 'refused',
    code: 'mirror/percentage-out-of-range',
    place: '150',
    edit: (text) => marked(text).replace('value: 50', 'value: 150'),
  },
  {
    name: 'an unknown subset',
    kind: 'unresolved',
    code: 'mirror/unknown-subset',
    place: 'nobody',
    edit: (text) =>
      marked(text).replace(
        '      host: httpbin.mirror.cluster-b\n',
        '      host: httpbin.mirror.cluster-b\n      subset: nobody\n',
      ),
  },
  {
    name: 'a wrong type inside a list',
    kind: 'refused',
    code: 'field/wrong-type',
    place: '7',
    edit: (text) => marked(text).replace("  - '*'\n", "  - '*'\n  - 7\n"),
  },
  {
    name: 'a misspelt field',
    kind: 'refused',
    code: 'field/unknown',
    place: 'mirrorPercentag:',
    edit: (text) => marked(text).replace('mirrorPercentage:', 'mirrorPercentag:'),
  },
  {
    name: 'broken YAML in the second document',
    kind: 'refused',
    code: 'yaml/syntax',
    place: undefined,
    edit: (text) =>
      text.replace('  - other.example\n', '  - [other.example\n').replace('value: 25', 'value: 75'),
  },
]

function marked(text: string): string {
  return text.replace(
    'value: 50\n',
    `value: 50\n    headers:\n      response:\n        set:\n          ${editHeader.name}: ` +
      `${editHeader.value}\n`,
  )
}
