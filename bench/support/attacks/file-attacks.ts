import { writeFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Files for the directory that `serve` reads. */
export interface FileAttack {
  readonly what: string
  readonly put: (folder: string) => Promise<void>
}

const wrong = (index: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wrong-${index}, namespace: shop}
spec:
  hosts: [wrong-${index}]
  http:
  - route: [{destination: {host: service-1}}]
    mirror: {host: service-2}
    mirrorPercentage: {value: 150}
`

export const fileAttacks: Readonly<Record<string, FileAttack>> = {
  anchors: {
    what: 'a file with 20,000 anchors',
    put: (folder) =>
      writeFile(
        join(folder, 'anchors.yaml'),
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ` +
          `anchors}\ndata:\n${Array.from({ length: 20_000 }, (_, index) => `  key-${index}: &a${index} x\n`).join('')}`,
      ),
  },
  link: {
    what: 'a link to a tree of many directories',
    put: (folder) => symlink(join(import.meta.dirname, '../../../node_modules'), join(folder, 'tree')),
  },
  findings: {
    what: '10,000 VirtualServices with a mistake',
    put: (folder) =>
      writeFile(
        join(folder, 'wrong.yaml'),
        Array.from({ length: 10_000 }, (_, index) => wrong(index)).join('---\n'),
      ),
  },
}
