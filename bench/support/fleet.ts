import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { saveByRename } from './saved-file.ts'
import { serviceManifests } from './service-manifests.ts'

/**
 * A generated configuration on disk: one Gateway, and so many services, each with endpoints and a
 * VirtualService that mirrors to a shadow.
 */
export interface Fleet {
  readonly folder: string
  /** Saves a VirtualService with another percentage, by renaming. */
  setPercentage(index: number, value: number): Promise<void>
  /** Saves a file of the folder by renaming; its path is relative. */
  save(file: string, text: string): Promise<void>
  close(): Promise<void>
}

/** Percentage of every mirror at the start. */
export const initialPercentage = 50

export async function writeFleet(size: number): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-fleet-'))
  const save = async (file: string, text: string): Promise<void> => {
    await saveByRename(join(folder, file), text)
  }
  await mkdir(join(folder, 'services'))
  await writeFile(join(folder, 'gateway.yaml'), gateway)
  for (let index = 0; index < size; index += 1) {
    await writeFile(
      join(folder, 'services', `service-${index}.yaml`),
      [`service-${index}`, `service-${index}-shadow`]
        .map((name) => serviceManifests(name, '127.0.0.1'))
        .join('---\n'),
    )
    await writeFile(join(folder, virtualServiceFile(index)), virtualService(index, initialPercentage))
  }
  return {
    folder,
    save,
    setPercentage: (index, value) => save(virtualServiceFile(index), virtualService(index, value)),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

export function virtualServiceFile(index: number): string {
  return `virtual-service-${index}.yaml`
}

const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: ingress
spec:
  selector:
    istio: ingressgateway
  servers:
  - port:
      number: 80
      name: http
      protocol: HTTP
    hosts:
    - '*'
`

/** The text of a VirtualService as the fleet has it. */
export function virtualService(index: number, percentage: number): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: service-${index}
spec:
  hosts:
  - service-${index}.example
  gateways:
  - ingress
  http:
  - match:
    - uri:
        prefix: /api
    route:
    - destination:
        host: service-${index}
    mirror:
      host: service-${index}-shadow
    mirrorPercentage:
      value: ${percentage}
  - route:
    - destination:
        host: service-${index}
`
}
