import { foreignName, foreignText, printable } from '../../diagnostics/foreign-text.ts'
import { resourceTypes } from '../../xds/resource-types.ts'
import type { TypeName } from '../../xds/resource-types.ts'
import type {
  DeniedStatus,
  ProxyStatus,
  RefusedOrigin,
  RefusedResource,
  StatusReport,
  TypeStatus,
} from '../../observe/status-report.ts'

/**
 * For people: a line of counts, a table with a row for each proxy, and each rejected resource at its lines.
 */
export function renderStatus(report: StatusReport): string {
  const refusals = report.proxies.flatMap((proxy) => proxy.types.flatMap((type) => refusalLines(proxy, type)))
  const all = [
    summary(report),
    ...(report.outage === undefined
      ? []
      : [`OUTAGE: ${foreignText(report.outage, longestReason)}; the last good state is served`]),
    '',
    ...table(report.proxies),
    ...(report.denied ?? []).flatMap(denialLines),
    ...refusals,
  ]
  return `${all.map(printable).join('\n').trimEnd()}\n`
}

function summary({ counts, diagnostics, proxies }: StatusReport): string {
  const standing = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
  const found = Object.entries(diagnostics)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`)
  const connected = proxies.length === 1 ? '1 proxy' : `${proxies.length} proxies`
  return (
    `${[connected, ...standing].join(', ')}; configuration: ` +
    (found.length === 0 ? 'nothing to report' : found.join(', '))
  )
}

function table(proxies: readonly ProxyStatus[]): readonly string[] {
  if (proxies.length === 0) return ['no proxy is connected']
  const types = resourceTypes
    .map(({ name }) => name)
    .filter((name) => proxies.some((proxy) => proxy.types.some(({ type }) => type === name)))
  const head = ['PROXY', 'MODE', 'SCOPE', 'CONNECTED SINCE', ...types.map((type) => type.toUpperCase())]
  const rows = proxies.map((proxy) => [
    nameOf(proxy),
    proxy.mode,
    `${proxy.role} in ${foreignName(proxy.namespace)}`,
    proxy.connectedSince.replace(/\.\d+Z$/, 'Z'),
    ...types.map((type) => cell(proxy, type)),
  ])
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function denialLines({ address, proxy, reason, times, last }: DeniedStatus): readonly string[] {
  return [
    '',
    `DENIED  ${proxy === undefined ? address : `${foreignName(proxy)} at ${address}`}, ` +
      `${times === 1 ? 'once' : `${times} times`}, last at ${last.replace(/\.\d+Z$/, 'Z')}`,
    `  ${foreignText(reason, longestReason)}`,
  ]
}

function cell(proxy: ProxyStatus, name: TypeName): string {
  const found = proxy.types.find(({ type }) => type === name)
  return found === undefined ? '-' : `${found.status} ${found.held}`
}

function refusalLines(proxy: ProxyStatus, { type, refusal }: TypeStatus): readonly string[] {
  if (refusal === undefined) return []
  const resources = refusal.resources.slice(0, mostListed)
  return [
    '',
    `NACKED  ${nameOf(proxy)} refused ${type} at ${refusal.at}; it keeps its last good configuration`,
    `  it says: ${foreignText(refusal.message, longestReason)}`,
    ...resources.flatMap((resource) => resourceLines(type, resource)),
    ...more(refusal.resources.length, 'resources'),
  ]
}

function resourceLines(type: TypeName, { name, origins }: RefusedResource): readonly string[] {
  if (origins.length === 0) return [`  ${type} ${name}`]
  return [
    ...origins
      .slice(0, mostListed)
      .map((origin) => `  ${placeOf(origin)}${type} ${name}, made from ${origin.object}`),
    ...more(origins.length, `lines of ${type} ${name}`),
  ]
}

const mostListed = 10
/** Characters of what a proxy says, or of why it was turned away: the control plane has cut it already. */
const longestReason = 800

function more(count: number, what: string): readonly string[] {
  return count > mostListed ? [`  … and ${count - mostListed} more ${what} (-o json has all)`] : []
}

function placeOf({ file, line, column }: RefusedOrigin): string {
  return file === undefined ? '' : `${file}:${line}:${column}  `
}

function nameOf({ id, stream }: ProxyStatus): string {
  return id === '' ? `#${stream}` : foreignName(id)
}
