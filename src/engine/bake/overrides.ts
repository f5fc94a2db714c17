// `--set PATTERN.ATTRIBUTE[.KEY]=VALUE` and `+=`: the last word on targets' attributes. Errors are buildx's in wording.
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { fieldName, setField } from './fields.ts';
import { mergeFields } from './merge.ts';
import type { TargetFields } from './model.ts';

export interface Override {
  /** As given, for messages. */
  text: string;
  pattern: string;
  attribute: string;
  key: string | undefined;
  value: string | undefined;
  isAppended: boolean;
}

const KEYED = ['args', 'contexts', 'labels', 'extra-hosts'];
const LISTS = [
  'annotations',
  'attest',
  'cache-from',
  'cache-to',
  'entitlements',
  'no-cache-filter',
  'output',
  'platforms',
  'secret',
  'ssh',
  'tags',
  'ulimits',
];
const BOOLEANS = ['pull', 'no-cache'];
/** Not attributes of files. */
const ONLY_HERE = ['load', 'push'];

/** Throws ERR_BAKE_OVERRIDE. */
export function parseOverride(text: string): Override {
  const [, name = '', sign, value] = /^([^=]*?)(?:(\+?=)(.*))?$/s.exec(text) ?? [];
  const [pattern = '', word = '', ...rest] = name.split('.');
  const attribute = ONLY_HERE.includes(word) ? word : fieldName(word);
  const key = rest.length > 0 ? rest.join('.') : undefined;
  if (pattern === '' || word === '') throw bad(`invalid override ${text}, expected target.name=value`);
  if (!attribute || attribute === 'inherits' || attribute === 'description') throw bad(`unknown key: ${word}`);
  if (KEYED.includes(attribute) !== (key !== undefined))
    throw bad(`invalid key ${name}, ${attribute} ${key === undefined ? 'requires name' : 'takes none'}`);
  if (value === undefined && attribute !== 'args') throw bad(`invalid override ${text}, expected target.name=value`);
  if (sign === '+=' && !LISTS.includes(attribute)) throw bad(`invalid override ${text}: += is for lists`);
  return { text, pattern, attribute, key, value, isAppended: sign === '+=' };
}

/** Throws ERR_BAKE_OVERRIDE where a pattern fits no target. */
export function checkPatterns(overrides: readonly Override[], names: readonly string[]): void {
  for (const { pattern, text } of overrides) {
    if (!names.some((name) => fits(pattern, name)))
      throw bad(`could not find any target matching '${pattern}'`, `It was asked for by: --set ${text}`);
  }
}

/** The target's fields with all overrides that are for it. */
export function override(
  name: string,
  fields: TargetFields,
  { overrides, env }: { overrides: readonly Override[]; env: Ctx['env'] },
): TargetFields {
  const mine = overrides.filter(({ pattern }) => fits(pattern, name));
  let result = fields;
  const replaced = new Set<string>();
  for (const one of mine) {
    // Of one list the first override replaces what the files say, the others add to it.
    const isFirst = !one.isAppended && !replaced.has(one.attribute);
    if (LISTS.includes(one.attribute)) replaced.add(one.attribute);
    result = applied(result, one, { isFirst, env });
  }
  return result;
}

function applied(fields: TargetFields, one: Override, { isFirst, env }: { isFirst: boolean; env: Ctx['env'] }): TargetFields {
  const { attribute, key, value = '' } = one;
  if (attribute === 'push') return { ...fields, output: pushed(fields.output ?? [], isTrue(one)) };
  if (attribute === 'load') return isTrue(one) ? { ...fields, output: loaded(fields.output ?? []) } : fields;
  const name = fieldName(attribute);
  if (!name) return fields;
  const given: TargetFields = {};
  try {
    if (key !== undefined) {
      const text = one.value ?? env[key];
      if (text === undefined) return fields;
      setField(given, name, { [key]: text });
      return mergeFields(fields, given);
    }
    setField(given, name, LISTS.includes(attribute) ? [value] : BOOLEANS.includes(attribute) ? isTrue(one) : value);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw bad(`invalid override ${one.text}: ${messageOf(error)}`);
  }
  if (!LISTS.includes(attribute)) return { ...fields, ...given };
  const before = isFirst ? [] : (fields[name] ?? []);
  const added = given[name];
  return { ...fields, [name]: [...(Array.isArray(before) ? before : []), ...(Array.isArray(added) ? added : [])] };
}

function isTrue({ attribute, value = '', text }: Override): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw bad(`invalid value ${value} for boolean key ${attribute}`, `It was given by: --set ${text}`);
}

type Outputs = NonNullable<TargetFields['output']>;

function pushed(outputs: Outputs, isOn: boolean): Outputs {
  if (!isOn)
    return outputs.filter(({ type }) => type !== 'registry').map((one) => (one.type === 'image' ? { ...one, push: 'false' } : one));
  const all = outputs.map((one) => (one.type === 'image' ? { ...one, push: 'true' } : one));
  return all.some(({ type }) => type !== 'docker') ? all : [...all, { type: 'image', push: 'true' }];
}

function loaded(outputs: Outputs): Outputs {
  return outputs.some(({ type, dest }) => type === 'docker' && dest === undefined) ? outputs : [...outputs, { type: 'docker' }];
}

function fits(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

const bad = (message: string, hint?: string): EngineError =>
  new EngineError('ERR_BAKE_OVERRIDE', message, hint === undefined ? {} : { hint });
