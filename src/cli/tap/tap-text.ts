import { isUtf8 } from 'node:buffer'
import { headerValue } from '../../record/recorded-request.ts'
import type { RecordedRequest } from '../../record/recorded-request.ts'
import { printable, printableJson } from '../../diagnostics/foreign-text.ts'
import type { Message } from '../../xds/proto.ts'

/** One line of text: time, method, URL, headers, and the body as far as it was kept. */
export function renderLine({ time, method, url, headers, body, bodyLength, isCut }: RecordedRequest): string {
  const host = headerValue(headers, 'host')
  const where = url.startsWith('/') && host !== undefined ? `http://${host}${url}` : url
  const others = headers
    .filter(([name]) => name.toLowerCase() !== 'host')
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
  const shown =
    body.length === 0
      ? ''
      : isUtf8(body)
        ? ` ${JSON.stringify(body.toString())}`
        : ` base64 ${body.toString('base64')}`
  const cut = isCut ? ` (${body.length} of ${bodyLength} bytes)` : ''
  return `${printable(`${timeOf(time)} ${method} ${where} [${others}]${shown}${cut}`)}\n`
}

/** One JSON object on a line. A body that is not UTF-8 is base64 in `bodyBase64`. */
export function renderJson({ time, method, url, headers, body, bodyLength, isCut }: RecordedRequest): string {
  const shown = isUtf8(body) ? { body: body.toString() } : { bodyBase64: body.toString('base64') }
  const line = { time: timeOf(time), method, url, headers, ...shown, bodyLength, cut: isCut }
  return `${printableJson(JSON.stringify(line))}\n`
}

/** RFC 3339, to the microsecond. */
function timeOf(time: bigint): string {
  const fraction = String(time % 1_000_000_000n)
    .padStart(9, '0')
    .slice(0, 6)
  return new Date(Number(time / 1_000_000n)).toISOString().replace(/\.\d+Z$/, `.${fraction}Z`)
}

/** The state of a tap, in one line. */
export function standingLine(
  target: string,
  percent: number,
  { routes = 0, proxies = 0, inSync = 0 }: Message<'shadowplane.admin.v1.TapStanding'>,
): string {
  const count = `${routes} ${routes === 1 ? 'route' : 'routes'}`
  const held =
    proxies === 0
      ? 'no proxy is connected'
      : `${inSync} of ${proxies} ${proxies === 1 ? 'proxy' : 'proxies'} in sync`
  return `tapping ${target} at ${percent} %: ${count}, ${held}`
}
