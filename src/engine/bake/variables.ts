// Variables, globals and functions of bake files: evaluated when they are first used, each once. A variable's value is that of the environment or
// `--var`, else its default; what it must be is seen by its type, or by its default.
import { messageOf } from '../../sys/errors.ts';
import { csvFields } from '../create/csv-fields.ts';
import type { At, Attribute, Block, Body, Expression, Value } from './hcl/ast.ts';
import { evaluate, type Scope, within } from './hcl/evaluate.ts';
import { problem } from './hcl/problem.ts';
import { toBoolean, toNumber, toText } from './hcl/values.ts';
import type { BakeVariable } from './model.ts';

export interface Variables {
  scope: Scope;
  /** Evaluates all, so that a mistake in one that nobody uses is seen. Throws ERR_BAKE_FILE. */
  check(): BakeVariable[];
}

interface Definition {
  type: Expression | undefined;
  default: Expression | undefined;
  description: string | undefined;
  validations: Block[];
  at: At;
}

/** `given`: a value that stands before the file's. `known`: names that hold whatever the files say. */
export function createVariables(
  bodies: readonly Body[],
  { given, known }: { given: (name: string) => string | undefined; known: Readonly<Record<string, Value>> },
): Variables {
  const blocks = bodies.flatMap((body) => body.blocks);
  const definitions = new Map<string, Definition>();
  for (const block of blocks.filter(({ type }) => type === 'variable')) define(definitions, block);
  const globals = new Map(bodies.flatMap((body) => body.attributes).map((attribute) => [attribute.name, attribute]));
  const values = new Map<string, Value>();
  const evaluating: string[] = [];

  const scope: Scope = {
    variable: (name) => {
      if (Object.hasOwn(known, name)) return known[name];
      const held = values.get(name);
      if (held !== undefined) return held;
      const definition = definitions.get(name);
      const global = globals.get(name);
      if (!definition && !global) return undefined;
      const at = definition?.at ?? global?.at;
      if (evaluating.includes(name)) throw problem(at, `Variables need each other in a circle: ${[...evaluating, name].join(' → ')}`);
      evaluating.push(name);
      const value = definition
        ? variableValue(name, definition, { given: given(name), scope })
        : evaluate((global as Attribute).value, scope);
      evaluating.pop();
      values.set(name, value);
      if (definition) validate(name, definition, scope);
      return value;
    },
    call: createFunctions(blocks, () => scope),
    names: () => [...definitions.keys(), ...globals.keys(), ...Object.keys(known)],
  };
  return {
    scope,
    check: () => {
      for (const name of globals.keys()) scope.variable(name);
      return [...definitions].map(([name, definition]) => ({
        name,
        description: definition.description,
        type: definition.type && typeText(definition.type),
        default: definition.default,
        value: scope.variable(name),
      }));
    },
  };
}

function define(definitions: Map<string, Definition>, { labels, body, at }: Block): void {
  const [name] = labels;
  if (name === undefined || labels.length !== 1) throw problem(at, 'A variable has one name: variable "NAME" { … }');
  const before = definitions.get(name);
  const attribute = (wanted: string): Expression | undefined => body.attributes.find((one) => one.name === wanted)?.value;
  for (const one of body.attributes) {
    if (!['default', 'type', 'description'].includes(one.name)) throw unsupported(one);
  }
  const description = attribute('description');
  definitions.set(name, {
    type: attribute('type') ?? before?.type,
    default: attribute('default') ?? before?.default,
    description: description?.kind === 'literal' ? String(description.value) : before?.description,
    validations: [...(before?.validations ?? []), ...body.blocks.filter(({ type }) => type === 'validation')],
    at,
  });
}

export const unsupported = ({ name, at }: Attribute, hint?: string): Error =>
  problem(at, `Unsupported argument: an argument named "${name}" is not expected here`, hint);

function variableValue(name: string, definition: Definition, { given, scope }: { given: string | undefined; scope: Scope }): Value {
  const fallback = definition.default && evaluate(definition.default, scope);
  const type = definition.type ? typeText(definition.type) : fallback === undefined || fallback === null ? 'string' : typeOf(fallback);
  try {
    if (given !== undefined) return fromText(given, type);
    if (fallback === undefined) return definition.type && type !== 'string' ? null : '';
    return definition.type ? converted(fallback, type) : fallback;
  } catch (error) {
    throw problem(definition.at, `The variable "${name}" must be ${type}: ${messageOf(error)}`);
  }
}

function typeText(type: Expression): string {
  if (type.kind === 'variable') return type.name;
  if (type.kind !== 'call') return 'any';
  return `${type.name}(${type.args.map(typeText).join(', ')})`;
}

function typeOf(value: Value): string {
  if (Array.isArray(value)) return 'list(any)';
  return value !== null && typeof value === 'object'
    ? 'map(any)'
    : value === null
      ? 'string'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
}

function fromText(text: string, type: string): Value {
  if (type === 'string' || type === 'any') return text;
  if (type === 'number') return toNumber(text);
  if (type === 'bool') return /^(1|t|true)$/i.test(text) ? true : /^(0|f|false|)$/i.test(text) ? false : toBoolean(text);
  if (/^(list|set|tuple)\(/.test(type)) {
    const items: Value = text.startsWith('[') ? JSON.parse(text) : text === '' ? [] : csvFields(text);
    return converted(items, type);
  }
  return converted(JSON.parse(text), type);
}

function converted(value: Value, type: string): Value {
  if (value === null) return null;
  if (type === 'string') return toText(value);
  if (type === 'number') return toNumber(value);
  if (type === 'bool') return toBoolean(value);
  const [, kind, inner = 'any'] = /^(list|set|map)\((.+)\)$/.exec(type) ?? [];
  if ((kind === 'list' || kind === 'set') && !Array.isArray(value)) throw new Error('it is no list');
  if (kind === 'map' && (typeof value !== 'object' || Array.isArray(value))) throw new Error('it is no map');
  if (Array.isArray(value)) return kind ? value.map((item) => converted(item, inner)) : value;
  if (typeof value !== 'object' || kind !== 'map') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, converted(item, inner)]));
}

function validate(name: string, { validations }: Definition, scope: Scope): void {
  for (const { body, at } of validations) {
    const find = (wanted: string): Expression | undefined => body.attributes.find((one) => one.name === wanted)?.value;
    const [condition, message] = [find('condition'), find('error_message')];
    if (!condition) throw problem(at, 'A validation needs a condition');
    if (evaluate(condition, scope) === true) continue;
    const said = message ? toText(evaluate(message, scope)) : `the variable "${name}" is not valid`;
    throw problem(condition.at, `Validation failed: ${said}`);
  }
}

function createFunctions(blocks: readonly Block[], scope: () => Scope): Scope['call'] {
  const functions = new Map(blocks.filter(({ type }) => type === 'function').map((block) => [block.labels[0] ?? '', block]));
  return (name) => {
    const block = functions.get(name);
    if (!block) return undefined;
    const find = (wanted: string): Expression | undefined => block.body.attributes.find((one) => one.name === wanted)?.value;
    const [params, rest, result] = [find('params'), find('variadic_params'), find('result')];
    if (!result) throw problem(block.at, `The function "${name}" has no result`);
    const names = params?.kind === 'list' ? params.items.map(nameOf) : [];
    const restName = rest && nameOf(rest);
    return (args) => {
      if (args.length < names.length || (restName === undefined && args.length > names.length)) {
        throw new Error(`it takes ${names.length} ${names.length === 1 ? 'argument' : 'arguments'}, not ${args.length}`);
      }
      const variables = Object.fromEntries(names.map((param, at) => [param, args[at] as Value]));
      return evaluate(
        result,
        within(scope(), { ...variables, ...(restName === undefined ? {} : { [restName]: args.slice(names.length) }) }),
      );
    };
  };
}

function nameOf(expression: Expression): string {
  if (expression.kind === 'variable') return expression.name;
  throw problem(expression.at, 'A name is expected');
}
