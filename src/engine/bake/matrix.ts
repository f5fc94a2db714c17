// A target's `matrix`: every combination of its lists' items, as variables for the target's other attributes.
import type { Block, Value } from './hcl/ast.ts';
import { evaluate, type Scope } from './hcl/evaluate.ts';
import { problem } from './hcl/problem.ts';
import { isObject, typeName } from './hcl/values.ts';

const MOST = 1000;

/** In the order of the keys, the last one changing fastest; undefined: no matrix. Throws ERR_BAKE_FILE. */
export function matrixOf({ body }: Block, scope: Scope): Record<string, Value>[] | undefined {
  const attribute = body.attributes.find(({ name }) => name === 'matrix');
  if (!attribute) return undefined;
  const { at } = attribute.value;
  const matrix = evaluate(attribute.value, scope);
  if (!isObject(matrix)) throw problem(at, `A matrix is an object of lists, not ${typeName(matrix)}`);
  let rows: Record<string, Value>[] = [{}];
  for (const key of Object.keys(matrix).sort()) {
    const items = matrix[key];
    if (!Array.isArray(items)) throw problem(at, `The matrix's "${key}" is a list, not ${typeName(items ?? null)}`);
    rows = rows.flatMap((row) => items.map((item) => ({ ...row, [key]: item })));
    if (rows.length > MOST) throw problem(at, `The matrix makes more than ${MOST} targets`);
  }
  return rows;
}
