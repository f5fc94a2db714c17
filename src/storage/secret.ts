// Secrets: `secrets/<id>/` with a record and the bytes, both for the user alone (mode 0600), made whole in tmp/ and renamed into place.
// The bytes of an id never change; a replaced secret gets another id, so who uses the old one by a link keeps what it was made with.
// Crash rule: of two with one name, which a replacement that died may leave, the newer counts, and the next one made sweeps the older.
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, syncFolder, writeFileAtomic, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { randomHex } from '../sys/random.ts';
import { withStoreLock } from './claim.ts';
import { secretsDir, tmpDir } from './layout.ts';

/** `secrets/<id>/secret.json`; the bytes lie beside it in `data`. */
export interface SecretRecord {
  version: 1;
  /** 25 hex digits, as podman's. */
  ID: string;
  Name: string;
  Labels: Record<string, string>;
  /** RFC 3339. */
  CreatedAt: string;
  UpdatedAt: string;
}

export interface NewSecret {
  name: string;
  data: Uint8Array;
  labels?: Record<string, string>;
  /** Take the place of the one of that name. */
  replace?: boolean;
}

type HasPaths = Pick<Ctx, 'paths'>;

const ID_PATTERN = /^[0-9a-f]{25}$/;

const folderOf = (ctx: HasPaths, id: string): string => join(secretsDir(ctx), id);
const dataPath = (ctx: HasPaths, id: string): string => join(folderOf(ctx, id), 'data');

/** Stores a secret. Throws ERR_SECRET_EXISTS when the name is taken and not to be replaced. */
export function createSecret(ctx: Pick<Ctx, 'paths' | 'now'>, secret: NewSecret): { record: SecretRecord; replaced: SecretRecord[] } {
  const { name, data, labels = {}, replace = false } = secret;
  const now = ctx.now().toISOString();
  const record: SecretRecord = { version: 1, ID: randomHex(13).slice(1), Name: name, Labels: labels, CreatedAt: now, UpdatedAt: now };
  const making = join(tmpDir(ctx), `secret-${record.ID}`);
  mkdirSync(making, { recursive: true, mode: 0o700 });
  try {
    writeFileAtomic(join(making, 'data'), data);
    writeJsonAtomic(join(making, 'secret.json'), record);
    mkdirSync(secretsDir(ctx), { recursive: true, mode: 0o700 });
    return withStoreLock(ctx, () => {
      const known = readSecrets(ctx).filter(({ Name }) => Name === name);
      if (known.length > 0 && !replace) throw taken(name);
      renameSync(making, folderOf(ctx, record.ID));
      syncFolder(secretsDir(ctx));
      for (const { ID } of known) bury(ctx, ID);
      return { record, replaced: known };
    });
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}

/** Every readable secret, by name. */
export function listSecrets(ctx: HasPaths): SecretRecord[] {
  const newest = new Map<string, SecretRecord>();
  for (const record of readSecrets(ctx).toSorted((a, b) => compare(a.CreatedAt, b.CreatedAt))) newest.set(record.Name, record);
  return [...newest.values()].toSorted((a, b) => compare(a.Name, b.Name));
}

/** By name, id, or unique beginning of an id. Throws ERR_NO_SUCH_SECRET, ERR_AMBIGUOUS_ID. */
export function findSecret(ctx: HasPaths, wanted: string): SecretRecord {
  const all = listSecrets(ctx);
  const exact = all.find(({ Name }) => Name === wanted) ?? all.find(({ ID }) => ID === wanted);
  if (exact) return exact;
  const [first, second] = /^[0-9a-f]+$/.test(wanted) ? all.filter(({ ID }) => ID.startsWith(wanted)) : [];
  if (second) {
    throw new EngineError('ERR_AMBIGUOUS_ID', `Multiple IDs found with provided prefix: ${wanted}`, {
      hint: 'Give more digits of the id, or the name',
    });
  }
  if (first) return first;
  throw new EngineError('ERR_NO_SUCH_SECRET', `No such secret: ${wanted}`, { hint: 'List what there is: skiff secret ls' });
}

/** The bytes. Throws ENOENT when the secret has been removed. */
export const readSecretData = (ctx: HasPaths, id: string): Buffer => readFileSync(dataPath(ctx, id));

/** Removes a secret; false when it is gone already. Who has a link keeps the bytes. */
export function removeSecret(ctx: HasPaths, id: string): boolean {
  return withStoreLock(ctx, () => bury(ctx, id));
}

/** Gives the bytes of a secret the name `path` too, so that they stay when the secret goes. Throws ENOENT when it has gone. */
export function linkSecretData(ctx: HasPaths, id: string, path: string): void {
  try {
    linkSync(dataPath(ctx, id), path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw error;
    // A file system without hard links.
    copyFileSync(dataPath(ctx, id), path);
  }
}

/** Every readable one, also where two have one name. */
export function readSecrets(ctx: HasPaths): SecretRecord[] {
  return secretIds(ctx).flatMap((id) => {
    const record = readJson(join(folderOf(ctx, id), 'secret.json')) as SecretRecord | undefined;
    return record?.version === 1 && record.ID === id && typeof record.Name === 'string' ? [record] : [];
  });
}

/** Out of sight in one rename, then deleted; if we die in between, a sweep deletes it. */
function bury(ctx: HasPaths, id: string): boolean {
  const grave = join(tmpDir(ctx), `removed-secret-${id}`);
  mkdirSync(tmpDir(ctx), { recursive: true, mode: 0o700 });
  try {
    renameSync(folderOf(ctx, id), grave);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  syncFolder(secretsDir(ctx));
  rmSync(grave, { recursive: true, force: true });
  return true;
}

/** The ids there are folders for. */
export function secretIds(ctx: HasPaths): string[] {
  try {
    return readdirSync(secretsDir(ctx)).filter((name) => ID_PATTERN.test(name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const taken = (name: string): EngineError =>
  new EngineError('ERR_SECRET_EXISTS', `Secret "${name}" exists already: secret name in use`, {
    hint: `Take another name, or replace it: skiff secret create --replace ${name} …`,
  });
