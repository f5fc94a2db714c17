// `--secret id=NAME[,src=PATH|env=VARIABLE][,type=file|env]`. Values are read by the front, with the user's own rights, and go to the worker by its
// standard input alone. Trap: no message may hold a value.
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Ctx } from '../../../sys/context.ts';
import { EngineError, errnoOf } from '../../../sys/errors.ts';
import type { BuildSecret } from '../model.ts';
import { keyedFields } from './fields.ts';

/** Where a secret's value is; `either`: a variable of that name, else a file. */
export interface SecretSource {
  id: string;
  from: 'file' | 'env' | 'either';
  name: string;
}

/** BuildKit's limit, bytes. */
const LARGEST = 500 * 1024;

/** Throws an Error that says what is wrong with the text. */
export function parseSecretSource(text: string): SecretSource {
  return secretOf(keyedFields(text, { known: ['id', 'src', 'source', 'env', 'type'] }));
}

/** The same of fields that are apart already, as bake has them. Throws an Error. */
export function secretOf(fields: Record<string, string>): SecretSource {
  const { id = '', type, env } = fields;
  const source = fields.src ?? fields.source;
  if (type !== undefined && type !== 'file' && type !== 'env') throw new Error(`unsupported secret type "${type}": use file or env`);
  if (id === '') throw new Error('secret missing ID: give it as id=NAME');
  if (env !== undefined && source !== undefined) throw new Error('a secret comes from src or from env, not from both');
  if (env !== undefined && type === 'file') throw new Error('env has no meaning for a secret of type file: use src');
  const name = env ?? source ?? id;
  if (name === '') throw new Error('the secret names nothing that it could be read from');
  if (env !== undefined || type === 'env') return { id, from: 'env', name };
  return { id, from: type === 'file' || source !== undefined ? 'file' : 'either', name };
}

/** The values. `folder`: what relative paths start from. Throws ERR_SECRET. */
export async function readSecrets(
  ctx: Pick<Ctx, 'env' | 'warn'>,
  sources: readonly SecretSource[],
  folder = '.',
): Promise<Record<string, BuildSecret>> {
  const secrets: Record<string, BuildSecret> = {};
  for (const { id, from, name } of sources) {
    const isVariable = from === 'env' || (from === 'either' && ctx.env[name] !== undefined);
    if (isVariable && ctx.env[name] === undefined) ctx.warn(`The variable "${name}" is not set: the secret "${id}" is empty`);
    const bytes = isVariable ? Buffer.from(ctx.env[name] ?? '') : await readSecretFile(id, resolve(folder, name));
    secrets[id] = { value: bytes.toString('base64') };
  }
  return secrets;
}

async function readSecretFile(id: string, path: string): Promise<Buffer> {
  const refuse = (why: string): EngineError =>
    new EngineError('ERR_SECRET', `Cannot read the secret "${id}": ${why}`, {
      hint: `Name its file or its variable: --secret id=${id},src=PATH or --secret id=${id},env=NAME`,
    });
  try {
    const { size } = statSync(path);
    if (size > LARGEST) throw refuse(`"${path}" is too big: ${size} bytes, where 500 KB are the most`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const code = errnoOf(error) ?? '';
    throw refuse(`"${path}" ${WHY[code] ?? `cannot be read (${code})`}`);
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by you',
  EISDIR: 'is a folder',
  ENOTDIR: 'does not exist',
};
