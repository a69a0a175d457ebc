/**
 * Fields of Envoy's API that are newer than the .proto files of @grpc/grpc-js-xds. Each with the Envoy
 * release whose api/ folder defines it; the generate step fails when a newer package brings the field itself.
 */
export const newerFields = [
  {
    message: 'envoy.config.route.v3.RouteAction.RequestMirrorPolicy',
    field: 'request_headers_mutations',
    id: 7,
    type: 'envoy.config.common.mutation_rules.v3.HeaderMutation',
    rule: 'repeated',
    source: 'Envoy 1.36, api/envoy/config/route/v3/route_components.proto',
  },
  {
    message: 'envoy.config.route.v3.RouteAction.RequestMirrorPolicy',
    field: 'host_rewrite_literal',
    id: 8,
    type: 'string',
    source: 'Envoy 1.36, api/envoy/config/route/v3/route_components.proto',
  },
  {
    message: 'envoy.config.cluster.v3.Cluster',
    field: 'dns_jitter',
    id: 58,
    type: 'google.protobuf.Duration',
    source: 'Envoy 1.40, api/envoy/config/cluster/v3/cluster.proto',
  },
  {
    message: 'envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget',
    field: 'budget_interval',
    id: 3,
    type: 'google.protobuf.Duration',
    source: 'Envoy 1.39, api/envoy/config/cluster/v3/circuit_breaker.proto',
  },
  {
    message: 'envoy.extensions.http.injected_credentials.generic.v3.Generic',
    field: 'header_value_prefix',
    id: 3,
    type: 'string',
    source: 'Envoy 1.40, api/envoy/extensions/http/injected_credentials/generic/v3/generic.proto',
  },
]
