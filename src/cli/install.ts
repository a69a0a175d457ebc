import { dialects } from '../dialects/index.ts'
import { pinnedRelease } from '../envoy/release.ts'
import { installation, renderObjects } from '../install/render.ts'
import type { InstallSettings } from '../install/settings.ts'
import { UsageError } from '../errors.ts'
import { installedByDefault } from './install-command.ts'

/** The flags of the command, as `install-command.ts` reads them. */
export interface InstallFlags extends Pick<
  InstallSettings,
  'namespace' | 'image' | 'maxConnectionAge' | 'tls'
> {
  readonly print?: true
  readonly replicas: number
  readonly gatewayNamespace: string
}

/** The kind of the control plane's own objects: taps. */
const ownGroup = 'shadowplane.io'

const { gatewayNamespace: defaultGatewayNamespace, ...controlPlane } = installedByDefault

/** The settings of an installation without flags; deploy/ is made from them. */
export const defaultInstallation: InstallSettings = {
  ...controlPlane,
  kinds: dialects.flatMap(({ kinds }) => kinds).filter(({ group }) => group !== ownGroup),
  gateway: {
    namespace: defaultGatewayNamespace,
    image: `envoyproxy/envoy:v${pinnedRelease.version}`,
    replicas: 2,
  },
}

/** The output of the command. Throws UsageError for flags that contradict each other. */
export function renderInstallation({ print, gatewayNamespace, ...flags }: InstallFlags): string {
  if (print === undefined)
    throw new UsageError('install: add --print, and pass its output to "kubectl apply -f -"')
  const settings = {
    ...flags,
    kinds: defaultInstallation.kinds,
    gateway: { ...defaultInstallation.gateway, namespace: gatewayNamespace },
  }
  if (settings.namespace === gatewayNamespace)
    throw new UsageError(
      `--gateway-namespace ${gatewayNamespace}: the gateway needs a namespace of its own, whose ` +
        `certificates it is given`,
    )
  return renderObjects(installation(settings))
}
