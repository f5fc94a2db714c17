// The tar of a layer with its later times set back (`rewrite-timestamp`): every file that is younger than a moment gets that moment, older ones keep
// their time. Everything else stays: order, owners, contents.

import type { Ctx } from '../sys/context.ts';
import { blobChunks } from './blob.ts';
import { createInflater } from './inflate.ts';
import { createTarReader } from './tar-reader.ts';
import { createTarWriter } from './tar-writer.ts';

export interface ClampOptions {
  /** The blob is the tar by gzip or zstd. */
  isCompressed: boolean;
  /** Seconds since 1970. */
  epoch: number;
  write: (chunk: Buffer) => void;
  /** Called often: the place to wait for other work, and to throw. */
  onPause: () => Promise<void>;
}

/** Rewrites the layer's blob `digest`, to a plain tar; false: nothing in it is younger. Throws ERR_BLOB_MISSING, ERR_BLOB_DAMAGED. */
export async function clampTimes(ctx: Pick<Ctx, 'paths'>, digest: string, options: ClampOptions): Promise<boolean> {
  const { epoch, isCompressed, write, onPause } = options;
  const tar = createTarWriter(write);
  let isChanged = false;
  const reader = createTarReader({
    entry(header) {
      const isYounger = header.mtimeSeconds > epoch || (header.mtimeSeconds === epoch && header.mtimeNanoseconds > 0);
      isChanged ||= isYounger;
      tar.entry(isYounger ? { ...header, mtimeSeconds: epoch, mtimeNanoseconds: 0 } : header);
    },
    content: (data, from, to) => tar.content(data.subarray(from, to)),
    entryEnd: () => undefined,
  });
  const inflater = isCompressed ? createInflater(reader.write) : undefined;
  for (const chunk of blobChunks(ctx, digest)) {
    if (inflater) inflater.write(chunk);
    else reader.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    await onPause();
  }
  inflater?.end();
  inflater?.close();
  reader.end();
  tar.end();
  return isChanged;
}
