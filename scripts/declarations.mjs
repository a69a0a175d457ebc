/**
 * TypeScript declarations of the protobuf JSON form (https://protobuf.dev/programming-guides/json/) of every
 * message below `root`: what a builder may write and what a config dump shows. protobufjs-cli only declares
 * the in-memory form.
 */
export function declarations(root) {
  const lines = [
    'import type { Root } from "protobufjs/light.js";',
    'declare const root: Root;',
    'export default root;',
    "/** An Any in protobuf JSON: the message's own fields beside its type URL. */",
    'export type AnyJson = { readonly "@type": `type.googleapis.com/${string}`; readonly [field: string]: ' +
      'unknown };',
    '/** An Any whose message is encoded. */',
    'export interface EncodedAny { readonly type_url: string; readonly value: Uint8Array }',
    ...messages(root, { name: 'MessageJson', any: 'AnyJson' }),
    ...messages(root, { name: 'MessageInput', any: 'AnyJson | EncodedAny' }),
    'export type MessageName = keyof MessageJson;',
    '',
  ]
  return lines.join('\n')
}

function messages(root, form) {
  const lines = [
    '/** Protobuf JSON of each message, by the field names that protobuf JSON has in it. 64-bit integers ' +
      'are strings or numbers. */',
    ...(form.name === 'MessageInput'
      ? ['/** As it may be written: an Any may be encoded already, and of whatever type. */']
      : []),
    `export interface ${form.name} {`,
  ]
  walk(root, (type) => lines.push(`  ${JSON.stringify(type.fullName.slice(1))}: ${shape(type, form)};`))
  return [...lines, '}']
}

function walk(namespace, visit) {
  for (const nested of namespace.nestedArray ?? []) {
    if (nested.fieldsArray !== undefined && wellKnown[nested.fullName.slice(1)] === undefined) visit(nested)
    walk(nested, visit)
  }
}

function shape(type, form) {
  if (type.fieldsArray.length === 0) return '{ readonly [field: string]: never }'
  const fields = type.fieldsArray.filter((field) => !field.declaringField)
  return `{ ${fields.map((field) => `readonly ${JSON.stringify(field.options?.json_name ?? field.jsonName)}?: ${valueOf(field, form)} | undefined`).join('; ')} }`
}

function valueOf(field, form) {
  if (field.map) return `{ readonly [key: string]: ${scalar(field, form)} }`
  return field.repeated ? `readonly (${scalar(field, form)})[]` : scalar(field, form)
}

function scalar(field, form) {
  const resolved = field.resolve().resolvedType
  if (resolved === null) return scalars[field.type] ?? 'number'
  const name = resolved.fullName.slice(1)
  if (name === 'google.protobuf.Any') return form.any
  if (wellKnown[name] !== undefined) return wellKnown[name]
  if (resolved.fieldsArray !== undefined) return `${form.name}[${JSON.stringify(name)}]`
  return Object.keys(resolved.values)
    .map((value) => JSON.stringify(value))
    .join(' | ')
}

const scalars = {
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int64: 'string | number',
  uint64: 'string | number',
  sint64: 'string | number',
  fixed64: 'string | number',
  sfixed64: 'string | number',
}

const wellKnown = {
  'google.protobuf.Any': 'AnyJson',
  'google.protobuf.Duration': '`${number}s`',
  'google.protobuf.Timestamp': 'string',
  'google.protobuf.Struct': '{ readonly [key: string]: unknown }',
  'google.protobuf.Value': 'unknown',
  'google.protobuf.ListValue': 'readonly unknown[]',
  'google.protobuf.FieldMask': 'string',
  'google.protobuf.BoolValue': 'boolean',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.BytesValue': 'string',
  'google.protobuf.DoubleValue': 'number',
  'google.protobuf.FloatValue': 'number',
  'google.protobuf.Int32Value': 'number',
  'google.protobuf.UInt32Value': 'number',
  'google.protobuf.Int64Value': 'string | number',
  'google.protobuf.UInt64Value': 'string | number',
}
