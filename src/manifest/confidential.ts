const secretKind = /["']?\bkind["']?\s*:\s*["']?Secret(List)?\b/

/** True for a text that holds a Kubernetes Secret, or may: its lines must not be shown. */
export function isConfidential(text: string): boolean {
  return secretKind.test(text) || text.includes('-----BEGIN ')
}

const named = /^(\s*(?:-\s+)*(?:"[^"]*"|'[^']*'|[\w./-]+)\s*:)(?=\s|$)/

/** A line without its value: `tls.key: …`. */
export function withoutValue(line: string): string {
  const name = named.exec(line)?.[1]
  if (name === undefined) return line.trim() === '' ? line : '…'
  return name.length === line.trimEnd().length ? name : `${name} …`
}
