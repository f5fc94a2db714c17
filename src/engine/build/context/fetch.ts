// Contexts that are not a folder here: a tar archive or a Dockerfile by standard input or from a URL, a git repository. What was fetched lies in
// tmp/ under a claim.
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../storage/digest.ts';
import { readSome } from '../../../sys/byte-stream.ts';
import type { Ctx } from '../../../sys/context.ts';
import { EngineError, messageOf } from '../../../sys/errors.ts';
import { withDownload, withoutSecret } from '../../jobs/download.ts';
import type { BuildCalls } from '../model.ts';
import { checkOut, findCommit } from './git.ts';
import { type GitSource, withoutPassword } from './git-url.ts';
import { isArchive } from './kind.ts';
import { makeTemporary, type TemporaryFolder } from './temporary.ts';
import { unpackArchive } from './unpack-archive.ts';

export interface FetchedContext {
  /** Undefined: it was the Dockerfile alone. */
  folder: string | undefined;
  dockerfile: string | undefined;
  remove(): void;
}

const STDIN = 0;
const LARGEST_DOCKERFILE = 16 << 20;
const CHUNK_BYTES = 1 << 18;

/** Throws ERR_BUILD_CONTEXT, ERR_ARCHIVE_TRUNCATED, … */
export async function contextFromStdin(ctx: Ctx, { signal }: BuildCalls): Promise<FetchedContext> {
  return inTemporary(ctx, async (temporary) => {
    // A file that was redirected is read where it lies.
    if (fstatSync(STDIN).isFile()) return fromFile(ctx, { fd: STDIN, name: 'standard input', temporary, signal });
    const fd = await spool(STDIN, join(temporary.path, 'input'), signal);
    try {
      return await fromFile(ctx, { fd, name: 'standard input', temporary, signal });
    } finally {
      closeSync(fd);
    }
  });
}

/** Throws ERR_DOWNLOAD and as `contextFromStdin`. */
export async function contextFromUrl(ctx: Ctx, url: string, calls: BuildCalls): Promise<FetchedContext> {
  const name = withoutSecret(url);
  return told(calls, `[internal] load remote build context ${name}`, () =>
    inTemporary(ctx, async (temporary) => {
      const path = join(temporary.path, 'input');
      await withDownload(url, calls.signal, async (from) => closeSync(await spool(from, path, calls.signal)));
      const fd = openSync(path, 'r');
      try {
        return await fromFile(ctx, { fd, name, temporary, signal: calls.signal });
      } finally {
        closeSync(fd);
      }
    }),
  );
}

/** Throws ERR_GIT, ERR_CHECKSUM, ERR_NO_PROGRAM. */
export async function contextFromGit(
  ctx: Ctx,
  source: GitSource,
  { keepGitDir, ...calls }: BuildCalls & { keepGitDir: boolean },
): Promise<FetchedContext> {
  const name = `${withoutPassword(source.remote)}${source.ref === undefined ? '' : `#${source.ref}`}`;
  return told(calls, `[internal] load git source ${name}`, () =>
    inTemporary(ctx, async (temporary) => {
      const found = await findCommit(ctx, source, calls);
      const folder = await checkOut(ctx, { source, found, folder: temporary.path, keepGitDir: source.keepGitDir ?? keepGitDir }, calls);
      return { folder, dockerfile: undefined, remove: temporary.remove };
    }),
  );
}

async function fromFile(
  ctx: Ctx,
  { fd, name, temporary, signal }: { fd: number; name: string; temporary: TemporaryFolder; signal: AbortSignal },
): Promise<FetchedContext> {
  if (isArchive(fd)) {
    const folder = makeTemporary(ctx);
    temporary.remove();
    try {
      await unpackArchive(ctx, { fd, folder: folder.path, name, signal });
    } catch (error) {
      folder.remove();
      throw error;
    }
    return { folder: folder.path, dockerfile: undefined, remove: folder.remove };
  }
  const { size } = fstatSync(fd);
  if (size === 0) throw new EngineError('ERR_BUILD_CONTEXT', `unable to prepare context: ${name} is empty`);
  if (size > LARGEST_DOCKERFILE)
    throw new EngineError('ERR_BUILD_CONTEXT', `unable to prepare context: ${name} is neither an archive nor a Dockerfile`);
  const dockerfile = readFileSync(fd, 'utf8');
  temporary.remove();
  return { folder: undefined, dockerfile, remove: () => undefined };
}

/** A file without a reader to come: returns it open, at its start. */
async function spool(from: number, path: string, signal: AbortSignal): Promise<number> {
  const fd = openSync(path, 'wx+', 0o600);
  const chunk = Buffer.from(new ArrayBuffer(CHUNK_BYTES));
  let size = 0;
  for (let count = await readSome(from, chunk, signal); count > 0; count = await readSome(from, chunk, signal)) {
    for (let done = 0; done < count; ) done += writeSync(fd, chunk, done, count - done, size + done);
    size += count;
  }
  return fd;
}

async function inTemporary(ctx: Ctx, work: (temporary: TemporaryFolder) => Promise<FetchedContext>): Promise<FetchedContext> {
  const temporary = makeTemporary(ctx);
  try {
    return await work(temporary);
  } catch (error) {
    temporary.remove();
    throw error;
  }
}

/** The work as a step that progress shows. */
async function told<T>({ onEvent }: BuildCalls, name: string, work: () => Promise<T>): Promise<T> {
  const id = digestOf(Buffer.from(name));
  onEvent({ type: 'step', id, name, inputs: [], isInternal: true });
  onEvent({ type: 'started', id, at: Date.now() });
  try {
    const done = await work();
    onEvent({ type: 'ended', id, at: Date.now(), result: 'done' });
    return done;
  } catch (error) {
    onEvent({ type: 'ended', id, at: Date.now(), result: 'failed', error: messageOf(error) });
    throw error;
  }
}
