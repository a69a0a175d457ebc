import { describe, expect, test } from 'vitest'
import { command, shadowplane } from '../support/command.ts'
import { folderWith } from '../support/folder.ts'

const example = ['explain', '-f', 'examples/istio-cross-cluster']

describe('the cross-cluster example', () => {
  test('what is mirrored, where to, and the lines that say so', async () => {
    const { status, stdout } = await shadowplane([
      ...example,
      'GET',
      'http://shop.example:80/x/../headers?a=1',
      '-H',
      'x-user: jason',
    ])
    expect(stdout).toBe(
      `GET http://shop.example/x/../headers?a=1

proxy         gateway in namespace default, labels istio=ingressgateway
              the only one that these files address
              it normalizes the path to /headers?a=1
listener      0.0.0.0_80 at 0.0.0.0:80, route configuration http.80
virtual host  *:80, by its domain *
              from VirtualService default/httpbin, examples/istio-cross-cluster/virtual-service.yaml:5:9
route         prefix /headers
              VirtualService default/httpbin, examples/istio-cross-cluster/virtual-service.yaml:13:7
to            outbound|8000|v1|httpbin.default.svc.cluster.local
              1 endpoint ready: 127.0.0.1:9001
              GET /headers?a=1, Host shop.example
timeout       none, 2 retries on ` +
        `connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes (503)
mirror        50 % to outbound|80||httpbin.mirror.cluster-b
              1 endpoint ready: 127.0.0.1:9003
              Host shop.example-shadow
              copies bodies up to 1Mi
              VirtualService default/httpbin, examples/istio-cross-cluster/virtual-service.yaml:21:5
              runtime key shadowplane.mirror.default.httpbin.bdafbbc06c49.107c50c982af
`,
    )
    expect(status).toBe(0)
  })

  test.each([
    ['1048576', 'copies bodies up to 1Mi\n'],
    ['1048577', 'copies bodies up to 1Mi: this request is not copied, its Content-Length is larger\n'],
  ])('whether a body of %s bytes is copied', async (bytes, said) => {
    const { status, stdout } = await command([
      ...example,
      'POST',
      'http://shop.example/headers',
      '-H',
      `content-length: ${bytes}`,
    ])
    expect(stdout).toContain(said)
    expect(status).toBe(0)
  })

  test('the rule that does not match, and why', async () => {
    const { status, stdout } = await command([...example, 'http://shop.example/get'])
    expect(stdout).toContain(`
answer        404: no route of the virtual host matches
no match      1. prefix /headers
                 VirtualService default/httpbin, examples/istio-cross-cluster/virtual-service.yaml:13:7
                 path is /get, must begin with /headers
`)
    expect(status).toBe(0)
  })

  test('a URL without a port means the only one there is; a port that nobody listens on is said', async () => {
    const [moved, refused] = await Promise.all(
      [
        [...example, 'https://shop.example/headers'],
        [...example, 'http://shop.example:81/'],
      ].map((args) => command(args)),
    )
    expect(moved?.stdout).toContain('nothing listens on port 443; 80 is the only port there is')
    expect(moved?.stdout).toContain(
      'no connection: 0.0.0.0_80 (0.0.0.0:80) speaks HTTP without TLS, and the request comes with it',
    )
    expect(refused?.stdout).toContain(
      'answer        no connection: nothing listens on port 81\n              it listens on 80\n',
    )
  })

  test('JSON holds the same, for programs', async () => {
    const { stdout } = await command([...example, 'http://127.0.0.1:80/headers', '-o', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({
      request: { method: 'GET', authority: '127.0.0.1', path: '/headers', port: 80 },
      proxy: { role: 'gateway', namespace: 'default', labels: { istio: 'ingressgateway' }, listensOn: [80] },
      listener: { name: '0.0.0.0_80', routeConfiguration: 'http.80' },
      virtualHost: { name: '*:80', domain: '*' },
      route: {
        name: '',
        index: 0,
        millionths: 1_000_000,
        from: { object: 'VirtualService default/httpbin', line: 13 },
      },
      outcome: {
        kind: 'forward',
        destinations: [
          {
            cluster: 'outbound|8000|v1|httpbin.default.svc.cluster.local',
            share: 1,
            state: { ready: ['127.0.0.1:9001'] },
          },
        ],
        mirrors: [
          {
            cluster: 'outbound|80||httpbin.mirror.cluster-b',
            millionths: 500_000,
            authorities: ['127.0.0.1-shadow'],
            from: { line: 21, column: 5 },
          },
        ],
      },
      passedOver: [],
      diagnostics: [],
      others: [],
    })
  })
})

const shop = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - match:
    - uri: {prefix: /api}
      port: 80
    - uri: {prefix: /api}
      headers: {end-user: {exact: jason}}
    - uri: {prefix: /api}
      port: 9080
    route: [{destination: {host: reviews}}]
    rewrite: {uri: /v1, authority: other.shop:8080}
    headers: {request: {set: {x-a: b}, remove: [end-user]}}
    mirror: {host: nowhere}
`

const root = `apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {ports: [{name: http, port: 9080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - delegate: {name: reviews-rules}
  - route: [{destination: {host: reviews}}]
`

const delegate = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews-rules, namespace: shop}
spec:
  http:
  - match:
    - headers: {end-user: {exact: jason}}
    route: [{destination: {host: reviews}}]
  - match:
    - headers: {end-user: {exact: jason}}
    route: [{destination: {host: reviews}, headers: {request: {set: {x-second: 'yes'}}}}]
`

describe('a sidecar', () => {
  const explain = (...args: readonly string[]) =>
    command(['explain', '-f', folderWith({ 'shop.yaml': shop }), ...args])

  test('rewrites, changed headers, dead ends, and what is wrong with the rule', async () => {
    const { status, stdout } = await explain('POST', 'http://reviews:9080/api/x', '-H', 'End-User: jane')
    expect(stdout.replaceAll(/\/\S*\/shop\.yaml/g, 'shop.yaml')).toContain(
      `
virtual host  reviews.shop.svc.cluster.local:9080, by its domain reviews
              from VirtualService shop/reviews, shop.yaml:8:18
route         prefix /api
              VirtualService shop/reviews, shop.yaml:17:7
to            outbound|9080||reviews.shop.svc.cluster.local
              0 endpoints ready: answered with 503
              POST /v1/x, Host other.shop:8080
              x-a: b
              x-envoy-original-host: reviews:9080
              x-envoy-original-path: /api/x
              without end-user
timeout       none, 2 retries on ` +
        `connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes (503)
mirror        none
before it     1. prefix /api; header end-user must be "jason"
                 VirtualService shop/reviews, shop.yaml:15:7
                 header end-user is "jane", must be "jason"

found in this rule:
`,
    )
    expect(stdout).toContain('shop.yaml:22:20 error mirror/unknown-host')
    expect(status).toBe(0)
  })

  test('the proxy that is meant can be named', async () => {
    const answers = await Promise.all([
      explain('http://reviews.shop:9080/api', '--role', 'sidecar', '--namespace', 'web'),
      explain('http://reviews.shop:9080/api', '--proxy', 'sidecar~10.0.0.1~a.web~web.svc.cluster.local'),
      explain('http://reviews.shop:9080/api', '--role', 'gateway'),
    ])
    expect(answers.map(({ stdout }) => /^proxy +(.*)$/m.exec(stdout)?.[1])).toEqual([
      'sidecar in namespace web',
      'sidecar in namespace web',
      'gateway in namespace default',
    ])
    expect(answers.map(({ stdout }) => stdout.includes('Host other.shop:8080'))).toEqual([true, true, false])
  })

  test(
    'a route is shown in the object that it was written in, be it a delegate, and among routes with ' +
      'one match',
    async () => {
      const files = folderWith({ 'root.yaml': root, 'reviews.yaml': delegate })
      const { stdout } = await command(['explain', '-f', files, '-o', 'json', 'http://reviews:9080/api/v1'])
      const { route, passedOver, virtualHost } = JSON.parse(stdout) as {
        route: { index: number; from: object }
        passedOver: readonly { from: object }[]
        virtualHost: { from: readonly object[] }
      }
      expect(passedOver.map(({ from }) => from)).toMatchObject([
        { object: 'VirtualService shop/reviews-rules', line: 7, column: 7 },
        { object: 'VirtualService shop/reviews-rules', line: 10, column: 7 },
      ])
      expect(route).toMatchObject({
        index: 2,
        from: { object: 'VirtualService shop/reviews', line: 13, column: 5 },
      })
      expect(virtualHost.from).toMatchObject([
        { object: 'VirtualService shop/reviews', line: 8 },
        { object: 'VirtualService shop/reviews-rules', line: 3 },
      ])
    },
  )

  test('an unknown host is told apart from a rule', async () => {
    const { stdout } = await explain('http://elsewhere:9080/')
    expect(stdout).toContain('block_all')
    expect(stdout).toContain('answer        502 by Envoy itself')
  })
})

describe('wrong usage ends with status 2 and says what to write', () => {
  test.each<readonly [readonly string[], string]>([
    [['reviews'], 'name the URL with its scheme, as in http://reviews/api'],
    [['ftp://reviews/'], 'write a URL that begins with http:// or https://'],
    [['http://reviews:99999/'], 'a port from 1 to 65535'],
    [['http://reviews/é'], 'percent-encode what is not ASCII'],
    [['http://a/', 'http://b/'], 'explain one request at a time'],
    [['-H', 'x: 1', 'FETCH', 'http://a/'], 'FETCH is neither a method (GET'],
    [['http://a/', '-H', 'novalue'], '-H novalue: write name: value'],
    [['http://a/', '--proxy', 'waypoint~1~a.b~c'], '--proxy: node id'],
    [['http://a/', '--proxy', 'x', '--role', 'gateway'], 'cannot be used with'],
  ])('%j', async (args, says) => {
    const { status, stderr } = await command([...example, ...args])
    expect(stderr).toContain(says)
    expect(status).toBe(2)
  })

  test('files must be named', async () => {
    expect(await command(['explain', '-f', 'http://a/'])).toMatchObject({
      status: 2,
      stderr: 'shadowplane: explain: name the files to read, as in -f config/\n',
    })
  })
})
