// Flags of NAME=VALUE: --build-arg, --label, --build-context. Errors are plain: the caller adds which flag it was.
import type { Ctx } from '../../../sys/context.ts';

/** As Docker's: a name without `=` takes the value of the environment, and is no argument at all where that has none. */
export function buildArguments(texts: readonly string[], env: Ctx['env']): Record<string, string> {
  const args: Record<string, string> = {};
  for (const text of texts) {
    const [name, value] = cut(text);
    const given = value ?? env[name];
    if (given === undefined) delete args[name];
    else args[name] = given;
  }
  return args;
}

/** `NAME` or `NAME=VALUE`. Throws an Error. */
export function buildArgument(text: string): string {
  if (/^(=|$)/.test(text)) throw new Error(`invalid build argument "${text}": it has no name`);
  return text;
}

/** `NAME=VALUE`, both needed. Throws an Error. */
export function namedContext(text: string): [name: string, value: string] {
  const [name, value] = cut(text);
  if (!name || !value) throw new Error(`invalid context value: ${text}, expected key=value`);
  return [name.toLowerCase(), value];
}

function cut(text: string): [name: string, value: string | undefined] {
  const equals = text.indexOf('=');
  return equals === -1 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}
