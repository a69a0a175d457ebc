import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '../../src/xds/proto.ts'
import { saveByRename } from './saved-file.ts'
import { serviceManifests } from './service-manifests.ts'

/**
 * A mesh on disk: so many services, each with an endpoint and a VirtualService that mirrors a share of its
 * requests to the next service.
 */
export interface MeshFleet {
  readonly folder: string
  /** Saves a VirtualService with another share, in parts per million, by renaming. */
  setShare(index: number, millionths: number): Promise<void>
  close(): Promise<void>
}

export async function writeMeshFleet(size: number): Promise<MeshFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowplane-mesh-'))
  await mkdir(join(folder, 'services'))
  for (let index = 0; index < size; index += 1) {
    await writeFile(
      join(folder, 'services', `service-${index}.yaml`),
      serviceManifests(
        `service-${index}`,
        `10.${Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`,
      ),
    )
    await writeFile(
      join(folder, virtualServiceFile(index)),
      mirroringVirtualService({ index, size, millionths: 500_000 }),
    )
  }
  return {
    folder,
    setShare: async (index, millionths) => {
      await saveByRename(
        join(folder, virtualServiceFile(index)),
        mirroringVirtualService({ index, size, millionths }),
      )
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/**
 * A share as it appears in a route, in hexadecimal: no response without the share contains it, if the share
 * is unique.
 */
export function shareNeedle(millionths: number): string {
  return encode('envoy.type.v3.FractionalPercent', {
    numerator: millionths,
    denominator: 'MILLION',
  }).toString('hex')
}

function virtualServiceFile(index: number): string {
  return `virtual-service-${index}.yaml`
}

export interface MirroringVirtualService {
  readonly index: number
  /** Number of proxies in the fleet. */
  readonly size: number
  readonly millionths: number
}

/** The text of a VirtualService as the fleet has it. */
export function mirroringVirtualService({ index, size, millionths }: MirroringVirtualService): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: service-${index}
spec:
  hosts:
  - service-${index}
  http:
  - route:
    - destination:
        host: service-${index}
    mirror:
      host: service-${(index + 1) % size}
    mirrorPercentage:
      value: ${millionths / 10_000}
`
}
