import { z } from 'zod'
import { durationSchema } from '../../../manifest/duration.ts'
import { message, parts } from '../../../manifest/message.ts'
import { nonEmpty, oneLine } from '../../reading/constraint.ts'
import { formatMistake } from '../../reading/header-format.ts'
import { regex } from '../../reading/regex.ts'
import { ambassadorId } from '../ambassador-id.ts'
import { parseServiceName } from '../service-name.ts'

const milliseconds = z.number().int().min(0).max(2_147_483_647)
const count = z.number().int().min(0).max(2_147_483_647)

/** RFC 9110 section 5.1; a pseudo header too. */
const matchedName = z.string().regex(/^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, {
  message: 'must be the name of a header: letters, digits and -',
})

/** Envoy lets neither pseudo headers nor Host be changed so: it would refuse every route sent along. */
const changedName = z.string().regex(/^(?!host$)[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/i, {
  message: 'must be the name of a header other than host: letters, digits and -',
})

const headerValue = oneLine.superRefine((text, context) => {
  const mistake = formatMistake(text)
  if (mistake !== undefined)
    context.addIssue({ code: 'custom', message: mistake.message, params: { hint: mistake.hint } })
})

const addedHeaders = z.record(
  changedName,
  z.union([
    headerValue,
    message({
      value: headerValue.optional(),
      append: z.boolean().optional(),
      v2Representation: z.string().optional(),
    }),
  ]),
)
const removedHeaders = z.union([changedName, z.array(changedName)])

/** v2 writes `true` for "is present"; v3alpha1 lists such names separately, in v2BoolHeaders. */
const matches = <N extends z.ZodString>(name: N) => z.record(name, z.union([z.string(), z.literal(true)]))

const regexMap = message({ pattern: regex, substitution: z.string().optional() })
const list = z.union([z.string(), z.array(z.string())])

const cors = message({
  origins: list.optional(),
  methods: list.optional(),
  headers: list.optional(),
  exposed_headers: list.optional(),
  credentials: z.boolean().optional(),
  max_age: z
    .string()
    .regex(/^\d{1,9}$/, { message: 'must be seconds, as in "86400"' })
    .optional(),
  v2CommaSeparatedOrigins: z.boolean().optional(),
})

const retryPolicy = message({
  retry_on: z.enum([
    '5xx',
    'gateway-error',
    'connect-failure',
    'retriable-4xx',
    'refused-stream',
    'retriable-status-codes',
  ]),
  num_retries: count.optional(),
  per_try_timeout: durationSchema.optional(),
})

const circuitBreaker = message({
  priority: z.enum(['default', 'high']).optional(),
  max_connections: count.optional(),
  max_pending_requests: count.optional(),
  max_requests: count.optional(),
  max_retries: count.optional(),
})

const loadBalancer = message({
  policy: z.enum(['round_robin', 'least_request', 'ring_hash', 'maglev']),
  cookie: message({ name: nonEmpty, path: z.string().optional(), ttl: durationSchema.optional() }).optional(),
  header: nonEmpty.optional(),
  source_ip: z.boolean().optional(),
}).superRefine((value, context) => {
  const given = (['cookie', 'header', 'source_ip'] as const).filter((each) => value[each] !== undefined)
  const wanted = value.policy === 'ring_hash' || value.policy === 'maglev' ? 1 : 0
  if (given.length !== wanted)
    context.addIssue({
      code: 'custom',
      message:
        `has ${given.join(' and ') || 'none'} of cookie, header and source_ip, must have ` +
        `${wanted === 1 ? 'one of them' : 'none'} with policy ${value.policy}`,
    })
})

const keepalive = message({
  probes: count.optional(),
  idle_time: count.optional(),
  interval: count.optional(),
})

const unread = z.unknown().optional()

/** getambassador.io Mapping: v3alpha1, v2, and v1, which is the same as v2. */
export const mappingSpec = message({
  ambassador_id: ambassadorId.optional(),
  prefix: oneLine.min(1),
  prefix_exact: z.boolean().optional(),
  prefix_regex: z.boolean().optional(),
  service: z.string().refine((text) => parseServiceName(text) !== undefined, {
    message: 'must be the name of a service, as in http://reviews.shop:8080',
  }),
  hostname: oneLine.min(1).optional(),
  host: oneLine.optional(),
  host_regex: z.boolean().optional(),
  method: z.string().min(1).optional(),
  method_regex: z.boolean().optional(),
  headers: matches(matchedName).optional(),
  regex_headers: z.record(matchedName, regex).optional(),
  v2BoolHeaders: z.array(z.string()).optional(),
  query_parameters: matches(z.string().min(1).max(1024)).optional(),
  regex_query_parameters: z.record(z.string().min(1).max(1024), regex).optional(),
  v2BoolQueryParameters: z.array(z.string()).optional(),
  case_sensitive: z.boolean().optional(),
  precedence: z.number().int().min(-2_147_483_648).max(2_147_483_647).optional(),
  rewrite: oneLine.optional(),
  regex_rewrite: regexMap.optional(),
  host_rewrite: oneLine.optional(),
  auto_host_rewrite: z.boolean().optional(),
  timeout_ms: milliseconds.optional(),
  connect_timeout_ms: milliseconds.min(1).optional(),
  cluster_idle_timeout_ms: milliseconds.optional(),
  cluster_max_connection_lifetime_ms: milliseconds.optional(),
  retry_policy: retryPolicy.optional(),
  add_request_headers: addedHeaders.optional(),
  add_response_headers: addedHeaders.optional(),
  remove_request_headers: removedHeaders.optional(),
  remove_response_headers: removedHeaders.optional(),
  host_redirect: z.boolean().optional(),
  path_redirect: oneLine.optional(),
  prefix_redirect: oneLine.optional(),
  regex_redirect: regexMap.optional(),
  redirect_response_code: z.literal([301, 302, 303, 307, 308]).optional(),
  weight: z.number().int().optional(),
  shadow: z.boolean().optional(),
  cors: cors.optional(),
  tls: z.union([z.string(), z.boolean()]).optional(),
  grpc: z.boolean().optional(),
  circuit_breakers: parts(circuitBreaker).optional(),
  load_balancer: loadBalancer.optional(),
  keepalive: keepalive.optional(),
  cluster_tag: z.string().optional(),
  allow_upgrade: z.array(z.string()).optional(),
  use_websocket: z.boolean().optional(),
  // Without effect here, since they are for services, statistics or pages of Emissary's own.
  auth_context_extensions: unread,
  bypass_auth: unread,
  bypass_error_response_overrides: unread,
  docs: unread,
  labels: unread,
  modules: unread,
  stats_name: unread,
  v2ExplicitTLS: unread,
  // Reported as unsupported if they are present.
  add_linkerd_headers: unread,
  dns_type: unread,
  enable_ipv4: unread,
  enable_ipv6: unread,
  envoy_override: unread,
  error_response_overrides: unread,
  health_checks: unread,
  idle_timeout_ms: unread,
  outlier_detection: unread,
  priority: unread,
  rate_limits: unread,
  resolver: unread,
  respect_dns_ttl: unread,
}).superRefine((spec, context) => {
  const patterns = [
    ['prefix', spec.prefix_regex, spec.prefix],
    ['method', spec.method_regex, spec.method],
    ['host', spec.host_regex, spec.host],
  ] as const
  for (const [field, isRegex, pattern] of patterns) {
    const mistake =
      isRegex === true && pattern !== undefined ? regex.safeParse(pattern).error?.issues[0] : undefined
    if (mistake !== undefined) context.addIssue({ code: 'custom', path: [field], message: mistake.message })
  }
})

export type MappingSpec = z.infer<typeof mappingSpec>

/** Fields that Envoy could act on, and we do not. */
export const unsupportedFields = [
  'add_linkerd_headers',
  'dns_type',
  'enable_ipv4',
  'enable_ipv6',
  'envoy_override',
  'error_response_overrides',
  'health_checks',
  'idle_timeout_ms',
  'outlier_detection',
  'priority',
  'rate_limits',
  'resolver',
  'respect_dns_ttl',
] as const satisfies readonly (keyof MappingSpec)[]

/**
 * The parts that can be left out separately. A mistake in `weight` or `shadow` rejects the Mapping: it must
 * not become a copy of everything.
 */
export const removableParts = [
  'cors',
  'retryPolicy',
  'addRequestHeaders.*',
  'addResponseHeaders.*',
  'removeRequestHeaders',
  'removeResponseHeaders',
  'circuitBreakers.*',
  'loadBalancer',
  'keepalive',
  'timeoutMs',
  'connectTimeoutMs',
  'clusterIdleTimeoutMs',
  'clusterMaxConnectionLifetimeMs',
  'hostRewrite',
  'autoHostRewrite',
  'redirectResponseCode',
  'useWebsocket',
  'allowUpgrade',
]
