// A target's attributes, evaluated, as fields with their types. One place knows which there are and what each must be; bake files, compose's x-bake and
// `--set` all come by here. Errors are plain, and begin with what the attribute must be: the caller adds the place.
import { csvFields } from '../create/csv-fields.ts';
import type { Value } from './hcl/ast.ts';
import { isObject, toBoolean, toList, toObject, toText } from './hcl/values.ts';
import type { Fields, SshFields, TargetFields } from './model.ts';

const texts = (value: Value): string[] =>
  toList(value)
    .filter((item) => item !== null)
    .map(toText);
const map = (value: Value): Record<string, string> =>
  Object.fromEntries(Object.entries(toObject(value)).flatMap(([name, item]) => (item === null ? [] : [[name, toText(item)]])));
const nullable = (value: Value): Record<string, string | null> =>
  Object.fromEntries(Object.entries(toObject(value)).map(([name, item]) => [name, item === null ? null : toText(item)]));

const READERS: { [K in keyof Required<TargetFields>]: (value: Value) => NonNullable<TargetFields[K]> } = {
  description: toText,
  inherits: texts,
  annotations: texts,
  attest: (value) => each(value, (text) => keyed(text)),
  context: toText,
  contexts: map,
  dockerfile: toText,
  'dockerfile-inline': toText,
  args: nullable,
  labels: nullable,
  tags: texts,
  'cache-from': (value) => each(value, (text) => keyed(text, 'ref')),
  'cache-to': (value) => each(value, (text) => keyed(text, 'ref')),
  target: toText,
  secret: (value) => each(value, (text) => keyed(text)),
  ssh: (value) => toList(value).map(sshFields),
  platforms: (value) => texts(value).flatMap((text) => text.split(',')),
  output: (value) => each(value, (text) => outputFields(text)),
  pull: toBoolean,
  'no-cache': toBoolean,
  network: toText,
  'no-cache-filter': texts,
  'shm-size': toText,
  ulimits: texts,
  call: toText,
  entitlements: texts,
  'extra-hosts': map,
};

/** Other names of attributes. */
const ALIASES: Readonly<Record<string, keyof TargetFields>> = {
  networkMode: 'network',
  secrets: 'secret',
  platform: 'platforms',
  outputs: 'output',
};

export const FIELD_NAMES = Object.keys(READERS);

export function fieldName(name: string): keyof TargetFields | undefined {
  if (Object.hasOwn(ALIASES, name)) return ALIASES[name];
  return FIELD_NAMES.includes(name) ? (name as keyof TargetFields) : undefined;
}

/** Sets the attribute. Throws an Error. */
export function setField(fields: TargetFields, name: keyof TargetFields, value: Value): void {
  if (value === null) return;
  Object.assign(fields, { [name]: READERS[name](value) });
}

function each(value: Value, fromText: (text: string) => Fields): Fields[] {
  return toList(value)
    .filter((item) => item !== null && item !== '')
    .map((item) => (isObject(item) ? map(item) : fromText(toText(item))));
}

/** `type=registry,ref=…`; a text without `=` is the value of `bare`. */
export function keyed(text: string, bare?: 'ref'): Fields {
  const fields: Fields = {};
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=');
    if (equals !== -1) fields[field.slice(0, equals).trim().toLowerCase()] = field.slice(equals + 1);
    else if (bare) Object.assign(fields, { [bare]: field, type: 'registry' });
    else throw new Error(`"${field}" is no NAME=VALUE`);
  }
  return fields;
}

function outputFields(text: string): Fields {
  if (text === '-') return { type: 'tar', dest: '-' };
  return text.includes('=') ? keyed(text) : { type: 'local', dest: text };
}

function sshFields(value: Value): SshFields {
  if (isObject(value)) {
    const paths = value.paths === undefined || value.paths === null ? undefined : texts(value.paths);
    return { id: toText(value.id ?? 'default'), ...(paths ? { paths } : {}) };
  }
  const [id = '', paths] = toText(value).split('=', 2);
  return { id, ...(paths === undefined ? {} : { paths: paths.split(',') }) };
}
