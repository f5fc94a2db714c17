// A cache in a folder: an OCI layout (image-spec, image-layout.md), whose index names each cache by a tag. Blobs are written beside their names and renamed;
// the index comes last and is replaced as a whole, so that who reads meanwhile, or a kill, sees the old cache or the new one.
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../sys/atomic.ts';
import { EngineError, errnoOf } from '../../../sys/errors.ts';
import { type CacheDocument, type CacheSource, type CacheTarget, LARGEST_DOCUMENT } from './place.ts';
import { checked } from './registry.ts';

const REF_NAME = 'org.opencontainers.image.ref.name';
const UNFINISHED_MS = 3_600_000;
const INDEX = 'application/vnd.oci.image.index.v1+json';

interface IndexEntry {
  mediaType?: string;
  digest: string;
  size?: number;
  annotations?: Record<string, string>;
}

/** `digest` or `tag`: which of the caches in the folder it is. */
export function folderSource(folder: string, { digest, tag }: { digest?: string | undefined; tag?: string | undefined }): CacheSource {
  return {
    name: folder,
    async manifest(wanted = digest) {
      const entry = wanted === undefined ? entryFor(folder, tag ?? 'latest') : { digest: wanted };
      return { bytes: readBlobFile(folder, entry.digest), mediaType: entry.mediaType ?? '' } satisfies CacheDocument;
    },
    document: async (wanted) => readBlobFile(folder, wanted),
    blob: async (wanted, offset) => ({ answer: { read: (onChunk) => readFrom(blobFile(folder, wanted), offset, onChunk) }, offset }),
  };
}

export function folderTarget(folder: string, tag: string): CacheTarget {
  removeUnfinished(join(folder, 'blobs/sha256'));
  return {
    name: folder,
    async blob({ digest, size, bytes }) {
      const path = blobFile(folder, digest);
      if (statSync(path, { throwIfNoEntry: false })?.size !== size) await writeBlobFile(path, bytes(0));
    },
    async manifest({ bytes, mediaType, digest }) {
      writeFileAtomic(blobFile(folder, digest), bytes, { mode: 0o644 });
      writeFileAtomic(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }), { mode: 0o644 });
      const others = indexOf(folder).filter(({ annotations }) => annotations?.[REF_NAME] !== tag);
      const manifests = [...others, { mediaType, digest, size: bytes.length, annotations: { [REF_NAME]: tag } }];
      writeFileAtomic(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }), { mode: 0o644 });
    },
  };
}

function blobFile(folder: string, digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new EngineError('ERR_DIGEST_UNSUPPORTED', `Cannot use the digest "${digest}"`);
  return join(folder, 'blobs/sha256', digest.slice(7));
}

function entryFor(folder: string, tag: string): IndexEntry {
  const entries = indexOf(folder);
  const entry = entries.find(({ annotations }) => annotations?.[REF_NAME] === tag);
  if (entry) return entry;
  throw new EngineError('ERR_NO_CACHE', `"${folder}" has no cache with the tag "${tag}"`);
}

/** Empty where there is no index, or none that can be read. */
function indexOf(folder: string): IndexEntry[] {
  try {
    const { manifests }: { manifests?: unknown } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
    if (!Array.isArray(manifests)) return [];
    return manifests.filter((entry): entry is IndexEntry => typeof entry?.digest === 'string');
  } catch {
    return [];
  }
}

function readBlobFile(folder: string, digest: string): Uint8Array {
  const path = blobFile(folder, digest);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new EngineError('ERR_NO_CACHE', `"${folder}" lacks the blob "${digest}"`);
  if (size > LARGEST_DOCUMENT)
    throw new EngineError('ERR_ANSWER_TOO_LARGE', `The blob "${digest}" in "${folder}" is too large for a document`);
  return checked(digest, readFileSync(path));
}

/** What a writer that was killed left. Builds see only their own processes, so whether one still writes is told by time. */
function removeUnfinished(folder: string): void {
  for (const name of namesIn(folder).filter((each) => each.includes('.tmp-'))) {
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > UNFINISHED_MS) rmSync(path, { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function readFrom(path: string, offset: number, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of createReadStream(path, { start: offset, highWaterMark: 1 << 20 })) onChunk(chunk as Buffer);
}

async function writeBlobFile(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o755 });
  const temporary = `${path}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const file = await open(temporary, 'wx', 0o644);
  try {
    for await (const chunk of bytes) {
      // On a disk that is nearly full a write may take a part.
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    const code = errnoOf(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw Object.assign(new Error('No space left', { cause: error }), { code, path });
  }
}
