import { createPrivateKey, X509Certificate } from 'node:crypto'
import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSecureContext } from 'node:tls'
import { UsageError, errorText } from '../errors.ts'
import type { ServerTls, TlsSource } from '../server/tls.ts'

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
  readonly clientCa?: string
}

/**
 * The result of reading the files: the certificate in force and its expiry; with a problem, the certificate
 * from before.
 */
export interface CertificateNews {
  readonly until: string
  readonly problem?: string
}

export interface WatchedCertificate extends TlsSource {
  close(): void
}

/** For file systems that tell nothing. */
const lookAgain = 30_000 // milliseconds

/**
 * Reads a certificate, its key and the authorities of clients, and follows their files, also if a directory
 * above them is replaced, as in volumes of Kubernetes. Files that do not match each other, as in the middle
 * of a renewal, are ignored. Rejects with UsageError if the first reading finds nothing good.
 */
export async function openCertificateFiles(
  files: CertificateFiles,
  tell: (news: CertificateNews) => void,
): Promise<WatchedCertificate> {
  let current = await read(files).catch((error: unknown) => {
    throw new UsageError(`--xds-cert, --xds-key, --xds-client-ca: ${reasonOf(error)}`)
  })
  let problem: string | undefined
  let looking: Promise<void> | undefined
  const listeners = new Set<(tls: ServerTls) => void>()
  const look = async (): Promise<void> => {
    try {
      const next = await read(files)
      if (isEqual(next.tls, current.tls) && problem === undefined) return
      problem = undefined
      current = next
      for (const renewed of listeners) renewed(next.tls)
      tell({ until: next.until })
    } catch (error) {
      if (reasonOf(error) === problem) return
      problem = reasonOf(error)
      tell({ until: current.until, problem })
    }
  }
  // One after the other: of two that overlap, the older could win.
  const hint = (): void => {
    looking = (looking ?? Promise.resolve()).then(look)
  }
  const watchers = [
    ...new Set(
      [files.certificate, files.key, files.clientCa ?? files.certificate].map((file) => dirname(file)),
    ),
  ].flatMap((directory) => watching(directory, hint))
  const timer = setInterval(hint, lookAgain).unref()
  tell({ until: current.until })
  return {
    get current() {
      return current.tls
    },
    onChange: (renewed) => {
      listeners.add(renewed)
    },
    close() {
      clearInterval(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function watching(directory: string, hint: () => void): readonly FSWatcher[] {
  try {
    return [watch(directory, { persistent: false }, hint).on('error', () => {})]
  } catch {
    return []
  }
}

interface Loaded {
  readonly tls: ServerTls
  readonly until: string
}

/** Throws for what TLS would not take. */
async function read({
  certificate: certificateFile,
  key: keyFile,
  clientCa: clientCaFile,
}: CertificateFiles): Promise<Loaded> {
  const [certificate, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')])
  const leaf = parsed(certificateFile, () => new X509Certificate(certificate))
  if (!leaf.checkPrivateKey(parsed(keyFile, () => createPrivateKey(key))))
    throw new Error(`${keyFile} is not the key of ${certificateFile}`)
  createSecureContext({ cert: certificate, key })
  const until = new Date(leaf.validTo).toISOString()
  if (clientCaFile === undefined) return { tls: { certificate, key }, until }
  const clientCa = await readFile(clientCaFile, 'utf8')
  parsed(clientCaFile, () => [new X509Certificate(clientCa), createSecureContext({ ca: clientCa })])
  return { tls: { certificate, key, clientCa }, until }
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch {
    throw new Error(`${file} is not valid PEM of the expected kind`)
  }
}

function isEqual(a: ServerTls, b: ServerTls): boolean {
  return a.certificate === b.certificate && a.key === b.key && a.clientCa === b.clientCa
}

function reasonOf(error: unknown): string {
  return errorText(error)
}
