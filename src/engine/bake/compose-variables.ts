// `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${NAME:+other}` and `$$` in a compose file's texts; and the variables of a `.env` file.
import { readFile } from 'node:fs/promises';
import type { Ctx } from '../../sys/context.ts';
import type { Value } from './hcl/ast.ts';

/** `fail` makes the error for a variable that must be there. Keys stay as they are. */
export function interpolate(value: Value, env: Ctx['env'], fail: (message: string) => Error): Value {
  if (typeof value === 'string') return expand(value, env, fail);
  if (Array.isArray(value)) return value.map((item) => interpolate(item, env, fail));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, interpolate(item, env, fail)]));
}

const VARIABLE = /\$\$|\$\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^{}]|\$\{[^}]*\})*))?\}|\$([A-Za-z_]\w*)/g;

function expand(text: string, env: Ctx['env'], fail: (message: string) => Error): string {
  return text.replace(VARIABLE, (all, braced?: string, operator?: string, word = '', bare?: string) => {
    if (all === '$$') return '$';
    const name = braced ?? bare ?? '';
    const value = env[name];
    if (operator === undefined) return value ?? '';
    const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
    if (operator.endsWith('+')) return isSet ? expand(word, env, fail) : '';
    if (isSet) return value;
    if (operator.endsWith('?')) throw fail(`required variable ${name} is missing a value${word === '' ? '' : `: ${word}`}`);
    return expand(word, env, fail);
  });
}

/** A file that is not there has none. */
export async function readDotEnv(path: string): Promise<Record<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return {};
  }
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) continue;
    const [, quote, inside = ''] = /^(["'])(.*)\1/.exec(value) ?? [];
    variables[name] = quote === undefined ? value.replace(/\s+#.*$/, '') : inside;
  }
  return variables;
}
