// Makes proto/generated/envoy.{js,d.ts} from proto/envoy.proto. Run by npm's `prepare`; the output is not
// committed. Runs on any Node that npm itself runs on, so that it needs no build of ours.
import { createRequire } from 'node:module'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newerFields } from './newer-fields.mjs'
import { declarations } from './declarations.mjs'

const require = createRequire(import.meta.url)
const protobuf = require('protobufjs')
const pbjs = require('protobufjs-cli/pbjs')

const project = join(dirname(fileURLToPath(import.meta.url)), '..')
const xds = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps')
const includes = [
  join(project, 'proto'),
  ...['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((folder) => join(xds, folder)),
  dirname(require.resolve('protobufjs/package.json')),
]

const root = new protobuf.Root()
root.resolvePath = (origin, target) => {
  if (protobuf.common.get(target) !== null) return target
  const found = includes.map((folder) => join(folder, target)).find((file) => existsSync(file))
  if (found === undefined) throw new Error(`${target}: imported by ${origin}, found nowhere`)
  return found
}
root.loadSync('envoy.proto', { keepCase: true })

for (const { message, field, id, type, rule, source } of newerFields) {
  const target = root.lookupType(message)
  if (target.fieldsById[id] !== undefined)
    throw new Error(`${message} has field ${id} by now (${source}): drop it from newer-fields.mjs`)
  target.add(new protobuf.Field(field, id, type, rule))
}
root.resolveAll()
removeComments(root)
useProtoNames(root)

mkdirSync(join(project, 'proto/generated'), { recursive: true })
pbjs.generate(
  root,
  { target: 'json-module', wrap: 'esm', es6: true, comments: false, root: 'shadowplane', lint: '' },
  (error, output) => {
    if (error) throw error
    writeFileSync(join(project, 'proto/generated/envoy.js'), output)
    writeFileSync(join(project, 'proto/generated/envoy.d.ts'), declarations(root))
  },
)

/**
 * Envoy's config dump and its documentation use the proto's own names; protobuf JSON allows it by
 * `json_name`. Ours is camelCase.
 */
function useProtoNames(namespace) {
  for (const nested of namespace.nestedArray ?? []) {
    if (nested.fullName === '.shadowplane.admin') continue
    for (const field of nested.fieldsArray ?? []) field.setOption('json_name', field.name)
    useProtoNames(nested)
  }
}

function removeComments(object) {
  object.comment = null
  for (const nested of [
    ...(object.nestedArray ?? []),
    ...(object.fieldsArray ?? []),
    ...(object.oneofsArray ?? []),
  ])
    removeComments(nested)
  if (object.comments) for (const name of Object.keys(object.comments)) object.comments[name] = null
}
