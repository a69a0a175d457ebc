import { readdir, readFile, readlink, stat } from 'node:fs/promises'

/** Whether a process has a file open for writing; `unknown` if one may that cannot be seen from here. */
export type Writers = 'none' | 'some' | 'unknown'

interface OpenFile {
  readonly dev: bigint
  readonly ino: bigint
  readonly uid: bigint
}

/**
 * Inode of Linux' initial PID namespace (PROC_PID_INIT_INO, include/linux/proc_ns.h): in any other one there
 * are processes that /proc does not list.
 */
const initialProcesses = 'pid:[4026531836]'

/**
 * Searches the open files of all processes (Linux, proc(5)) for one that may still write `path`. Never
 * rejects. Processes of other users are skipped if the file is our own. A container cannot see the writers of
 * a shared volume.
 */
export async function writersOf(path: string): Promise<Writers> {
  try {
    const file = await stat(path, { bigint: true })
    const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    let seen: Writers = (await isSharedVolume(file)) ? 'unknown' : 'none'
    for (const process of processes) {
      const found = await writesIn(`/proc/${process}`, file)
      if (found === 'some') return found
      if (found === 'unknown' && !isOurs(file)) seen = found
    }
    return seen
  } catch {
    return 'unknown'
  }
}

async function isSharedVolume(file: OpenFile): Promise<boolean> {
  return (
    (await readlink('/proc/self/ns/pid')) !== initialProcesses &&
    (await stat('/', { bigint: true })).dev !== file.dev
  )
}

function isOurs({ uid }: OpenFile): boolean {
  return Number(uid) === process.getuid?.()
}

async function writesIn(folder: string, file: OpenFile): Promise<Writers> {
  const descriptors = await readdir(`${folder}/fd`).catch((thrown: unknown) =>
    hasEnded(thrown) ? [] : undefined,
  )
  if (descriptors === undefined) return 'unknown'
  const writing = await Promise.all(descriptors.map((name) => isWriting(folder, name, file)))
  return writing.includes(true) ? 'some' : 'none'
}

/** False also for a descriptor that was closed since it was listed. */
async function isWriting(folder: string, descriptor: string, file: OpenFile): Promise<boolean> {
  const open = await stat(`${folder}/fd/${descriptor}`, { bigint: true }).catch(() => undefined)
  if (open === undefined || open.ino !== file.ino || open.dev !== file.dev) return false
  const info = await readFile(`${folder}/fdinfo/${descriptor}`, 'utf8').catch(() => '')
  // The two lowest bits are the access mode: O_WRONLY is 1, O_RDWR is 2.
  return (Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8) & 3) !== 0
}

function hasEnded(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ESRCH')
}
