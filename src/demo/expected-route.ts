/** The route that the example yields, as its README shows it and Envoy's config dump must hold it. */
export const expectedRoute = {
  match: { prefix: '/headers', case_sensitive: true },
  route: {
    cluster: 'outbound|8000|v1|httpbin.default.svc.cluster.local',
    timeout: '0s',
    retry_policy: {
      retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
      num_retries: 2,
      retry_host_predicate: [
        {
          name: 'envoy.retry_host_predicates.previous_hosts',
          typed_config: {
            '@type':
              'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
          },
        },
      ],
      host_selection_retry_max_attempts: '5',
      retriable_status_codes: [503],
    },
    request_mirror_policies: [
      {
        cluster: 'outbound|80||httpbin.mirror.cluster-b',
        runtime_fraction: { default_value: { numerator: 500_000, denominator: 'MILLION' } },
        trace_sampled: false,
      },
    ],
  },
} as const
