// An archive that comes as a stream, where what a file is for is known only at the end. So each goes at once where it belongs if it is
// needed: blobs into the store, under their digests; documents into memory. There is no copy of the archive itself.
// What turns out not to be needed is garbage, which the caller sweeps.
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { type Archive, createArchiveIndex } from './archive.ts';
import { plainName } from './archive-names.ts';
import { hasBlob, openBlobWriter } from './blob.ts';
import { createNewBlob } from './new-blob.ts';
import type { ArchivePlace } from './records.ts';
import type { TarHeader } from './tar-header.ts';
import { createTarReader } from './tar-reader.ts';

export interface ArchiveSpool {
  /** Takes the tar's next bytes; the buffer may be reused. After a throw everything is cleaned up. */
  write(chunk: Buffer): void;
  /** Nothing that follows means anything. */
  readonly isFinished: boolean;
  /** Throws ERR_LAYER_TRUNCATED. */
  end(): Archive;
  /** Removes what is half written. */
  abort(): void;
}

/** Takes one file. */
interface Taker {
  write(data: Uint8Array): void;
  end(): ArchivePlace;
  abort(): void;
}

const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;
const DOCUMENT = /(?:json|VERSION|repositories|oci-layout)$/;
const LARGEST_DOCUMENT = 8 << 20;
const LARGEST_DOCUMENTS = 32 << 20;

/** `protect` is told of every digest before it is looked for or stored. */
export function createArchiveSpool(ctx: Ctx, protect: (digests: string[]) => void): ArchiveSpool {
  const index = createArchiveIndex();
  let header: TarHeader | undefined;
  let taker: Taker | undefined;
  let documents = 0;
  const reader = createTarReader({
    entry(found) {
      header = found;
      taker = found.type === '0' ? takerFor(found) : undefined;
    },
    content: (data, from, to) => taker?.write(data.subarray(from, to)),
    entryEnd() {
      if (header) index.add(header, taker?.end());
      taker = header = undefined;
    },
  });

  return {
    write(chunk) {
      try {
        reader.write(chunk);
      } catch (error) {
        abort();
        throw error;
      }
    },
    get isFinished() {
      return reader.isFinished;
    },
    end: () => ({ find: index.find, isWhole: reader.end() }),
    abort,
  };

  function abort(): void {
    taker?.abort();
    taker = undefined;
  }

  function takerFor({ name, size }: TarHeader): Taker {
    const plain = plainName(name) ?? '';
    const hex = BLOB.exec(plain)?.[1];
    if (hex !== undefined) return takeBlob(`sha256:${hex}`, size);
    if (!DOCUMENT.test(plain) || size > LARGEST_DOCUMENT) return takeNew();
    documents += size;
    if (documents > LARGEST_DOCUMENTS) throw new EngineError('ERR_ARCHIVE', 'its documents are too large together');
    return takeDocument(size);
  }

  function takeBlob(digest: string, size: number): Taker {
    const place: ArchivePlace = { kind: 'stored', digest, size };
    protect([digest]);
    if (hasBlob(ctx, digest, size)) return { write: () => undefined, end: () => place, abort: () => undefined };
    const writer = openBlobWriter(ctx, { digest, size });
    let known = writer.offset;
    return {
      write(data) {
        const fresh = data.subarray(Math.min(known, data.length));
        known = Math.max(0, known - data.length);
        if (fresh.length > 0) writer.write(fresh);
      },
      end() {
        writer.commit();
        return place;
      },
      abort: () => writer.abort(),
    };
  }

  function takeNew(): Taker {
    const blob = createNewBlob(ctx);
    return {
      write: blob.write,
      end: () => ({ kind: 'stored', ...blob.commit((digest) => protect([digest])) }),
      abort: blob.abort,
    };
  }
}

function takeDocument(size: number): Taker {
  const data = Buffer.alloc(size);
  let filled = 0;
  return {
    write(chunk) {
      data.set(chunk, filled);
      filled += chunk.length;
    },
    end: () => ({ kind: 'memory', data, size }),
    abort: () => undefined,
  };
}
