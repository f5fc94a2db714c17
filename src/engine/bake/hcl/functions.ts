// The functions of expressions: those of HCL's and go-cty's libraries that bake files use, under their names there. Each takes values and throws an
// Error that says what is wrong; `try` and `can` are the evaluator's.
import type { Value } from './ast.ts';
import { COLLECTIONS } from './functions-collections.ts';
import { type HclFunction, of } from './functions-kit.ts';
import { TEXTS } from './functions-texts.ts';
import { isEqual, toBoolean, toNumber } from './values.ts';

const numbers = (work: (a: number, b: number) => Value): HclFunction => of(2, 2, (a, b) => work(toNumber(a), toNumber(b)));
const number = (work: (a: number) => Value): HclFunction => of(1, 1, (a) => work(toNumber(a)));

function dividing(work: (a: number, b: number) => number): HclFunction {
  return numbers((a, b) => {
    if (b === 0) throw new Error('divide by zero');
    return work(a, b);
  });
}

const NUMBERS: Readonly<Record<string, HclFunction>> = {
  absolute: number(Math.abs),
  add: numbers((a, b) => a + b),
  ceil: number(Math.ceil),
  divide: dividing((a, b) => a / b),
  floor: number(Math.floor),
  greaterthan: numbers((a, b) => a > b),
  greaterthanorequalto: numbers((a, b) => a >= b),
  int: number(Math.trunc),
  lessthan: numbers((a, b) => a < b),
  lessthanorequalto: numbers((a, b) => a <= b),
  log: numbers((a, b) => Math.log(a) / Math.log(b)),
  max: (args) => Math.max(...args.map(toNumber)),
  min: (args) => Math.min(...args.map(toNumber)),
  modulo: dividing((a, b) => a % b),
  multiply: numbers((a, b) => a * b),
  negate: number((a) => -a),
  parseint: of(2, 2, (text, base) => {
    const value = Number.parseInt(String(text), toNumber(base));
    if (Number.isNaN(value)) throw new Error(`"${text}" is no number to the base ${toNumber(base)}`);
    return value;
  }),
  pow: numbers((a, b) => a ** b),
  signum: number(Math.sign),
  subtract: numbers((a, b) => a - b),
};

const LOGIC: Readonly<Record<string, HclFunction>> = {
  and: of(2, 2, (a, b) => toBoolean(a) && toBoolean(b)),
  equal: of(2, 2, (a, b) => isEqual(a, b)),
  not: of(1, 1, (a) => !toBoolean(a)),
  notequal: of(2, 2, (a, b) => !isEqual(a, b)),
  or: of(2, 2, (a, b) => toBoolean(a) || toBoolean(b)),
};

export const FUNCTIONS: Readonly<Record<string, HclFunction>> = { ...NUMBERS, ...LOGIC, ...TEXTS, ...COLLECTIONS };
