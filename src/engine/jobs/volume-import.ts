// Unpacks a tar archive as the files of a volume: beside everything that counts, and only what is whole takes the volume's place. Where the volume
// has files, the archive's are laid over a copy of them. No symlink is followed on the way, whoever made it, and nothing leads out.
import { fstatSync } from 'node:fs';
import type { VolumeImportJob } from '../../runtime/messages-volume.ts';
import { createOwnership } from '../../storage/layer-owner.ts';
import { createTarReader } from '../../storage/tar-reader.ts';
import { createTreePlace } from '../../storage/tree-place.ts';
import { createTreeSink } from '../../storage/tree-sink.ts';
import { closeFd } from '../../sys/at.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { explainArchive } from './archive-errors.ts';
import { readCompressed } from './archive-stream.ts';
import type { FileTools } from './tools.ts';
import { assertStillThere, copyFiles, makeVolumeFiles, openFolder } from './volume-copy.ts';

const ARCHIVE = 3;
const TELL_MS = 100;

type Tools = Pick<FileTools, 'tellProgress' | 'signal'>;

/** Throws ERR_ARCHIVE and ERR_ARCHIVE_TRUNCATED, ERR_COPY_ESCAPE, ERR_COPY_CONFLICT, and as `makeVolumeFiles`. Nothing is changed then. */
export async function importVolume(ctx: Ctx, { name, over, target }: VolumeImportJob, tools: Tools): Promise<null> {
  await makeVolumeFiles(ctx, target, async (data) => {
    if (over !== undefined) await copyOver(over, data, tools);
    try {
      await unpack(ctx, data, tools);
    } catch (error) {
      throw tools.signal.aborted ? error : explained(error, name);
    }
  });
  return null;
}

async function copyOver(over: string, data: string, tools: Tools): Promise<void> {
  const source = openFolder(over);
  try {
    await copyFiles(source, data, tools);
    assertStillThere(source, over);
  } finally {
    closeFd(source);
  }
}

async function unpack(ctx: Ctx, data: string, { tellProgress, signal }: Tools): Promise<void> {
  const ownership = createOwnership();
  const sink = createTreeSink({
    place: createTreePlace({ folder: openFolder(data), path: '/' }),
    ownerOf: ({ name, uid, gid, mode }) => ({ ...ownership.grant(name, uid, gid, mode), needsChown: true }),
    settlesTop: true,
    onNotice: ctx.warn,
  });
  const size = fstatSync(ARCHIVE).size;
  let [bytes, toldMs] = [0, performance.now()];
  const reader = createTarReader(sink);
  const onData = (chunk: Buffer): boolean => {
    bytes += chunk.length;
    reader.write(chunk);
    if (performance.now() - toldMs > TELL_MS) {
      tellProgress(bytes, Math.max(bytes, size));
      toldMs = performance.now();
    }
    return true;
  };
  try {
    await readCompressed(ctx, { fd: ARCHIVE, onData, signal });
    if (bytes === 0) throw new EngineError('ERR_ARCHIVE', 'it is empty');
    if (!reader.end()) throw new EngineError('ERR_LAYER_TRUNCATED', 'has no end');
    sink.finish();
  } finally {
    sink.close();
  }
}

/** The readers of archives were made for layers, and say so. */
function explained(error: unknown, name: string): unknown {
  const known = explainArchive(error, name, 'import');
  if (!(known instanceof EngineError) || !known.message.includes('the layer')) return known;
  const hint = known.code === 'ERR_LAYER_TOO_LARGE' ? { hint: 'If you trust the archive, allow more: SKIFF_MAX_LAYER_SIZE=50g' } : {};
  return new EngineError(known.code, known.message.replace('the layer', 'the archive'), { cause: error, ...hint });
}
