// The verbs of `secret`: make, list, look at, remove. Names and sizes are podman's rules.
import { readFileSync } from 'node:fs';
import { recordEvent } from '../storage/events.ts';
import {
  removeSecret as dropSecret,
  findSecret,
  type NewSecret,
  readSecretData,
  listSecrets as readSecrets,
  type SecretRecord,
  createSecret as storeSecret,
} from '../storage/secret.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { type Filters, labelsMatch, parseFilters, textMatches } from './filter.ts';

export type { SecretRecord } from '../storage/secret.ts';

/** Bytes that no secret may reach. */
export const MAX_SECRET_BYTES = 512_000;

/** Stores a secret and returns its id. Throws ERR_SECRET_NAME, ERR_SECRET_SIZE, ERR_SECRET_EXISTS. */
export function createSecret(ctx: Ctx, secret: NewSecret): string {
  checkName(secret.name);
  if (secret.data.length === 0 || secret.data.length >= MAX_SECRET_BYTES) {
    throw new EngineError('ERR_SECRET_SIZE', `Secret data must be larger than 0 and less than ${MAX_SECRET_BYTES} bytes`, {
      hint: secret.data.length === 0 ? 'The file or the input was empty' : 'Mount a larger file with -v',
    });
  }
  const { record, replaced } = storeSecret(ctx, secret);
  for (const old of replaced) note(ctx, old, 'remove');
  note(ctx, record, 'create');
  return record.ID;
}

/** What the user's variable `name` holds. Throws ERR_SECRET_SOURCE. */
export function secretFromVariable(ctx: Ctx, name: string): Buffer {
  const value = ctx.env[name];
  if (value !== undefined) return Buffer.from(value);
  throw new EngineError('ERR_SECRET_SOURCE', `Cannot create a secret: the environment variable "${name}" is not set`, {
    hint: `Set it first: export ${name}=…; or name a file and leave --env out`,
  });
}

/** What the file holds. Throws ERR_SECRET_SOURCE. */
export function secretFromFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'no such file or directory' : errnoOf(cause);
    throw new EngineError('ERR_SECRET_SOURCE', `Cannot read the secret: open ${path}: ${why}`, {
      cause,
      hint: 'Name a file, or - for standard input',
    });
  }
}

const FILTERS = ['id', 'label', 'name'];

/** Secrets by name. Filters: `id` (a beginning), `name` (an expression), `label`. Throws ERR_BAD_FILTER. */
export function listSecrets(ctx: Ctx, filters: readonly string[] = []): SecretRecord[] {
  const wanted = parseFilters(filters, FILTERS);
  return readSecrets(ctx).filter((record) => fits(wanted, record));
}

/** One secret, with its bytes if wanted. Throws ERR_NO_SUCH_SECRET, ERR_AMBIGUOUS_ID. */
export function inspectSecret(ctx: Ctx, wanted: string, { data = false } = {}): { record: SecretRecord; data?: Buffer } {
  const record = findSecret(ctx, wanted);
  return { record, ...(data ? { data: dataOf(ctx, record) } : {}) };
}

/** Removes a secret and returns its id; containers that were given it keep it. Throws ERR_NO_SUCH_SECRET, ERR_AMBIGUOUS_ID. */
export function removeSecret(ctx: Ctx, wanted: string): string {
  const record = findSecret(ctx, wanted);
  if (dropSecret(ctx, record.ID)) note(ctx, record, 'remove');
  return record.ID;
}

function checkName(name: string): void {
  const isUsable = name.length > 0 && name.length <= 253 && !/[,/=\p{Cc}]/u.test(name) && name !== '.' && name !== '..';
  if (isUsable) return;
  throw new EngineError(
    'ERR_SECRET_NAME',
    `Invalid secret name ${JSON.stringify(name)}: it can not include '=', '/', ',', or control characters and must have 1 to 253 characters`,
    { hint: 'Use letters, digits, dots and dashes' },
  );
}

function fits(wanted: Filters, { ID, Name, Labels }: SecretRecord): boolean {
  const ids = wanted.get('id');
  return textMatches(wanted.get('name'), Name) && (!ids || ids.some((id) => ID.startsWith(id))) && labelsMatch(wanted, Labels);
}

function dataOf(ctx: Ctx, { ID, Name }: SecretRecord): Buffer {
  try {
    return readSecretData(ctx, ID);
  } catch (error) {
    throw new EngineError('ERR_NO_SUCH_SECRET', `Cannot read the secret "${Name}": ${errnoOf(error)}`, {
      cause: error,
      hint: `Make it again: skiff secret create --replace ${Name} …`,
    });
  }
}

function note(ctx: Ctx, { ID, Name }: SecretRecord, Action: 'create' | 'remove'): void {
  recordEvent(ctx, { Type: 'secret', Action, Actor: { ID, Attributes: { name: Name } } });
}
