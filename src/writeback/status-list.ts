import { ApiFailure } from '../kubernetes/failure.ts'
import type { KubernetesApi } from '../kubernetes/api.ts'
import { listPage } from '../kubernetes/list-page.ts'
import type { ListPage } from '../kubernetes/list-page.ts'
import type { JsonObject } from '../manifest/manifest.ts'

/** A list of the API whose objects may have a status of ours. */
export interface StatusList {
  readonly group: string
  readonly kind: string
  /** For example `/apis/gateway.networking.k8s.io/v1/httproutes`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

export interface ListReading {
  readonly api: KubernetesApi
  readonly tenure: AbortSignal
}

const objectsPerPage = '500'

/**
 * The objects of a list, page by page, as of the first page. If the pages expire on the way (410), all are
 * read again in one piece. Throws ApiFailure.
 */
export async function* pagesOf(
  list: StatusList,
  reading: ListReading,
): AsyncGenerator<readonly JsonObject[], void, undefined> {
  let next: string | undefined
  do {
    const page = await readPage(
      list,
      { limit: objectsPerPage, ...(next === undefined ? {} : { continue: next }) },
      reading,
    ).catch((thrown: unknown) => {
      if (next !== undefined && thrown instanceof ApiFailure && thrown.status === 410)
        return readPage(list, {}, reading)
      throw thrown
    })
    yield page.items
    next = page.more
  } while (next !== undefined)
}

async function readPage(
  { path, query }: StatusList,
  page: StatusList['query'],
  { api, tenure }: ListReading,
): Promise<ListPage> {
  const { value } = await api.request({ path, query: { ...query, ...page }, signal: tenure })
  return listPage(value)
}
