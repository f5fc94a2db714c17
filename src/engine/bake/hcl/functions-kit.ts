// What the functions of expressions are made with.
import type { Value } from './ast.ts';

export type HclFunction = (args: Value[]) => Value;

/** The function with its number of arguments checked; `most` undefined: any more. */
export function of(least: number, most: number | undefined, work: (...args: [Value, Value, Value, ...Value[]]) => Value): HclFunction {
  return (args) => {
    if (args.length < least) throw new Error(`it takes ${least === most ? '' : 'at least '}${least}, not ${args.length} arguments`);
    if (most !== undefined && args.length > most)
      throw new Error(`it takes ${least === most ? '' : 'at most '}${most}, not ${args.length} arguments`);
    const [a = null, b = null, c = null, ...rest] = args;
    return work(a, b, c, ...rest);
  };
}
