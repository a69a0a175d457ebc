/**
 * Keys by which objects of this dialect find each other. An id is an `ambassador_id`: objects see each other
 * only if they share one.
 */
export const indexKey = {
  mappings: (id: string): string => `getambassador.io|mappings|${id}`,
  hosts: (id: string): string => `getambassador.io|hosts|${id}`,
  listeners: (id: string): string => `getambassador.io|listeners|${id}`,
  group: (id: string, key: string): string => `getambassador.io|group|${id}|${key}`,
  cluster: (name: string): string => `getambassador.io|cluster|${name}`,
}
