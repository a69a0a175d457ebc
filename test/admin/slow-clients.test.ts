import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createAuthority } from '../../bench/support/tls/certificate.ts'
import { freePort } from '../../bench/support/free-port.ts'
import { patience, within } from '../support/within.ts'
import { plane } from './plane.ts'

const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
])

/** The bytes that a client sends before it falls silent. */
const words: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  'half of its headers': 'GET /status HTTP/1.1\r\nhost: local',
  'half of its body':
    'POST /v1/taps HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ' +
    '100\r\n\r\n{',
  'half of the headers of its second request': 'GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\nGET /sta',
  'a preface of HTTP/2': preface,
  // A HEADERS frame of forty bytes, of which one comes.
  'half of its headers, over HTTP/2': Buffer.concat([
    preface,
    Buffer.from([0, 0, 40, 1, 4, 0, 0, 0, 1, 0x82]),
  ]),
}

/**
 * Resolves with the name when the server has closed the connection; an answer, such as 408, may come before.
 */
async function cutOff(port: number, name: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  onTestFinished(() => {
    socket.destroy()
  })
  socket.on('error', () => {}).resume()
  const closed = once(socket, 'close')
  socket.write(words[name] ?? '')
  await within(patience, `the end of the connection that sent ${name}`, closed)
  return name
}

test('a client that falls silent is cut off, wherever it stopped', async () => {
  const [plain, probes] = [await plane({}), await freePort()]
  const own = createAuthority('servers').issue({ name: 'admin', names: ['127.0.0.1'] })
  const secured = await plane(
    {},
    {
      probes: `127.0.0.1:${probes}`,
      adminAccess: { tls: { certificate: own.certificate, key: own.privateKey } },
    },
  )
  const portOf = (address: string): number => Number(address.split(':')[1])
  const names = Object.keys(words)
  expect(await Promise.all(names.map((name) => cutOff(portOf(plain.adminAddress), name)))).toEqual(names)
  expect(await cutOff(portOf(secured.adminAddress), 'nothing')).toBe('nothing')
  expect(await cutOff(probes, 'half of its headers')).toBe('half of its headers')
})

test('a request over HTTP/2 that does not become whole is cancelled', async () => {
  const { adminAddress } = await plane({})
  const session = connectHttp2(`http://${adminAddress}`)
  onTestFinished(() => {
    session.destroy()
  })
  session.on('error', () => {})
  const json = session.request(
    { ':method': 'POST', ':path': '/v1/taps', 'content-type': 'application/json' },
    { endStream: false },
  )
  const grpc = session.request(
    {
      ':method': 'POST',
      ':path': '/shadowplane.admin.v1.Taps/ListTaps',
      'content-type': 'application/grpc',
      te: 'trailers',
    },
    { endStream: false },
  )
  const closed = [json, grpc].map((stream) =>
    within(patience, 'the end of the stream', once(stream.on('error', () => {}).resume(), 'close')),
  )
  json.write('{')
  grpc.write(Buffer.from([0, 0, 0]))
  await Promise.all(closed)
  expect([json.rstCode, grpc.rstCode]).toEqual([constants.NGHTTP2_CANCEL, constants.NGHTTP2_CANCEL])
})
