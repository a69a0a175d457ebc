import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addXdsFlags, openPortWarning, xdsOf } from '../../src/cli/flags/xds-flags.ts'
import type { XdsFlags } from '../../src/cli/flags/xds-flags.ts'
import { UsageError } from '../../src/errors.ts'

function flags(...args: readonly string[]): XdsFlags {
  const command = addXdsFlags(new Command().option('--listen <host:port>', '', '127.0.0.1:18000'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  return command.parse(args, { from: 'user' }).opts()
}

const pair = ['--xds-cert', 'tls.crt', '--xds-key', 'tls.key']

test.each([
  [[], { identity: { kind: 'none' } }],
  [[...pair], { tls: { certificate: 'tls.crt', key: 'tls.key' }, identity: { kind: 'none' } }],
  [
    [...pair, '--xds-client-ca', 'ca.crt'],
    {
      tls: { certificate: 'tls.crt', key: 'tls.key', clientCa: 'ca.crt' },
      identity: { kind: 'certificate', trustDomain: 'cluster.local' },
    },
  ],
  [
    [...pair, '--xds-client-ca', 'ca.crt', '--trust-domain', 'td'],
    { identity: { kind: 'certificate', trustDomain: 'td' } },
  ],
  [[...pair, '--xds-client-ca', 'ca.crt', '--proxy-identity', 'none'], { identity: { kind: 'none' } }],
  [['--proxy-identity', 'token'], { identity: { kind: 'token', audience: 'shadowplane' } }],
  [['--max-connection-age', '30m'], { maxConnectionAge: 1_800_000 }],
])('%j', (args, xds) => {
  expect(xdsOf(flags(...args), 'cluster.local').xds).toMatchObject(xds)
})

test.each([
  [['--xds-cert', 'a'], '--xds-cert and --xds-key go together'],
  [
    ['--xds-client-ca', 'a'],
    '--xds-client-ca needs --xds-cert and --xds-key: proxies show certificates over TLS only',
  ],
  [
    ['--proxy-identity', 'certificate'],
    '--proxy-identity certificate needs --xds-client-ca: it names the trusted authorities',
  ],
  [['--trust-domain', 'td'], '--trust-domain is for --proxy-identity certificate'],
  [['--max-connection-age', '10'], '--max-connection-age 10: write a duration from 1s to 24h, as in 30m'],
  [['--max-connection-age', '25h'], '--max-connection-age 25h: write a duration from 1s to 24h, as in 30m'],
])('%j is explained', (args, message) => {
  expect(() => xdsOf(flags(...args), 'cluster.local')).toThrow(new UsageError(message))
})

test.each([
  [[], undefined],
  [['--listen', '[::1]:1'], undefined],
  [
    ['--listen', '0.0.0.0:1'],
    'every client of this port is served as a proxy of the namespace that it names',
  ],
  [['--listen', '0.0.0.0:1', ...pair], 'every client of this port'],
  [['--listen', '0.0.0.0:1', '--proxy-identity', 'token'], 'in plain text'],
  [['--listen', '0.0.0.0:1', ...pair, '--proxy-identity', 'token'], undefined],
  [['--listen', '0.0.0.0:1', ...pair, '--xds-client-ca', 'ca.crt'], undefined],
])('%j: what an operator should know', (args, warning) => {
  const given = flags(...args)
  const said = openPortWarning(given, xdsOf(given, 'cluster.local'))
  if (warning === undefined) expect(said).toBeUndefined()
  else expect(said).toContain(warning)
})
