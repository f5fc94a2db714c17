// What an expression comes to. Names are looked up in a scope; failures carry the expression's place.
import { EngineError, messageOf } from '../../../sys/errors.ts';
import { suggest } from '../../suggest.ts';
import type { At, BinaryOperator, Expression, ForExpression, TemplatePart, Value } from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import { problem } from './problem.ts';
import { isEqual, isObject, toBoolean, toNumber, toObject, toText, typeName } from './values.ts';

export interface Scope {
  /** undefined: there is no such variable. */
  variable(name: string): Value | undefined;
  /** The user's own functions. */
  call(name: string): ((args: Value[]) => Value) | undefined;
  /** For a suggestion. */
  names(): string[];
}

/** Throws ERR_BAKE_FILE with the place. */
export function evaluate(expression: Expression, scope: Scope): Value {
  const value = (of: Expression): Value => evaluate(of, scope);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'template':
      return templateText(expression.parts, scope);
    case 'list':
      return expression.items.map(value);
    case 'object': {
      const entries = expression.entries.map(({ key, value: of }) => [at(key, () => toText(value(key))), value(of)] as const);
      return Object.fromEntries(entries);
    }
    case 'variable':
      return lookUp(expression.name, expression.at, scope);
    case 'index':
      return step(value(expression.of), value(expression.index), expression.at);
    case 'splat': {
      const of = value(expression.of);
      const items = Array.isArray(of) ? of : of === null ? [] : [of];
      return items.map((item) => expression.steps.reduce((held, index) => step(held, value(index), expression.at), item));
    }
    case 'call':
      return call(expression, scope);
    case 'unary':
      return at(expression, () => (expression.operator === '!' ? !toBoolean(value(expression.of)) : -toNumber(value(expression.of))));
    case 'binary':
      return at(expression, () => binary(expression.operator, expression, scope));
    case 'conditional':
      return at(expression, () => toBoolean(value(expression.condition))) ? value(expression.yes) : value(expression.no);
    case 'for':
      return forValue(expression, scope);
    default:
      return expression satisfies never;
  }
}

/** The scope with some more variables, which hide others. */
export function within(scope: Scope, variables: Readonly<Record<string, Value>>): Scope {
  return {
    variable: (name) => (Object.hasOwn(variables, name) ? variables[name] : scope.variable(name)),
    call: scope.call,
    names: () => [...Object.keys(variables), ...scope.names()],
  };
}

// Gives what is thrown within the expression's place.
function at<T>({ at: place }: { at: At }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw problem(
      place,
      messageOf(error).replace(/^./, (letter) => letter.toUpperCase()),
    );
  }
}

function lookUp(name: string, place: At, scope: Scope): Value {
  const value = scope.variable(name);
  if (value !== undefined) return value;
  const nearest = suggest(name, scope.names());
  throw problem(place, `There is no variable named "${name}"`, nearest === undefined ? undefined : `Did you mean: ${nearest}`);
}

function step(of: Value, index: Value, place: At): Value {
  if (Array.isArray(of)) {
    const number = at({ at: place }, () => toNumber(index));
    const item = of[number];
    if (item === undefined) throw problem(place, `The list has no item ${number}: it has ${of.length}`);
    return item;
  }
  if (!isObject(of)) throw problem(place, `${typeName(of).replace(/^./, (letter) => letter.toUpperCase())} has no parts`);
  const name = at({ at: place }, () => toText(index));
  if (Object.hasOwn(of, name)) return of[name] as Value;
  throw problem(place, `The object has nothing named "${name}"`, `It has: ${Object.keys(of).join(', ')}`);
}

function call({ name, args, isExpanded, at: place }: Extract<Expression, { kind: 'call' }>, scope: Scope): Value {
  if (name === 'try' || name === 'can') return tried(name, args, scope, place);
  const given = scope.call(name) ?? (Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined);
  if (!given) {
    const nearest = suggest(name, Object.keys(FUNCTIONS));
    throw problem(place, `There is no function named "${name}"`, nearest === undefined ? undefined : `Did you mean: ${nearest}`);
  }
  const values = args.map((arg) => evaluate(arg, scope));
  const last = values.at(-1);
  if (isExpanded && !Array.isArray(last)) throw problem(place, `"..." takes a list, not ${typeName(last ?? null)}`);
  const all = isExpanded && Array.isArray(last) ? [...values.slice(0, -1), ...last] : values;
  try {
    return given(all);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw problem(place, `Error in function call: ${name}: ${messageOf(error)}`);
  }
}

function tried(name: 'try' | 'can', args: Expression[], scope: Scope, place: At): Value {
  for (const arg of args) {
    try {
      const value = evaluate(arg, scope);
      return name === 'can' ? true : value;
    } catch {
      // The next one.
    }
  }
  if (name === 'can') return false;
  throw problem(place, 'Error in function call: try: none of the values can be had');
}

function binary(operator: BinaryOperator, { left, right }: { left: Expression; right: Expression }, scope: Scope): Value {
  const a = evaluate(left, scope);
  // The right side is not evaluated where the left one decides.
  if (operator === '&&') return toBoolean(a) && toBoolean(evaluate(right, scope));
  if (operator === '||') return toBoolean(a) || toBoolean(evaluate(right, scope));
  const b = evaluate(right, scope);
  if (operator === '==') return isEqual(a, b);
  if (operator === '!=') return !isEqual(a, b);
  const [x, y] = [toNumber(a), toNumber(b)];
  if ((operator === '/' || operator === '%') && y === 0) throw new Error('division by zero');
  return ARITHMETIC[operator](x, y);
}

const ARITHMETIC = {
  '<': (x: number, y: number) => x < y,
  '<=': (x: number, y: number) => x <= y,
  '>': (x: number, y: number) => x > y,
  '>=': (x: number, y: number) => x >= y,
  '+': (x: number, y: number) => x + y,
  '-': (x: number, y: number) => x - y,
  '*': (x: number, y: number) => x * y,
  '/': (x: number, y: number) => x / y,
  '%': (x: number, y: number) => x % y,
} as const;

function forValue(expression: ForExpression & { at: At }, scope: Scope): Value {
  const { key, value, condition, isGrouped } = expression;
  const scopes = itemsOf(evaluate(expression.in, scope), expression).map((variables) => within(scope, variables));
  const kept = scopes.filter((inner) => !condition || at(condition, () => toBoolean(evaluate(condition, inner))));
  if (!key) return kept.map((inner) => evaluate(value, inner));
  const object: Record<string, Value> = {};
  for (const inner of kept) {
    const name = at(key, () => toText(evaluate(key, inner)));
    const item = evaluate(value, inner);
    if (!isGrouped && Object.hasOwn(object, name))
      throw problem(key.at, `Two items have the key "${name}"`, 'Add ... after the value to group them');
    const before = object[name];
    object[name] = isGrouped ? [...(Array.isArray(before) ? before : []), item] : item;
  }
  return object;
}

function itemsOf(
  of: Value,
  { keyName, valueName, at: place }: { keyName: string | undefined; valueName: string; at?: At },
): Record<string, Value>[] {
  if (!Array.isArray(of) && !isObject(of)) throw problem(place, `"for" goes over a list or an object, not ${typeName(of)}`);
  const entries: [Value, Value][] = Array.isArray(of) ? of.map((item, index) => [index, item]) : Object.entries(toObject(of)).sort(byKey);
  return entries.map(([key, item]) => ({ ...(keyName === undefined ? {} : { [keyName]: key }), [valueName]: item }));
}

const byKey = ([a]: [string, Value], [b]: [string, Value]): number => (a < b ? -1 : 1);

function templateText(parts: readonly TemplatePart[], scope: Scope): string {
  return parts.map((part) => partText(part, scope)).join('');
}

function partText(part: TemplatePart, scope: Scope): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'value':
      return at(part.value, () => toText(evaluate(part.value, scope)));
    case 'if':
      return templateText(at(part.condition, () => toBoolean(evaluate(part.condition, scope))) ? part.yes : part.no, scope);
    case 'for':
      return itemsOf(evaluate(part.in, scope), part)
        .map((variables) => templateText(part.body, within(scope, variables)))
        .join('');
    default:
      return part satisfies never;
  }
}
