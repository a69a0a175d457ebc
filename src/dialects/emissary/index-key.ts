/**
 * Keys under which objects of this dialect find each other. An id is an `ambassador_id`: what has none in
 * common does not exist for each other.
 */
export const indexKey = {
  mappings: (id: string): string => `getambassador.io|mappings|${id}`,
  hosts: (id: string): string => `getambassador.io|hosts|${id}`,
  listeners: (id: string): string => `getambassador.io|listeners|${id}`,
  group: (id: string, key: string): string => `getambassador.io|group|${id}|${key}`,
  cluster: (name: string): string => `getambassador.io|cluster|${name}`,
}
