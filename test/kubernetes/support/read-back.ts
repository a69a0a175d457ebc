import type { Kubectl } from './kubectl.ts'

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
}

interface ObjectWithStatus {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string }
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly parents?: readonly {
      readonly controllerName: string
      readonly parentRef: { readonly name: string }
      readonly conditions: readonly Condition[]
    }[]
    readonly listeners?: readonly {
      readonly name: string
      readonly attachedRoutes: number
      readonly conditions: readonly Condition[]
    }[]
  }
}

interface EventObject {
  readonly type: string
  readonly reason: string
  readonly note: string
  readonly reportingController: string
  readonly regarding: {
    readonly kind: string
    readonly namespace?: string
    readonly name: string
    readonly uid: string
  }
}

/** Kinds whose status other controllers write. */
const others = new Set(['Namespace', 'Service', 'Pod', 'Deployment', 'EndpointSlice'])

/** The conditions of the objects in a folder, and our Events about them, a line each. */
export async function readBackOf(kubectl: Kubectl, folder: string): Promise<readonly string[]> {
  const list = async <T>(...args: readonly string[]): Promise<readonly T[]> => {
    const text = await kubectl('get', '--ignore-not-found', '-o', 'json', ...args)
    return text === '' ? [] : (JSON.parse(text) as { readonly items: readonly T[] }).items
  }
  const objects = await list<ObjectWithStatus>('-f', folder)
  const uids = new Set(objects.map(({ metadata }) => metadata.uid))
  const events = await list<EventObject>('events.events.k8s.io', '--all-namespaces')
  return [
    ...objects
      .filter(({ kind }) => !others.has(kind))
      .flatMap((object) =>
        conditionsOf(object).map((text) => `${nameOf(object.kind, object.metadata)} ${text}`),
      ),
    ...events
      .filter(
        ({ reportingController, regarding }) =>
          reportingController.startsWith('shadowplane.io/') && uids.has(regarding.uid),
      )
      .map(
        ({ type, reason, note, regarding }) =>
          `${nameOf(regarding.kind, regarding)} Event ${type} ${reason}: ${note}`,
      ),
  ]
}

function conditionsOf({ status = {} }: ObjectWithStatus): readonly string[] {
  const { conditions = [], parents = [], listeners = [] } = status
  return [
    ...(conditions.length === 0 ? [] : [shown(conditions)]),
    ...listeners.map(
      ({ name, attachedRoutes, conditions: each }) =>
        `listener ${name}, ${attachedRoutes} attached: ${shown(each)}`,
    ),
    ...parents.map(
      ({ controllerName, parentRef, conditions: each }) =>
        `at ${parentRef.name} by ${controllerName}: ${shown(each)}`,
    ),
  ]
}

function shown(conditions: readonly Condition[]): string {
  return conditions.map(({ type, status, reason }) => `${type} ${status} (${reason})`).join(', ')
}

function nameOf(
  kind: string,
  { namespace, name }: { readonly namespace?: string; readonly name: string },
): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}
