import { describe, expect, test } from 'vitest'
import { objectKey } from '../../../src/diagnostics/diagnostic.ts'
import type { Route } from '../../../src/model/route.ts'
import { createPipeline, diagnosticsOf } from '../../../src/pipeline/pipeline.ts'
import { defaultSettings } from '../../../src/control-plane/config.ts'
import { configure, parse, sidecar, translateFirst } from '../../support/configuration.ts'
import { service, virtualService } from './text.ts'

interface Delegate {
  readonly namespace?: string
  readonly spec?: string
}

/**
 * A VirtualService `child` without hosts, to follow `virtualService(…)`: its rules begin at the line after
 * `http:`.
 */
function child(rules: string, { namespace = 'default', spec = '' }: Delegate = {}): string {
  const list = rules.trimStart().startsWith('- ') ? rules : `- ${rules.trim().replaceAll('\n', '\n  ')}`
  return `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: child, namespace: ${namespace}}
spec:${spec === '' ? '' : `\n  ${spec}`}
  http:
${list
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
`
}

const forward = 'route: [{destination: {host: reviews}}]'
const toChild = 'delegate: {name: child}'

function routes(root: string, delegate: string): readonly Route[] {
  return translateFirst(virtualService(root) + delegate).routeTables.flatMap((table) => table.routes)
}

function mirrors(route: Route | undefined): readonly string[] {
  return route?.action.kind === 'forward'
    ? route.action.mirrors.map(({ backend, fraction }) => `${backend.host} ${fraction}`)
    : []
}

describe('a rule that delegates', () => {
  test('is replaced, in place, by the rules of the delegate', () => {
    const root =
      `- name: first\n  match: [{uri: {exact: /a}}]\n  ${forward}\n- name: root\n  ` +
      `${toChild}\n- name: last\n  ${forward}`
    const found = routes(
      root,
      child(`- name: c1\n  match: [{uri: {prefix: /c}}]\n  ${forward}\n- ${forward}`),
    )
    expect(found.map(({ name, match }) => [name, match.path.value])).toEqual([
      ['first', '/a'],
      ['root-c1', '/c'],
      ['root', '/'],
      ['last', '/'],
    ])
  })

  test(
    'looks for the delegate beside itself, or in the namespace that it names; short hosts are the ' +
      'delegate’s own',
    () => {
      const found = routes(
        'delegate: {name: child, namespace: other}\nmirror: {host: shadow}',
        child(forward, { namespace: 'other' }),
      )
      expect(found[0]?.action).toMatchObject({
        destinations: [{ backend: { host: 'reviews.other.svc.cluster.local' } }],
      })
      expect(mirrors(found[0])).toEqual(['shadow.default.svc.cluster.local 1000000'])
    },
  )

  test('gives the delegate’s rules each field that they lack', () => {
    const root = `${toChild}
timeout: 9s
retries: {attempts: 7}
rewrite: {uri: /root}
headers: {request: {set: {who: root}}}
fault: {abort: {httpStatus: 500, percentage: {value: 1}}}
corsPolicy: {allowOrigins: [{exact: root}]}
mirror: {host: root}
mirrorPercentage: {value: 3}`
    const own =
      `- ${forward}\n  timeout: 1s\n  retries: {attempts: 1}\n  rewrite: {uri: /own}\n  ` +
      `headers: {request: {set: {who: own}}}\n  fault: {abort: {httpStatus: 501, percentage: {value: 1}}}
  corsPolicy: {allowOrigins: [{exact: own}]}\n  mirror: {host: own}\n  mirrorPercentage: {value: 5}`
    const [mine, inherited] = routes(root, child(`${own}\n- ${forward}`))
    const summary = (route: Route | undefined) => [
      route?.action.kind === 'forward'
        ? [
            route.action.timeout,
            typeof route.action.retry === 'object' ? route.action.retry.attempts : route.action.retry,
            route.action.rewrite.prefix,
          ]
        : route?.action.kind,
      route?.headers.request.set,
      route?.fault?.abort?.status.code,
      route?.cors?.origins,
      mirrors(route),
    ]
    expect(summary(mine)).toEqual([
      [1000, 1, '/own'],
      { who: 'own' },
      501,
      [{ kind: 'exact', value: 'own' }],
      ['own.default.svc.cluster.local 50000'],
    ])
    expect(summary(inherited)).toEqual([
      [9000, 7, '/root'],
      { who: 'root' },
      500,
      [{ kind: 'exact', value: 'root' }],
      ['root.default.svc.cluster.local 30000'],
    ])
  })

  test('with a direct response of its own gives it to rules that would forward', () => {
    expect(
      routes(`${toChild}\ndirectResponse: {status: 418}`, child(forward)).map(({ action }) => action),
    ).toMatchObject([{ kind: 'direct-response', status: 418 }])
  })

  test.each([
    ['route: [{destination: {host: reviews}}]', 'has route and delegate, must have delegate alone'],
    ['redirect: {uri: /x}', 'has redirect and delegate, must have delegate alone'],
  ])('has no %s', (action, said) => {
    expect(translateFirst(virtualService(`${toChild}\n${action}`)).found).toEqual([
      `7:5 field/invalid-value spec.http[0] ${said}: requests that it matches are answered with 500`,
    ])
  })
})

describe('routes of a delegate', () => {
  const root = 'name: root\nmatch: [{uri: {prefix: /d}}]\ndelegate: {name: child}'
  const [first, second] = routes(
    root,
    child(
      `- match: [{uri: {exact: /d/1}}, {uri: {exact: /d/2}}]\n  ${forward}\n  mirror: {host: shadow}\n- ` +
        forward,
    ),
  ).toSpliced(1, 1)

  test('have the origins of the delegate’s lines, and the metadata of the root', () => {
    const object = {
      group: 'networking.istio.io',
      kind: 'VirtualService',
      namespace: 'default',
      name: 'child',
    }
    expect(first?.origin).toEqual({ object, path: ['spec', 'http', 0, 'match', 0] })
    expect(second?.origin).toEqual({ object, path: ['spec', 'http', 1] })
    expect(first?.action).toMatchObject({
      mirrors: [{ origin: { object, path: ['spec', 'http', 0, 'mirror'] } }],
    })
    expect(first?.metadata.config).toBe(
      '/apis/networking.istio.io/v1/namespaces/default/virtual-service/reviews',
    )
  })

  test('have runtime keys of the root’s table, by the merged name', () => {
    expect(first?.action.kind === 'forward' ? first.action.mirrors[0]?.runtimeKey : '').toMatch(
      /^shadowplane\.mirror\.default\.reviews\.root\.[0-9a-f]{12}$/,
    )
  })

  test('are nothing by themselves', () => {
    const { routeTables, found, rejected } = translateFirst(child(forward))
    expect([routeTables, found, rejected]).toEqual([[], [], false])
  })
})

describe('the matches of root and delegate', () => {
  /** The matches that come of the two, or where they disagree. */
  function merged(root: string, delegate: string): readonly unknown[] {
    const { routeTables, found } = translateFirst(
      virtualService(`match: [${root}]\n${toChild}`) + child(`match: [${delegate}]\n${forward}`),
    )
    const all = routeTables.flatMap((table) => table.routes)
    return all.length > 0
      ? all.map(({ match, applies, name, statPrefix }) => ({
          path: match.path.value,
          headers: match.headers.map((each) => each.name),
          ...applies,
          name,
          ...(statPrefix === undefined ? {} : { statPrefix }),
        }))
      : found.map((each) => each.replace(/ is not within .*/, ''))
  }

  test.each([
    ['{uri: {prefix: /d}}', '{uri: {prefix: /d/e}}', [{ path: '/d/e', headers: [], name: '' }]],
    ['{uri: {prefix: /d}}', '{uri: {exact: /d}}', [{ path: '/d', headers: [], name: '' }]],
    ['{uri: {exact: /d}}', '{uri: {exact: /d}}', [{ path: '/d', headers: [], name: '' }]],
    ['{uri: {prefix: /d}}', '{headers: {x: {}}}', [{ path: '/d', headers: ['x'], name: '' }]],
    [
      '{headers: {x: {}}, method: {exact: GET}}',
      '{withoutHeaders: {y: {}}, uri: {prefix: /d}}',
      [{ path: '/d', headers: ['x', 'y', ':method'], name: '' }],
    ],
    [
      '{uri: {prefix: /d}}, {uri: {prefix: /e}}',
      '{headers: {x: {}}}',
      [
        { path: '/d', headers: ['x'], name: '' },
        { path: '/e', headers: ['x'], name: '' },
      ],
    ],
    [
      '{uri: {prefix: /d}}, {uri: {prefix: /e}}',
      '{uri: {prefix: /e/f}}',
      [{ path: '/e/f', headers: [], name: '' }],
    ],
    ['{name: a}', '{name: b}', [{ path: '/', headers: [], name: '.a-b' }]],
    [
      '{port: 80, statPrefix: s, sourceLabels: {a: b}}',
      '{sourceLabels: {c: d}}',
      [{ path: '/', headers: [], port: 80, proxyLabels: { a: 'b', c: 'd' }, name: '', statPrefix: 's' }],
    ],
    [
      '{gateways: [edge, mesh]}',
      '{gateways: [mesh]}',
      [{ path: '/', headers: [], attachedTo: ['mesh'], name: '' }],
    ],
    [
      '{gateways: [edge]}',
      '{uri: {prefix: /}}',
      [{ path: '/', headers: [], attachedTo: ['default/edge'], name: '' }],
    ],
    [
      '{sourceNamespace: default}',
      '{sourceNamespace: default}',
      [{ path: '/', headers: [], proxyNamespace: 'default', name: '' }],
    ],
  ])('%s and %s', (root, delegate, expected) => {
    expect(merged(root, delegate)).toEqual(expected)
  })

  test.each([
    ['{uri: {prefix: /d}}', '{uri: {prefix: /zz}}', 'match.uri'],
    ['{uri: {exact: /d}}', '{uri: {prefix: /d}}', 'match.uri'],
    ['{uri: {exact: /d}}', '{uri: {exact: /e}}', 'match.uri'],
    ['{uri: {regex: /d}}', '{uri: {regex: /d}}', 'match.uri'],
    ['{uri: {prefix: /d}}', '{uri: {regex: /d/.*}}', 'match.uri'],
    ['{headers: {x: {}}}', '{headers: {x: {exact: "1"}}}', 'match.headers.x'],
    ['{queryParams: {x: {exact: "2"}}}', '{queryParams: {x: {exact: "1"}}}', 'match.queryParams.x'],
    ['{method: {exact: GET}}', '{method: {exact: PUT}}', 'match.method'],
    ['{ignoreUriCase: true}', '{uri: {prefix: /}}', 'match.ignoreUriCase'],
    ['{port: 80}', '{port: 81}', 'match.port'],
    ['{sourceNamespace: default}', '{uri: {prefix: /}}', 'match.sourceNamespace'],
    ['{sourceLabels: {a: b}}', '{sourceLabels: {a: c}}', 'match.sourceLabels.a'],
    ['{gateways: [mesh]}', '{gateways: [edge]}', 'match.gateways'],
  ])('%s and %s exclude each other', (root, delegate, field) => {
    expect(merged(root, delegate)).toEqual([
      expect.stringMatching(
        new RegExp(`^15:\\d+ delegate/conflicting-match ${field.replaceAll('.', '\\.')}$`),
      ),
    ])
  })

  test('one that excludes all of the root’s costs its rule, and no other', () => {
    const found = translateFirst(
      virtualService(`match: [{uri: {prefix: /d}}]\n${toChild}`) +
        child(`- match: [{uri: {exact: /d/1}}, {uri: {exact: /zz}}]\n  ${forward}\n- ${forward}`),
    )
    expect(found.routeTables[0]?.routes.map(({ match }) => match.path.value)).toEqual(['/d'])
    expect(found.found).toEqual([
      '15:36 delegate/conflicting-match match.uri is not within spec.http[0].match of VirtualService ' +
        'default/reviews, which delegates to it: the rule has no effect there',
    ])
  })
})

describe('a delegate that cannot be had', () => {
  test.each([
    ['', '9:13 delegate/unknown there is no VirtualService default/child: the rule has no effect'],
    [
      child(forward, { namespace: 'other' }),
      '9:13 delegate/unknown there is no VirtualService default/child: the rule has no effect',
    ],
    [
      child(forward, { spec: 'hosts: [x]' }),
      '9:13 delegate/not-a-delegate VirtualService default/child has hosts and is not a delegate: the ' +
        'rule has no effect',
    ],
  ])('costs the rule: %j', (delegate, found) => {
    const result = translateFirst(
      virtualService(`- name: a\n  delegate:\n    name: child\n- name: b\n  ${forward}`) + delegate,
    )
    expect(result.found).toEqual([found])
    expect(result.rejected).toBe(false)
    expect(result.routeTables[0]?.routes.map(({ name }) => name)).toEqual(['b'])
  })

  test('a name that is nearly right is told', () => {
    expect(
      translateFirst(virtualService('delegate: {name: chidl}') + child(forward)).diagnostics.map(
        ({ hint }) => hint,
      ),
    ).toEqual(['did you mean `child`?'])
  })

  test.each([
    ['.', 'delegate/not-visible'],
    ['~', 'delegate/not-visible'],
    ['elsewhere', 'delegate/not-visible'],
    ['*', undefined],
    ['default', undefined],
  ])('exportTo [%j]: %s', (exportTo, code) => {
    const { diagnostics, routeTables } = translateFirst(
      virtualService('delegate: {name: child, namespace: other}') +
        child(forward, { namespace: 'other', spec: `exportTo: ["${exportTo}"]` }),
    )
    expect(diagnostics.map((each) => each.code)).toEqual(code === undefined ? [] : [code])
    expect(routeTables[0]?.routes).toHaveLength(code === undefined ? 1 : 0)
  })
})

describe('a delegate that no root names', () => {
  const unused = (text: string): readonly string[] =>
    configure(text + service('reviews')).found.filter((each) => each.includes('delegate/unused'))
  const said =
    'delegate/unused it has no hosts, so its rules apply only if a rule of another VirtualService ' +
    'delegates to it, and none does'

  test('is said', () => {
    expect(unused(child(forward))).toEqual([expect.stringContaining(said)])
    expect(unused(virtualService(toChild) + child(forward))).toEqual([])
  })

  test('also where a root names one of another namespace', () => {
    expect(unused(virtualService('delegate: {name: child, namespace: other}') + child(forward))).toEqual([
      expect.stringContaining(said),
    ])
  })

  test('and no more once a root does', () => {
    const { pipeline } = configure(child(forward))
    const codes = (): readonly string[] => diagnosticsOf(pipeline).map(({ code }) => code)
    expect(codes()).toContain('delegate/unused')
    for (const { manifest } of parse(virtualService(toChild)))
      pipeline.setManifest(objectKey(manifest.id), manifest)
    pipeline.flush()
    expect(codes()).not.toContain('delegate/unused')
  })
})

describe('a mistake in a delegate is said once, at its line', () => {
  test.each([
    [
      child('- delegate: {name: grandchild}'),
      "6:5 delegate/nested a delegate's rule delegates, which Istio allows to roots only: it has no effect",
    ],
    [
      child(forward, { spec: 'gateways: [edge]' }),
      '5:3 field/invalid-value gateways has no effect in a VirtualService without hosts, which is a delegate',
    ],
    [
      child(`${forward}\nmirror: {host: a}\nmirrorPercentage: {value: 150}`),
      '8:31 mirror/percentage-out-of-range mirrorPercentage.value is 150, must be 0 to 100',
    ],
    [
      child(`${forward}\nmirror: {host: a}\nmirrors: [{destination: {host: b}}]`),
      '8:5 mirror/mirror-and-mirrors mirror and mirrors exclude each other',
    ],
  ])('and refuses it: %s', (delegate, found) => {
    const alone = translateFirst(delegate.replace('---\n', ''))
    expect(alone.found).toEqual([found])
    expect(alone.rejected).toBe(true)
    expect(translateFirst(virtualService(toChild) + delegate).rejected).toBe(false)
  })

  test('in the pipeline, a rounded percentage is said at the delegate alone', () => {
    const text =
      virtualService(toChild) +
      child(`${forward}\nmirror: {host: reviews}\nmirrorPercentage: {value: 0.00005}`) +
      service('reviews')
    expect(configure(text).found.filter((each) => each.includes('percentage-rounded'))).toEqual([
      expect.stringMatching(/^16:31 mirror\/percentage-rounded/),
    ])
  })

  test('a mirror of the root, on a redirect of the delegate', () => {
    const { found } = translateFirst(
      virtualService(`${toChild}\nmirror: {host: shadow}`) + child('redirect: {uri: /x}'),
    )
    expect(found).toEqual([
      '8:5 mirror/without-forward the rule answers with a redirect, so there is nothing to mirror',
    ])
  })
})

describe('percentages of root and delegate', () => {
  const found = (root: string, delegate: string) => {
    const result = translateFirst(virtualService(`${toChild}\n${root}`) + child(`${forward}\n${delegate}`))
    return { said: result.found, mirrors: result.routeTables[0]?.routes.flatMap((route) => mirrors(route)) }
  }

  test('a mirror of the delegate without one takes the root’s, and that is said', () => {
    expect(found('mirror: {host: a}\nmirrorPercentage: {value: 3}', 'mirror: {host: b}')).toEqual({
      mirrors: ['b.default.svc.cluster.local 30000'],
      said: [
        '17:5 delegate/mixed-percentage mirror has no percentage of its own and takes ' +
          'spec.http[0].mirrorPercentage of VirtualService default/reviews',
      ],
    })
  })

  test('a percentage of the delegate alone counts for the root’s mirror, and that is said', () => {
    expect(found('mirror: {host: a}\nmirrorPercentage: {value: 3}', 'mirrorPercentage: {value: 5}')).toEqual({
      mirrors: ['a.default.svc.cluster.local 50000'],
      said: [
        '17:5 delegate/mixed-percentage mirrorPercentage has no mirror beside it and applies to ' +
          'spec.http[0].mirror of VirtualService default/reviews',
      ],
    })
  })

  test('the root’s list and the delegate’s mirror are both in force', () => {
    expect(found('mirrors: [{destination: {host: a}, percentage: {value: 3}}]', 'mirror: {host: b}')).toEqual(
      {
        mirrors: ['b.default.svc.cluster.local 1000000', 'a.default.svc.cluster.local 30000'],
        said: [],
      },
    )
  })

  test('one that meets no mirror at all', () => {
    expect(found('mirrorPercentage: {value: 3}', 'timeout: 1s')).toEqual({
      mirrors: [],
      said: [
        '8:5 mirror/percentage-without-mirror mirrorPercentage has no effect: neither this rule nor its ' +
          'delegate has a mirror',
      ],
    })
  })
})

test('an edit of a delegate translates the delegate and its root, and nothing else', () => {
  const other = virtualService(forward)
    .replace('name: reviews', 'name: bystander')
    .replace('hosts: [reviews]', 'hosts: [other]')
  const text = (percentage: number): string =>
    `${virtualService(toChild)}${child(`${forward}\nmirror: {host: other}\nmirrorPercentage: {value: ${percentage}}`)}---\n${other}${service('reviews')}${service('other')}`
  const pipeline = createPipeline(defaultSettings)
  const set = (percentage: number) => {
    for (const { manifest } of parse(text(percentage))) pipeline.setManifest(objectKey(manifest.id), manifest)
    return pipeline.flush()
  }
  set(5)
  const { runs } = set(10)
  expect(runs.get('translate')).toBe(2)
  const fractions = pipeline.read
    .entries(pipeline.mirrors)
    .flatMap(([, each]) => each.map(({ fraction }) => fraction))
  expect([...new Set(fractions)]).toEqual([100_000])
  expect(
    configure(text(10))
      .routes(sidecar())
      .flatMap((route) => route.route?.request_mirror_policies ?? [])
      .map(({ cluster }) => cluster),
  ).toEqual(['mirror|80||other.default.svc.cluster.local'])
})
