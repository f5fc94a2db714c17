// `cp`: the user's side of it. The front reads and writes the user's files with the user's own rights; a worker in the user's namespace does
// the same with the container's; between them goes a tar archive. Nothing that is in a container decides where the front writes.
import { closeSync } from 'node:fs';
import type { CopyInJob, CopyOutJob } from '../runtime/messages-copy.ts';
import { recordContainerEvent } from '../storage/events.ts';
import { createTarReader } from '../storage/tar-reader.ts';
import { tarTree } from '../storage/tar-tree.ts';
import { makeWidePipe, readStream, writeStream } from '../sys/byte-stream.ts';
import type { Ctx } from '../sys/context.ts';
import { duplicate } from '../sys/fd.ts';
import { type FilesAccess, withContainerFiles } from './cp/container-files.ts';
import { readFailure } from './cp/failures.ts';
import { type HostSource, openHostSource } from './cp/host-source.ts';
import { findHostTarget, type HostTarget } from './cp/host-target.ts';
import { unpackHere } from './cp/unpack-here.ts';

export interface CopyOptions {
  container: string;
  /** In the container. */
  path: string;
  /** On this machine, or the descriptor that an archive is read from or written to. */
  local: string | number;
  followLink: boolean;
  /** Owners are kept, as far as they can be given. */
  archive: boolean;
  /** Told the size of what was copied so far, as an archive, bytes. */
  onProgress?: (bytes: number) => void;
  signal: AbortSignal;
}

/** What was copied, as an archive, and where to. */
export interface Copied {
  bytes: number;
  target: string;
}

/** Copies out of a container. Throws ERR_NO_SUCH_CONTAINER, ERR_NO_FILE, ERR_OUTPUT_PATH, ERR_COPY_CONFLICT and more, in Docker's words. */
export async function copyFromContainer(ctx: Ctx, options: CopyOptions): Promise<Copied> {
  const { local } = options;
  const target = typeof local === 'string' ? findHostTarget(local) : undefined;
  return withContainerFiles(ctx, options.container, async (access) => {
    const bytes = await (target ? copyOut(ctx, access, { ...options, target }) : streamOut(access, options));
    recordContainerEvent(ctx, access.record, 'archive-path');
    return { bytes, target: target?.path ?? '-' };
  });
}

/** Copies into a container. Throws as `copyFromContainer`, and ERR_READ_ONLY. */
export async function copyToContainer(ctx: Ctx, options: CopyOptions): Promise<Copied> {
  const { container, local, path } = options;
  const source = typeof local === 'string' ? openHostSource(local, options) : undefined;
  try {
    return await withContainerFiles(ctx, container, async (access) => {
      const bytes = await (source ? copyIn(ctx, access, { ...options, source }) : streamIn(access, options));
      recordContainerEvent(ctx, access.record, 'extract-to-dir');
      return { bytes, target: `${container}:${path}` };
    });
  } finally {
    source?.close();
  }
}

async function streamOut(access: FilesAccess, options: CopyOptions): Promise<number> {
  const { followLink } = options;
  return handOver({ kind: 'copy-out', ...filesOf(access, options), followLink, isArchiveWanted: true }, access, options);
}

async function streamIn(access: FilesAccess, options: CopyOptions): Promise<number> {
  return handOver({ kind: 'copy-in', ...filesOf(access, options), source: undefined, keepOwners: options.archive }, access, options);
}

/** Runs a job on the user's own stream; a copy of it, for Bun takes a descriptor 0 for none. */
async function handOver(job: CopyInJob | CopyOutJob, { run }: FilesAccess, { local, signal }: CopyOptions): Promise<number> {
  const stream = duplicate(Number(local));
  try {
    await run(job, { stream, signal });
  } finally {
    closeSync(stream);
  }
  return 0;
}

async function copyOut(ctx: Ctx, access: FilesAccess, options: CopyOptions & { target: HostTarget }): Promise<number> {
  const { followLink, target, signal, onProgress } = options;
  const job = { kind: 'copy-out', ...filesOf(access, options), followLink, isArchiveWanted: false } as const;
  const unpacker = unpackHere(ctx, target, options);
  const reader = createTarReader(unpacker);
  const { read, write } = makeWidePipe();
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    reader.write(chunk);
    onProgress?.(bytes);
  };
  try {
    const run = (onStart: () => void) => access.run(job, { stream: write, onStart, signal });
    await beside(run, { theirs: write, ours: read }, () => readStream(read, take, signal));
    reader.end();
    unpacker.finish();
    return bytes;
  } finally {
    unpacker.close();
  }
}

async function copyIn(ctx: Ctx, access: FilesAccess, options: CopyOptions & { source: HostSource }): Promise<number> {
  const { source, archive, signal, onProgress } = options;
  const { base, isFolder, folder, name, path } = source;
  const job = { kind: 'copy-in', ...filesOf(access, options), source: { base, isFolder }, keepOwners: archive } as const;
  const { read, write } = makeWidePipe();
  let bytes = 0;
  const count = (length: number): void => {
    bytes += length;
    onProgress?.(bytes);
  };
  const tree = tarTree({ folder, base: name, name: base, onNotice: ctx.warn, failure: readFailure(path) });
  const run = (onStart: () => void) => access.run(job, { stream: read, onStart, signal });
  await beside(run, { theirs: read, ours: write }, () => writeStream(write, counted(tree, count), { signal, isOurs: true }));
  return bytes;
}

const filesOf = ({ record, view }: FilesAccess, { container, path }: CopyOptions) => ({
  container: record.Id,
  wanted: container,
  view,
  path,
});

function* counted(chunks: Iterable<Buffer>, count: (length: number) => void): Generator<Buffer> {
  for (const chunk of chunks) {
    yield chunk;
    count(chunk.length);
  }
}

/**
 * Runs a job, which has `theirs`, and `work` on our end of the pipe beside it. What `work` fails with is thrown first: of that the worker
 * only sees that the stream breaks off. When it is the job that fails, `work` sees the same.
 */
async function beside(
  run: (onStart: () => void) => Promise<null>,
  { theirs, ours }: { theirs: number; ours: number },
  work: () => Promise<unknown>,
): Promise<void> {
  let isOpen = true;
  const release = (): void => {
    if (isOpen) closeSync(theirs);
    isOpen = false;
  };
  const ended = run(release).finally(release);
  ended.catch(() => undefined);
  try {
    await work();
  } catch (error) {
    closeSync(ours);
    await ended.catch(() => undefined);
    throw error;
  }
  closeSync(ours);
  await ended;
}
