import type { Json } from '../../src/manifest/manifest.ts'
import { ownPort } from './configuration-values.ts'

/** A value that a user could write by mistake. */
export interface OddValue {
  readonly value: Json
  /** `certainly`: a diagnostic must say so. `perhaps`: it may be sound, and then Envoy must accept what it becomes. */
  readonly wrong: 'certainly' | 'perhaps'
}

const certainly = (...values: readonly Json[]): readonly OddValue[] => values.map((value) => ({ value, wrong: 'certainly' }))
const perhaps = (...values: readonly Json[]): readonly OddValue[] => values.map((value) => ({ value, wrong: 'perhaps' }))

const huge = 'x'.repeat(70_000)

const strings = perhaps('', huge, 'ünïcödé', '漢字', 'two words', 'line\nbreak', 'carriage\rreturn', 'nul\u0000', 'bell\u0007', '\ud800', '..', '%', '%%', 'a|b', '/', '-', '-1', '{}', '"', '\\', 'a,b', '🙂', '\u202e', '\ufeff', 'x'.repeat(254), 'null', '@', '~', ' ', '#', '[::1]', 'a:b')

const invalidRegexes = certainly('(', '[a', '(?=x)', '\\1', 'a{1001}', 'x**', '(?<n', '\\p{Nonsense}', '(?P<a>x)(?P<a>y)', '*', 'a{2,1}', '\\8', ')', '(?>x)', '[z-a]', '\\xZZ', '\\')
const oddRegexes = perhaps('', '(a{1000}){1000}', '((a{100}){100}){100}', '\\C', '\\pN', '\\Q', '(?i)x', '(?U)x', '\\z', '\\Z', '\\h', '\\K', '[[:alpha:]]', '[[:foo:]]', 'a{,5}', `${'('.repeat(1001)}a${')'.repeat(1001)}`,
  `${'('.repeat(999)}a${')'.repeat(999)}`, '\\x{10FFFF}', '\\x{110000}', '\\0', '\\07', '(?s).*', 'a'.repeat(50_000), '\ud800', '\u0000', '\\p{Greek}', '\\p{Script=Greek}', '\\pL\\p{Lu}', '(?m)^a$', '\\bx\\B', '(?:)', '|', '[]a]', '[^]', '\\d{1000}', '(?P<é>x)', '(?<n>x)', '\\X', '(?-s).', '(?x) a', '\\u0041', '\\cA', '\\e', '[a&&b]', '\\p{L}{500}', '.{1000}', '\\R', '\\G', 'a++', 'a*+', 'a{1}{2}', '\\/', '\\_', '\\é', '[\\d-z]', '(?', '(?#comment)')

const headerValues = perhaps('%UNKNOWN%', '%COMMAND%', '%', '100%', '%REQ%', '%REQ()%', '%REQ(x)', '%REQ(x):abc%', '%REQ(x):0%', '%REQ(x?y?z)%', '%REQ(:path)%', '%RESP(x)%', '%TRAILER(x)%', '%START_TIME%', '%START_TIME(%s)%', '%START_TIME(%Ez)%', '%START_TIME(%99f)%', '%BYTES_RECEIVED%',
  '%DYNAMIC_METADATA(a:b)%', '%DYNAMIC_METADATA()%', '%DYNAMIC_METADATA%', '%UPSTREAM_METADATA(a)%', '%UPSTREAM_METADATA()%', '%UPSTREAM_METADATA%', '%UPSTREAM_METADATA([1])%', '%PER_REQUEST_STATE(x)%', '%PER_REQUEST_STATE()%', '%FILTER_STATE(x)%', '%FILTER_STATE(x:PLAIN)%', '%FILTER_STATE(x:FIELD:y)%', '%FILTER_STATE(x:NONSENSE)%', '%FILTER_STATE()%',
  '%ENVIRONMENT(X)%', '%ENVIRONMENT()%', '%ENVIRONMENT%', '%HOSTNAME%', '%CEL(request.path)%', '%METADATA(ROUTE:a:b)%', '%METADATA(NONSENSE:a)%', '%METADATA(ROUTE)%', '%REQ_WITHOUT_QUERY(x)%', '%REQUESTED_SERVER_NAME%', '%REQUESTED_SERVER_NAME(SNI_FIRST)%', '%REQUESTED_SERVER_NAME(X_Y)%', '%TRACE_ID%', '%STREAM_ID%', '%ROUTE_NAME%', '%VIRTUAL_CLUSTER_NAME%',
  '%DOWNSTREAM_PEER_URI_SAN%', '%DOWNSTREAM_PEER_CERT_V_START(%Y)%', '%DOWNSTREAM_PEER_CERT_V_START%', '%DURATION%', '%COMMON_DURATION(DS_RX_BEG:DS_RX_END:ms)%', '%COMMON_DURATION(a)%', '%GRPC_STATUS%', '%GRPC_STATUS(CAMEL_STRING)%', '%GRPC_STATUS(X)%', '%QUERY_PARAM(q)%', '%QUERY_PARAM()%', '%PATH(NQ:PATH)%', '%PATH(X)%', '%UNIQUE_ID%',
  '%RESPONSE_CODE_DETAILS%', '%RESPONSE_FLAGS%', '%RESPONSE_FLAGS_LONG%', '%COALESCE({"operators": ["HOSTNAME"]})%', '%COALESCE({})%', '%DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID%', '%UPSTREAM_REMOTE_ADDRESS%', '%EMIT_TIME%', '%CUSTOM_FLAGS%', '%SUBSTITUTION%', '%req(x)%', '%REQ(é)%', '%REQ(a b)%', '%%%', '%%%%', '%REQ(x)%%REQ(y)%', '%REQ(x)%%', '%PROTOCOL():3%', '%PROTOCOL:3%', '%RESPONSE_CODE(x)%', '%HOSTNAME(x)%',
  'line\nbreak', 'a\rb', 'nul\u0000', '\u007f', 'é', '\ud800', huge, '', ' leading', '\ttab')
const headerNames = ['', ' ', 'x y', 'é', ':path', ':odd', ':method', ':authority', ':scheme', 'host', 'Host', 'x:y', 'line\nbreak', 'content-length', 'transfer-encoding', 'connection', 'x_y', '@request.auth.claims.sub', '-', '__proto__', 'constructor', 'toString', 'x\u0000', huge, 'x'.repeat(255), 'a,b', '(x)', 'x-envoy-upstream-rq-timeout-ms', 'HOST ', '%REQ(x)%']
const mapKeys = ['', ' ', 'é', '__proto__', 'constructor', 'hasOwnProperty', 'a\nb', 'nul\u0000', 'x'.repeat(300), 'a/b/c', '*', 'two words', '\ud800']

const durations = [...certainly('abc', '-1s', '1d', '1', '999999999999999s', '1e3s', '∞s', 's'), ...perhaps('0s', '0.0000001s', '1ns', '0.0001s', '.5s', '315576000000s', '2147483648s', '4294967296s', '1h1m1s1ms', '18446744073709551616s')]
const enumerations = certainly('NONSENSE', 'simple', 'http3', 'ünïcödé')
const ports = [...certainly(-1, 65_536, 4_294_967_296, 1.5, 1e21, 'eighty', NaN), ...perhaps(0, ownPort(7))]
const integers = [...certainly(-1, 1.5, 4_294_967_296, 1e21, 'many', NaN, Infinity), ...perhaps(0, 1, 2_147_483_647, 2_147_483_648, 4_294_967_295)]
const percents = [...certainly(-1, 101, 1e300, 'half', NaN, -Infinity), ...perhaps(-0, 1e-300, 0.00001, 33.333333333, 100.0000000001)]
const doubles = [...certainly('half', true), ...perhaps(-1, 101, NaN, Infinity, 0, 1e300, 1e-300)]
const domains = perhaps('', huge, 'ünïcödé.localhost', 'two words', 'a..b', '.a', 'a.', '*.', '**.{id}.localhost', 'a.*.{id}.localhost', '*{id}.localhost', '*.*.{id}.localhost', '10.1.{ip4}', 'fd00:1::{ip6}', '[fd00:1::{ip6}]', 'http://x.{id}.localhost', 'x.{id}.localhost:80', 'x.{id}.localhost/y', '-', 'UPPER.{id}.LOCALHOST', 'x_y.{id}.localhost', 'x'.repeat(300), `${'x'.repeat(64)}.{id}.example`, 'line\nbreak', 'nul\u0000', 'a|b.{id}', '\ud800', '~', './x', '{ns}/', '/x', 'x@{id}', '%', '*-{id}')
const addresses = perhaps('', 'not an address', '256.1.1.1', '1.2.3', '10.0.0.1/33', '10.0.0.1/8', '::1%eth0', 'fe80::1%lo', '[::1]', '0.0.0.0', '::', '255.255.255.255', '127.0.0.1:80', 'unix:///x', 'unix://', 'unix://@', `unix:///${'x'.repeat(120)}`, 'unix://@x y', 'unix:///a/../b', 'unix:///nul\u0000', huge, 'é.localhost', 'x y', '*.x.{id}.localhost', '010.1.1.1', '0x7f.1', '1', '2130706433', 'line\nbreak', 'a..b', '-', '.', 'https://x')

const byKey: Readonly<Record<string, readonly OddValue[]>> = {
  regex: [...invalidRegexes, ...oddRegexes],
  host: domains, hosts: domains, sniHosts: domains, authority: domains, externalName: domains, sni: domains, subjectAltNames: domains,
  address: addresses, addresses, bind: addresses, clusterIP: addresses,
  value: percents, percent: percents, aggression: doubles, minimumPercent: doubles,
  port: ports, number: ports, targetPort: ports,
  ...Object.fromEntries(['timeout', 'perTryTimeout', 'backoff', 'fixedDelay', 'maxAge', 'connectTimeout', 'time', 'interval', 'maxConnectionDuration', 'idleTimeout', 'ttl', 'duration', 'warmupDurationSecs', 'baseEjectionTime'].map((key) => [key, durations])),
  ...Object.fromEntries(['mode', 'resolution', 'location', 'simple', 'h2UpgradePolicy', 'derivePort', 'unmatchedPreflights', 'minProtocolVersion', 'maxProtocolVersion', 'version'].map((key) => [key, enumerations])),
  retryOn: perhaps('nonsense', ',', '99', '600', '503,nonsense', '5xx ', 'retriable-headers', '', huge, '503.5', '1e3'),
  allowMethods: perhaps('get', 'NONSENSE', '', '*'), allowHeaders: perhaps('', 'x y', 'é', '*', ':path'),
  remove: perhaps(...headerNames),
  statPrefix: perhaps('', 'é', 'a.b', ';', huge, ' '),
  bytes: perhaps('?', 'aGk', 'aGVsbG8', '', 'aGVsbG8==', 'é', '_-=='),
  string: perhaps('', huge, 'x'.repeat(4096), 'x'.repeat(1_100_000), '\ud800', '\u0000', 'é'),
  body: perhaps({ string: 'a', bytes: 'YQ==' }, {}), rewrite: perhaps({}, '\\9', '\\', '\\\\1', '%', 'line\nbreak', 'nul\u0000', huge, { uri: 'x', uriRegexRewrite: { match: 'a', rewrite: 'b' } }),
  uri: perhaps('', 'no-slash', '/a b', 'line\nbreak', 'nul\u0000', '/é', huge, '//', 'http://x', '%', '?', '#', '/%00', '\ud800', { prefix: '' }, { exact: '' }, { regex: '' }, {}, { prefix: '/a', exact: '/b' }),
  prefixRewrite: perhaps('', 'line\nbreak', 'nul\u0000', huge, 'no-slash', '%', '?'), exact: [...strings], prefix: [...strings],
  locality: perhaps('', '/', '//', '///', 'a//b', 'é', '*', huge, 'a/b/c/d/e'), protocol: perhaps('', 'http', 'NONSENSE', 'udp', 'GRPC-WEB', 'é', 'TCP', 'HTTPS', 'TLS'),
  cipherSuites: perhaps('NONSENSE', '', 'é', 'TLS_AES_128_GCM_SHA256', '[ECDHE-RSA-AES128-GCM-SHA256|AES256-SHA]'), ecdhCurves: perhaps('NONSENSE', '', 'P256'),
  tableSize: perhaps(0, 1, 4, 65_536, 5_000_013), minimumRingSize: perhaps(8_388_609, 0), name: perhaps(...mapKeys, 'a|b', '*', 'ünïcödé'), subset: perhaps('V1', 'v 1', 'a|b', '', huge, 'nonsense'),
  credentialName: perhaps('', 'a/b', 'kubernetes://', 'kubernetes://a/b/c', 'é', 'line\nbreak', huge, 'configmap://x', 'invalid-{id}', '/etc/passwd', '../x'),
  verifyCertificateHash: perhaps('', 'zz', '00', `${'00:'.repeat(31)}00`), verifyCertificateSpki: perhaps('', 'zz'),
  appProtocol: perhaps('', 'NONSENSE', 'kubernetes.io/h2c', 'é'), status: perhaps(0, 100, 199, 600, 999), httpStatus: perhaps(0, 199, 600), grpcStatus: perhaps('NONSENSE', '', '14', 'unavailable'), redirectCode: perhaps(0, 300, 304, 305, 306, 399, 200),
  exportTo: perhaps('', '*', '.', '~', 'é', 'two words', 'NONSENSE'), gateways: perhaps('', 'nonsense', '/', 'a/b/c', 'mesh', './x', '*', 'é', '{ns}/'), from: perhaps('', '/', 'a//b', '*/*/*', 'é'),
}

/** What else a field of this name could hold; `inHeaders`: it is a value among header operations. */
export function oddValues(key: string, value: Json, inHeaders: boolean): readonly OddValue[] {
  if (inHeaders && typeof value === 'string') return headerValues
  const special = byKey[key]
  if (typeof value === 'number') return special ?? integers
  if (typeof value === 'string') return special === undefined ? strings : [...special, ...(special.some(({ wrong }) => wrong === 'certainly') ? [] : strings.filter(({ value: each }) => each !== '*'))]
  if (typeof value === 'boolean') return certainly('yes', 1, 'true')
  return special?.filter((each) => typeof each.value === 'object') ?? []
}

/** Names that something could have in a map: of headers, or of labels and the like. */
export function oddNames(inHeaders: boolean): readonly string[] {
  return inHeaders ? headerNames : mapKeys
}
