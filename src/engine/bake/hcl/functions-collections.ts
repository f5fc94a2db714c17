// Functions of lists and objects. Sets are lists without doubles: order stays.
import type { Value } from './ast.ts';
import { type HclFunction, of } from './functions-kit.ts';
import { isEqual, isObject, toList, toNumber, toObject, toText, typeName } from './values.ts';

const unique = (items: Value[]): Value[] => items.filter((item, index) => items.findIndex((other) => isEqual(item, other)) === index);
const has = (items: Value[], item: Value): boolean => items.some((other) => isEqual(item, other));
const isBlank = (value: Value): boolean => value === null || value === '';
const sortedKeys = (of: Record<string, Value>): string[] => Object.keys(of).sort();

export const COLLECTIONS: Readonly<Record<string, HclFunction>> = {
  chunklist: of(2, 2, (list, size) => {
    const width = toNumber(size);
    if (width < 1) throw new Error('the size must be 1 or more');
    const items = toList(list);
    return Array.from({ length: Math.ceil(items.length / width) }, (_, at) => items.slice(at * width, (at + 1) * width));
  }),
  coalesce: (args) => first(args, isBlank, 'every value is null or empty'),
  coalescelist: (args) => first(args, (value) => !Array.isArray(value) || value.length === 0, 'every list is empty'),
  compact: of(1, 1, (list) => toList(list).filter((item) => !isBlank(item))),
  concat: (args) => args.flatMap((list) => toList(list)),
  contains: of(2, 2, (list, item) => has(toList(list), item)),
  distinct: of(1, 1, (list) => unique(toList(list))),
  element: of(2, 2, (list, index) => {
    const items = toList(list);
    if (items.length === 0) throw new Error('the list is empty');
    return items[((toNumber(index) % items.length) + items.length) % items.length] as Value;
  }),
  flatten: of(1, 1, (list) => flat(toList(list))),
  hasindex: of(2, 2, (value, index) => {
    if (isObject(value)) return typeof index === 'string' && Object.hasOwn(value, index);
    return typeof index === 'number' && toList(value)[index] !== undefined;
  }),
  index: of(2, 2, (value, index) => {
    const found = Array.isArray(value) ? value[toNumber(index)] : toObject(value)[toText(index)];
    if (found === undefined) throw new Error(`there is nothing at ${typeName(index)}`);
    return found;
  }),
  indexof: of(2, 2, (list, item) => {
    const at = toList(list).findIndex((other) => isEqual(item, other));
    if (at === -1) throw new Error('the item is not in the list');
    return at;
  }),
  keys: of(1, 1, (object) => sortedKeys(toObject(object))),
  length: of(1, 1, (value) =>
    typeof value === 'string' ? [...value].length : isObject(value) ? Object.keys(value).length : toList(value).length,
  ),
  lookup: of(2, 3, (object, key, otherwise) => {
    const entries = toObject(object);
    const name = toText(key);
    if (Object.hasOwn(entries, name)) return entries[name] as Value;
    if (otherwise === null) throw new Error(`the object has no "${name}", and no default is given`);
    return otherwise;
  }),
  merge: (args) => Object.assign({}, ...args.filter((object) => object !== null).map(toObject)),
  range: (args) => {
    const [a = 0, b, step = 1] = args.map(toNumber);
    const [from, to] = b === undefined ? [0, a] : [a, b];
    if (step === 0) throw new Error('the step must not be 0');
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (count > 10_000) throw new Error('it has more than 10,000 items');
    return Array.from({ length: count }, (_, at) => from + at * step);
  },
  reverselist: of(1, 1, (list) => toList(list).toReversed()),
  sethaselement: of(2, 2, (list, item) => has(toList(list), item)),
  setintersection: (args) => unique(args.map(toList).reduce((held, list) => held.filter((item) => has(list, item)))),
  setproduct: (args) => args.map(toList).reduce<Value[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]),
  setsubtract: of(2, 2, (list, other) => unique(toList(list)).filter((item) => !has(toList(other), item))),
  setsymmetricdifference: of(2, 2, (a, b) => {
    const [x, y] = [toList(a), toList(b)];
    return unique([...x.filter((item) => !has(y, item)), ...y.filter((item) => !has(x, item))]);
  }),
  setunion: (args) => unique(args.flatMap((list) => toList(list))),
  slice: of(3, 3, (list, from, to) => {
    const items = toList(list);
    const [start, end] = [toNumber(from), toNumber(to)];
    if (start < 0 || end > items.length || start > end) throw new Error(`the list of ${items.length} has no items from ${start} to ${end}`);
    return items.slice(start, end);
  }),
  sort: of(1, 1, (list) => toList(list).map(toText).sort()),
  tolist: of(1, 1, (value) => toList(value)),
  toset: of(1, 1, (value) => unique(toList(value))),
  values: of(1, 1, (object) => sortedKeys(toObject(object)).map((key) => toObject(object)[key] as Value)),
  zipmap: of(2, 2, (keys, values) => {
    const [names, items] = [toList(keys), toList(values)];
    if (names.length !== items.length) throw new Error(`${names.length} keys and ${items.length} values do not go together`);
    return Object.fromEntries(names.map((name, at) => [toText(name), items[at] as Value]));
  }),
};

function first(args: Value[], isNone: (value: Value) => boolean, message: string): Value {
  const found = args.find((value) => !isNone(value));
  if (found === undefined) throw new Error(message);
  return found;
}

const flat = (items: Value[]): Value[] => items.flatMap((item) => (Array.isArray(item) ? flat(item) : [item]));
