// `--env-file` and `--label-file`: one `NAME=value` a line, `#` comments, leading blanks dropped, nothing unquoted. A NAME alone takes its
// value from `lookup`, or is left out when that has none (labels: an empty value).
import { readFileSync } from 'node:fs';
import { EngineError, errnoOf } from '../../sys/errors.ts';

export interface KeyValueFile {
  path: string;
  /** `env file` or `label file`, for messages. */
  kind: 'env file' | 'label file';
  lookup?: (name: string) => string | undefined;
}

/** The file's `NAME=value` entries in order. Throws ERR_BAD_FILE (exit code 125) in Docker's words. */
export function readKeyValueFile({ path, kind, lookup }: KeyValueFile): string[] {
  const entries: string[] = [];
  const lines = readText(path, kind)
    .replace(/^\uFEFF/, '')
    .split('\n');
  for (const raw of lines) {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name = equals === -1 ? line : line.slice(0, equals);
    if (/\s/.test(name)) throw bad(`Invalid ${kind} (${path}): variable '${name}' contains whitespaces`);
    if (name === '') throw bad(`Invalid ${kind} (${path}): no variable name on line '${line}'`);
    if (equals !== -1) entries.push(line);
    else if (!lookup) entries.push(line);
    else if (lookup(name) !== undefined) entries.push(`${name}=${lookup(name)}`);
  }
  return entries;
}

function readText(path: string, kind: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'no such file or directory' : errnoOf(cause);
    throw new EngineError('ERR_BAD_FILE', `Open ${path}: ${why}`, { cause, hint: `Check the path of the ${kind}`, exitCode: 125 });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw bad(`Invalid ${kind} (${path}): invalid utf8 bytes`);
  }
}

const bad = (message: string): EngineError =>
  new EngineError('ERR_BAD_FILE', message, { hint: 'Write one NAME=value on each line', exitCode: 125 });
