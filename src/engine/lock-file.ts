// The lock file, `containers.lock`: which digest each image reference was pinned to, and each URL and git repository that a Dockerfile adds, for a
// project's folder and its version control. An image's digest is of what the tag named, index or manifest, so it holds for every platform. Sorted, an entry a line, so that two changes merge. It is replaced
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

/** Canonical reference (`docker.io/library/alpine:3.20`) → `sha256:…`; URL → the same of its file; repository with `#ref` → commit. */
export type Pins = ReadonlyMap<string, string>;
export type PinSection = 'images' | 'urls' | 'git';

const VERSION = 1;
const HEAD = `# What each image reference was pinned to. Written by --lock, kept to by --locked; other comments are not kept.
version = ${VERSION}
`;
const SECTIONS: readonly PinSection[] = ['images', 'urls', 'git'];

/** Undefined when there is no such file. Throws ERR_LOCK_FILE when it cannot be read or says something else than pins. */
export async function readLockFile(path: string, section: PinSection = 'images'): Promise<Pins | undefined> {
  const parse = await parser();
  return readSections(path, parse)?.[section];
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
export async function addPins(
  ctx: Pick<Ctx, 'paths'>,
  path: string,
  { pins, section = 'images' }: { pins: Pins; section?: PinSection },
): Promise<void> {
  const parse = await parser();
  const target = realPathOf(path);
  const name = new Bun.CryptoHasher('sha256').update(target).digest('hex').slice(0, 16);
  withLock(lockPath(ctx, `pins-${name}`), () => {
    const before = readSections(target, parse);
    const known = before?.[section];
    if (known && [...pins].every(([name, digest]) => known.get(name) === digest)) return;
    const after = { ...(before ?? NONE), [section]: new Map([...(known ?? []), ...pins]) };
    sweepDeadWriters(dirname(target), (start) => start === `.${basename(target)}`);
    const mode = statSync(target, { throwIfNoEntry: false })?.mode ?? 0o644;
    try {
      writeFileAtomic(target, format(after), { mode: mode & 0o777, createFolder: false });
    } catch (error) {
      throw broken(path, `it cannot be written (${errnoOf(error)})`, error);
    }
  });
}

type Sections = Record<PinSection, Pins>;

const NONE: Sections = { images: new Map(), urls: new Map(), git: new Map() };

/** Images have a section even where there are none; the others are there when they are used. */
function format(sections: Sections): string {
  const used = SECTIONS.filter((name) => name === 'images' || sections[name].size > 0);
  return HEAD + used.map((name) => `\n[${name}]\n${linesOf(sections[name])}`).join('');
}

const linesOf = (pins: Pins): string =>
  [...pins]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, digest]) => `${JSON.stringify(name)} = "${digest}"\n`)
    .join('');

type Parse = (text: string) => Record<string, unknown>;

async function parser(): Promise<Parse> {
  const { parse } = await import('smol-toml');
  return parse;
}

function readSections(path: string, parse: Parse): Sections | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  let value: Record<string, unknown>;
  try {
    value = parse(text);
  } catch (error) {
    const line = typeof error === 'object' && error !== null && 'line' in error ? ` (line ${error.line})` : '';
    throw broken(path, `it is not TOML${line}`, error);
  }
  const { version, images = {}, urls = {}, git = {}, ...rest } = value;
  if (version !== VERSION) throw broken(path, version === undefined ? 'it names no version' : `its version "${version}" is not known here`);
  const [stranger] = Object.keys(rest);
  if (stranger !== undefined) throw broken(path, `it has an entry "${stranger}", which is not known here`);
  return {
    images: pinsIn(path, { images }, (name, digest) => [checkedReference(path, name), checkedDigest(path, name, digest)]),
    urls: pinsIn(path, { urls }, (name, digest) => [name, checkedDigest(path, name, digest)]),
    git: pinsIn(path, { git }, (name, commit) => [name, checkedCommit(path, name, commit)]),
  };
}

/** `table`: a section by its name. */
function pinsIn(path: string, table: Record<string, unknown>, check: (name: string, value: unknown) => [string, string]): Pins {
  const [[section, values] = ['', undefined]] = Object.entries(table);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw broken(path, `"${section}" is not a table`);
  return new Map(Object.entries(values).map(([name, value]) => check(name, value)));
}

function checkedCommit(path: string, name: string, commit: unknown): string {
  if (typeof commit === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return commit;
  throw broken(path, `"${name}" is pinned to "${commit}", which is no commit`);
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
