// A stream of bytes that may be compressed, read to its end: gzip and zstd by the runtime's codecs, xz and bzip2 by the programs, where they
// are installed. How far it may blow up is bounded as for a layer.
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { createInflater } from '../../storage/inflate.ts';
import { createLayerLimit, type LayerLimit } from '../../storage/unpack-limit.ts';
import { readSome } from '../../sys/byte-stream.ts';
import { childEnv } from '../../sys/child-env.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { makePipe } from '../../sys/fd.ts';
import { requireProgram } from '../../sys/programs.ts';

export interface ReadStreamOptions {
  fd: number;
  /** Takes uncompressed bytes; the buffer is reused. `false`: no more is wanted. */
  onData: (data: Buffer) => boolean;
  /** Waited for between pieces. */
  room?: () => Promise<void>;
  maxBytes?: number | undefined;
  signal: AbortSignal;
}

const CHUNK_BYTES = 1 << 18;
const HEAD_BYTES = 6;
const LIMIT_CHECK_BYTES = 1 << 26;

/** Throws ERR_LAYER_TRUNCATED, ERR_LAYER_CORRUPT, ERR_LAYER_TOO_LARGE, ERR_NO_PROGRAM, and what `onData` throws. */
export async function readCompressed(ctx: Ctx, options: ReadStreamOptions): Promise<void> {
  const head = await readHead(options);
  const program = programFor(head);
  const limit = createLayerLimit(ctx.env, options.maxBytes);
  if (program === undefined) await inflate(head, limit, options);
  else await decompress(ctx, program, { ...options, head, limit });
}

/** The program that unpacks what begins so, where the runtime cannot. */
export function programFor(head: Buffer): 'xz' | 'bzip2' | undefined {
  if (head.toString('latin1', 0, 3) === 'BZh') return 'bzip2';
  return head.toString('latin1', 1, 5) === '7zXZ' ? 'xz' : undefined;
}

async function readHead({ fd, signal }: ReadStreamOptions): Promise<Buffer> {
  const head = Buffer.alloc(HEAD_BYTES);
  let filled = 0;
  while (filled < HEAD_BYTES) {
    const count = await readSome(fd, head.subarray(filled), signal);
    if (count === 0) break;
    filled += count;
  }
  return head.subarray(0, filled);
}

async function inflate(head: Buffer, limit: LayerLimit, { fd, onData, room, signal }: ReadStreamOptions): Promise<void> {
  let isWanted = true;
  const inflater = createInflater((data) => {
    limit.uncompressed(data.length);
    isWanted &&= onData(data);
  });
  try {
    limit.compressed(head.length);
    inflater.write(head);
    await readAll(fd, signal, async (chunk) => {
      limit.compressed(chunk.length);
      inflater.write(chunk);
      await room?.();
      return isWanted;
    });
    if (isWanted) inflater.end();
  } finally {
    inflater.close();
  }
}

async function decompress(
  ctx: Ctx,
  program: string,
  { fd, head, limit, onData, room, signal }: ReadStreamOptions & { head: Buffer; limit: LayerLimit },
): Promise<void> {
  const path = requireProgram(ctx.env, program, `which unpacks archives that are compressed with ${program}`);
  const [start, middle, end] = [makePipe(), makePipe(), makePipe()];
  const env = childEnv(ctx.env);
  // What was looked at is put back before the rest.
  writeSync(start.write, head);
  closeSync(start.write);
  const feeder = Bun.spawn(['sh', '-c', 'cat <&3 && exec cat'], { stdio: [fd, middle.write, 'ignore', start.read], env });
  const unpacker = Bun.spawn([path, '-d', '-c', '-q'], { stdio: [middle.read, end.write, 'ignore'], env });
  for (const theirs of [start.read, middle.write, middle.read, end.write]) closeSync(theirs);
  let [told, sinceTold, isWanted] = [0, 0, true];
  try {
    await readAll(end.read, signal, async (chunk) => {
      sinceTold += chunk.length;
      if (told === 0 || sinceTold > LIMIT_CHECK_BYTES) {
        const read = Math.max(told, bytesRead(unpacker.pid));
        limit.compressed(read - told);
        [told, sinceTold] = [read, 0];
      }
      limit.uncompressed(chunk.length);
      isWanted = onData(chunk);
      await room?.();
      return isWanted;
    });
    if (isWanted && (await unpacker.exited) !== 0) {
      throw new EngineError('ERR_LAYER_TRUNCATED', `its ${program} data is damaged or breaks off`);
    }
  } finally {
    closeSync(end.read);
    feeder.kill('SIGKILL');
    unpacker.kill('SIGKILL');
    await Promise.all([feeder.exited, unpacker.exited]);
  }
}

async function readAll(fd: number, signal: AbortSignal, take: (chunk: Buffer) => Promise<boolean>): Promise<void> {
  const chunk = Buffer.from(new ArrayBuffer(CHUNK_BYTES));
  for (;;) {
    const count = await readSome(fd, chunk, signal);
    if (count === 0 || !(await take(chunk.subarray(0, count)))) return;
    // A source that is always ready would keep signals and the front's end unheard.
    if (isTurnDue()) await Bun.sleep(0);
    signal.throwIfAborted();
  }
}

let lastTurnMs = 0;
function isTurnDue(): boolean {
  if (performance.now() - lastTurnMs < 50) return false;
  lastTurnMs = performance.now();
  return true;
}

/** What the process has read so far; 0 where that cannot be told. */
function bytesRead(pid: number): number {
  try {
    return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
