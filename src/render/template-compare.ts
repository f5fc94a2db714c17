// `eq` and `lt` as Go's text/template has them: equal kinds only, nil equal to nil alone, no comparing of lists, maps or structs.

import { printValue } from './go-print.ts';
import { kindOf, numberOf, textOf, typeName } from './go-values.ts';

/** Whether `first` equals any of `others`. Throws Go's sentences for kinds that cannot be compared. */
export function compareEqual(first: unknown, ...others: unknown[]): boolean {
  requireBasic(first);
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some((other) => {
    requireBasic(other);
    const kinds = [kindOf(first), kindOf(other)];
    if (kinds.some(isNil)) return kinds.every(isNil);
    if (kinds[0] !== kinds[1]) throw new Error('incompatible types for comparison');
    return basic(first) === basic(other);
  });
}

/** Whether `left` comes before `right`. */
export function compareLess(left: unknown, right: unknown): boolean {
  requireBasic(left);
  requireBasic(right);
  if (kindOf(left) !== kindOf(right)) throw new Error('incompatible types for comparison');
  if (kindOf(left) === 'bool' || isNil(kindOf(left))) throw new Error('invalid type for comparison');
  return basic(left) < basic(right);
}

function requireBasic(value: unknown): void {
  if (['list', 'map', 'struct', 'function'].includes(kindOf(value)))
    throw new Error(`non-comparable type ${printValue(value)}: ${typeName(value)}`);
}

function isNil(kind: string): boolean {
  return kind === 'nil' || kind === 'invalid';
}

function basic(value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value;
  return kindOf(value) === 'string' ? textOf(value) : numberOf(value);
}
