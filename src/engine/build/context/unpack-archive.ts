// A tar archive, compressed or not, into a folder of ours: by descriptors, so that nothing of it lands outside. Files become the user's own.
import { openSync } from 'node:fs';
import { shown } from '../../../storage/layer-path.ts';
import { createTarReader } from '../../../storage/tar-reader.ts';
import { createTreePlace } from '../../../storage/tree-place.ts';
import { createTreeSink } from '../../../storage/tree-sink.ts';
import type { Ctx } from '../../../sys/context.ts';
import { explainArchive } from '../../jobs/archive-errors.ts';
import { readCompressed } from '../../jobs/archive-stream.ts';

/** `name` is for messages. Throws ERR_ARCHIVE_TRUNCATED, ERR_LAYER_ESCAPE and what else is wrong with an archive. */
export async function unpackArchive(
  ctx: Ctx,
  { fd, folder, name, signal }: { fd: number; folder: string; name: string; signal: AbortSignal },
): Promise<void> {
  const place = createTreePlace({ folder: openSync(folder, 'r'), path: Buffer.from(folder).toString('latin1') });
  const sink = createTreeSink({
    place,
    ownerOf: ({ mode }) => ({ uid: 0, gid: 0, mode, needsChown: false }),
    onNotice: (message) => ctx.warn(`Of ${name}: ${message}`),
  });
  const reader = createTarReader(sink);
  try {
    const onData = (data: Buffer): boolean => {
      reader.write(data);
      return !reader.isFinished;
    };
    await readCompressed(ctx, { fd, onData, signal });
    reader.end();
    sink.finish();
  } catch (error) {
    throw signal.aborted ? error : explainArchive(error, shown(Buffer.from(name).toString('latin1')), 'unpack');
  } finally {
    sink.close();
  }
}
