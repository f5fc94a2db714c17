// The lock file, `containers.lock`: which digest each image reference was pinned to, for a project's folder and its version control. The digest is
// of what the tag named, index or manifest, so it holds for every platform. Sorted, an entry a line, so that two changes merge. It is replaced
// as a whole, under a lock of the run folder's, so that commands that write at once keep each other's entries.
import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isDigest } from '../storage/digest.ts';
import { lockPath } from '../storage/layout.ts';
import { writeFileAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { sweepDeadWriters } from '../sys/dead-writers.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';
import { canonicalOf } from './canonical.ts';

/** Canonical reference (`docker.io/library/alpine:3.20`) → `sha256:…`. */
export type Pins = ReadonlyMap<string, string>;

const VERSION = 1;
const HEAD = `# What each image reference was pinned to. Written by --lock, kept to by --locked; other comments are not kept.
version = ${VERSION}

[images]
`;

/** Undefined when there is no such file. Throws ERR_LOCK_FILE when it cannot be read or says something else than pins. */
export async function readLockFile(path: string): Promise<Pins | undefined> {
  const parse = await parser();
  return readPins(path, parse);
}

/** Throws ERR_LOCK_FILE when the file could not be written by `addPins`. */
export async function checkLockFile(path: string): Promise<void> {
  await readLockFile(path);
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw broken(path, `the folder "${folder}" does not exist`);
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw broken(path, `its folder may not be written (${errnoOf(error)})`);
  }
}

/** Puts `pins` beside, or in place of, what the file has. Throws ERR_LOCK_FILE; the file is then as it was. */
export async function addPins(ctx: Pick<Ctx, 'paths'>, path: string, pins: Pins): Promise<void> {
  const parse = await parser();
  const target = realPathOf(path);
  const name = new Bun.CryptoHasher('sha256').update(target).digest('hex').slice(0, 16);
  withLock(lockPath(ctx, `pins-${name}`), () => {
    const before = readPins(target, parse);
    const after = new Map([...(before ?? []), ...pins]);
    if (before && [...pins].every(([reference, digest]) => before.get(reference) === digest)) return;
    sweepDeadWriters(dirname(target), (start) => start === `.${basename(target)}`);
    const mode = statSync(target, { throwIfNoEntry: false })?.mode ?? 0o644;
    try {
      writeFileAtomic(target, format(after), { mode: mode & 0o777, createFolder: false });
    } catch (error) {
      throw broken(path, `it cannot be written (${errnoOf(error)})`, error);
    }
  });
}

function format(pins: Pins): string {
  const lines = [...pins].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reference, digest]) => `"${reference}" = "${digest}"\n`);
  return HEAD + lines.join('');
}

type Parse = (text: string) => Record<string, unknown>;

async function parser(): Promise<Parse> {
  const { parse } = await import('smol-toml');
  return parse;
}

function readPins(path: string, parse: Parse): Pins | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  let value: Record<string, unknown>;
  try {
    value = parse(text);
  } catch (error) {
    const line = typeof error === 'object' && error !== null && 'line' in error ? ` (line ${error.line})` : '';
    throw broken(path, `it is not TOML${line}`, error);
  }
  const { version, images = {}, ...rest } = value;
  if (version !== VERSION) throw broken(path, version === undefined ? 'it names no version' : `its version "${version}" is not known here`);
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) throw broken(path, `it has an entry "${stranger}", which is not known here`);
  if (typeof images !== 'object' || images === null || Array.isArray(images)) throw broken(path, '"images" is not a table');
  return new Map(
    Object.entries(images).map(([reference, digest]) => [checkedReference(path, reference), checkedDigest(path, reference, digest)]),
  );
}

function checkedReference(path: string, reference: string): string {
  if (canonicalOf(reference) === reference && !reference.includes('@')) return reference;
  throw broken(path, `"${reference}" is not a reference as it stands there, such as "docker.io/library/alpine:3.20"`);
}

function checkedDigest(path: string, reference: string, digest: unknown): string {
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw broken(path, `"${reference}" is pinned to "${digest}", which is no sha256 digest`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw broken(path, `it cannot be read (${errnoOf(error)})`, error);
  }
}

/** A symlink is written through, not replaced. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function broken(path: string, why: string, cause?: unknown): EngineError {
  return new EngineError('ERR_LOCK_FILE', `Cannot use the lock file "${path}": ${why}`, {
    hint: 'Mend it, or give another one by --lock-file',
    cause,
  });
}
