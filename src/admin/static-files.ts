import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { etagOf } from './answer.ts'

/** A file as it is served: read once, so that no path of a request reaches the disk. */
export interface StaticFile {
  readonly mediaType: string
  readonly bytes: Buffer
  readonly etag: string
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}

/**
 * Reads all files of a folder, by their paths under `prefix`, such as `/` or `/page/`; `index.html` is served
 * at its folder. Rejects if the folder cannot be read, or a file's type is unknown.
 */
export async function staticFiles(
  folder: string,
  prefix: `/${string}`,
): Promise<ReadonlyMap<string, StaticFile>> {
  const files = new Map<string, StaticFile>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const mediaType = mediaTypes[extname(entry.name)]
    if (mediaType === undefined) throw new Error(`${file}: no media type is known for ${extname(entry.name)}`)
    const path = prefix + relative(folder, file).split(sep).join('/')
    files.set(path.replace(/(?<=\/)index\.html$/, ''), staticFile(await readFile(file), mediaType))
  }
  return files
}

export function staticFile(bytes: Buffer, mediaType: string): StaticFile {
  return { mediaType, bytes, etag: etagOf(bytes) }
}
