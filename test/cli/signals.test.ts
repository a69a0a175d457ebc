import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EnvoyDouble } from '../support/envoy-double.ts'
import { folderWith } from '../support/folder.ts'
import { running } from '../support/running.ts'
import type { Running } from '../support/running.ts'

interface Served {
  readonly serve: Running
  /** `host:port`. */
  readonly xds: string
  readonly admin: string
}

async function served(): Promise<Served> {
  const serve = running([
    'serve',
    '--config',
    folderWith({ 'a.yaml': '' }),
    '--listen',
    '127.0.0.1:0',
    '--admin',
    '127.0.0.1:0',
  ])
  await serve.until('its addresses', (text) => text.includes('admin on'))
  const [, xds = '', admin = ''] = /xDS on (\S+), admin on http:\/\/(\S+)/.exec(serve.stdout()) ?? []
  return { serve, xds, admin }
}

/** A connection of a client that sends this and never closes its side. */
async function silentClient(address: string, text = ''): Promise<Socket> {
  const [host = '', port] = address.split(':')
  const socket = connect({ host, port: Number(port), allowHalfOpen: true })
  onTestFinished(() => {
    socket.destroy()
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

describe('signals that ask for nothing', () => {
  test.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s is a line in the log, and proxies stay',
    async (signal) => {
      const { serve, xds } = await served()
      const proxy = new EnvoyDouble(xds, { mode: 'delta' })
      onTestFinished(() => proxy.close())
      await serve.until('the proxy', (text) => text.includes('proxy connected'))
      serve.signal(signal)
      await serve.until('the line', (text) => text.includes(`${signal}  `))
      expect(serve.stdout()).toMatch(
        new RegExp(
          `${signal} +nothing to reload: files, objects and the certificate of xDS are followed; flags ` +
            `are read at start\\n`,
        ),
      )
      expect(serve.stdout()).not.toContain('disconnected')
      expect(await serve.interrupt()).toBe(0)
      expect(serve.stderr()).toBe('')
    },
  )
})

describe('signals that end the control plane', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    '%s: proxies are asked to connect elsewhere, and the log says why',
    async (signal) => {
      const { serve, xds } = await served()
      const proxy = new EnvoyDouble(xds, { mode: 'sotw' })
      onTestFinished(() => proxy.close())
      await serve.until('the proxy', (text) => text.includes('proxy connected'))
      serve.signal(signal)
      expect(await proxy.client.status()).toMatchObject({
        code: 14,
        details: 'the control plane is shutting down',
      })
      expect(await serve.ended()).toBe(0)
      expect(serve.stdout()).toMatch(
        new RegExp(`shutting down       ${signal}: 1 proxy asked to connect elsewhere\\n`),
      )
    },
  )

  test.each(['SIGTERM', 'SIGQUIT'] as const)(
    '%s: clients that never close their side do not hold the process',
    async (signal) => {
      const { serve, xds, admin } = await served()
      const clients = await Promise.all([
        silentClient(xds),
        silentClient(xds, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        silentClient(admin),
        silentClient(admin, 'GET /status HTTP/1.1\r\nhost: a'),
      ])
      serve.signal(signal)
      expect(await serve.ended()).toBe(0)
      expect(clients.length).toBe(4)
    },
  )

  test('a second signal ends it at once', async () => {
    const { serve, xds } = await served()
    await silentClient(xds)
    serve.signal('SIGTERM')
    await serve.until('the first', (text) => text.includes('shutting down'))
    serve.signal('SIGINT')
    expect(await serve.ended()).toBe(130)
  })
})
