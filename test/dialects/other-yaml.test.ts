import { describe, expect, test } from 'vitest'
import { mayBeRead } from '../../src/dialects/index.ts'
import { parseManifests } from '../../src/manifest/yaml.ts'

function found(text: string): readonly string[] {
  return parseManifests('a.yaml', text, { mayBeRead }).diagnostics.map(
    ({ code, severity }) => `${severity} ${code}`,
  )
}

describe('a note', () => {
  test.each([
    [
      'a kustomization',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
    ],
    ['a component', 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: []\n'],
    ['a chart', 'apiVersion: v2\nname: shop\nversion: 1.0.0\n'],
    ['values', 'replicas: 3\nimage: {tag: v1}\nservice: {port: 80}\n'],
    ['values with a kind', 'kind: Deployment\nreplicas: 3\n'],
    ['a Compose file', 'services: {web: {image: nginx}}\n'],
    ['package.json', '{"name": "shop", "version": "1.0.0", "scripts": {}}'],
    ['a cluster of kind', 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: worker}]\n'],
    [
      'an IstioOperator',
      'apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {profile: demo}\n',
    ],
    ['a JSON patch', '- {op: replace, path: /spec/replicas, value: 2}\n'],
    ['a CI file', 'on: push\njobs: {test: {runs-on: linux, steps: []}}\n'],
    ['a generated name', 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: test-}\nspec: {}\n'],
    ['a kubeconfig', 'apiVersion: v1\nkind: Config\nclusters: []\n'],
    ['a kubeadm file', 'apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n'],
    ['a list of values', '- a\n- {b: 1}\n'],
    ['a text', '"hello"\n'],
  ])('%s', (_, text) => {
    expect(found(text)).toEqual(['info manifest/other-yaml'])
  })

  test('a name with a placeholder, of a kind that nothing reads', () => {
    expect(found('apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: $(NAME)}\n')).toEqual([
      'info manifest/invalid-name',
    ])
  })
})

describe('an error', () => {
  test.each([
    ['no name', 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec: {}\n'],
    [
      'no name, but a generated one',
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {generateName: a-}\n',
    ],
    ['no name, and another version', 'apiVersion: networking.istio.io/v9\nkind: VirtualService\n'],
    ['no name, and a misspelt group', 'apiVersion: networking.istoi.io/v1\nkind: VirtualService\n'],
    ['no kind', 'apiVersion: networking.istio.io/v1\nmetadata: {name: a}\nspec: {}\n'],
    ['no version', 'kind: VirtualService\nmetadata: {name: a}\nspec: {}\n'],
    ['a misspelt apiVersion', 'apiversion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n'],
    ['neither version nor kind', 'metadata: {name: a}\nspec: {hosts: [a]}\n'],
    ['a list of objects', '- {apiVersion: v1, kind: Service, metadata: {name: a}}\n'],
    ['an item of a List', 'apiVersion: v1\nkind: List\nitems: [{kind: Oops}]\n'],
  ])('%s', (_, text) => {
    expect(found(text)).toEqual(['error manifest/not-an-object'])
  })
})
