// Images written as an archive to descriptor 3, or as a folder. Blobs are written as they are, each once and checked on the way; nothing in
// the archive but the images themselves decides a byte of it. What is being read is protected by a claim, were it removed meanwhile.
import { blobName, dockerManifest, dockerRepositories, LAYOUT_FILE, layoutIndex } from '../../oci/archive-documents.ts';
import type { SaveJob } from '../../runtime/messages-archive.ts';
import { blobChunks } from '../../storage/blob.ts';
import { type Claim, claim } from '../../storage/claim.ts';
import { createTarWriter } from '../../storage/tar-writer.ts';
import type { Ctx } from '../../sys/context.ts';
import { dieWithParent } from '../../sys/process.ts';
import { SIGKILL } from '../../sys/signals.ts';
import { writeFully } from '../../sys/write-fully.ts';
import { type SavedParts, savedParts } from './save-parts.ts';

const OUTPUT = 3;
const TURN_MS = 50;

/** Throws ERR_NO_SUCH_IMAGE, ERR_BLOB_MISSING, ERR_BLOB_DAMAGED, and the errno of a failed write. */
export async function save(ctx: Ctx, job: SaveJob, { signal }: { signal: AbortSignal }): Promise<null> {
  // A reader that takes nothing holds us in the middle of a write, where we would not hear that the front has died.
  dieWithParent(SIGKILL);
  const hold = claimSave(ctx);
  try {
    const ociOnly = job.format !== 'docker-archive' && job.format !== 'dir';
    const single = job.single === true || job.format === 'dir';
    const images = job.images.map((image) => savedParts(ctx, image, { ociOnly, single }));
    hold.protect(
      images.flatMap(({ id, manifest, layers, others }) => [id, manifest.digest, ...[...layers, ...others].map(({ digest }) => digest)]),
    );
    if (job.folder === undefined) await writeArchive(ctx, images, { isDocker: job.format === 'docker-archive', output: OUTPUT, signal });
    else {
      const { writeImageFolder } = await import('./save-folder.ts');
      await writeImageFolder(ctx, images, { folder: job.folder, format: job.format, signal });
    }
  } finally {
    hold.release();
  }
  return null;
}

/** Writes images to the open file `output`, with `isDocker` also what `docker load` of any age looks for. Throws the errno of a failed write. */
export async function writeArchive(
  ctx: Ctx,
  images: SavedParts[],
  { isDocker, output, signal }: { isDocker: boolean; output: number; signal: AbortSignal },
): Promise<void> {
  const tar = createTarWriter((chunk) => writeFully(output, chunk));
  const turn = turns(signal);
  tar.entry(header('blobs/', 0));
  tar.entry(header('blobs/sha256/', 0));
  for (const { digest, size, bytes } of blobsOf(images)) {
    tar.entry(header(blobName(digest), size));
    for (const chunk of bytes ? [bytes] : blobChunks(ctx, digest)) {
      tar.content(chunk);
      await turn();
    }
  }
  const file = (name: string, text: string): void => {
    const bytes = Buffer.from(text);
    tar.entry(header(name, bytes.length));
    tar.content(bytes);
  };
  file('index.json', layoutIndex(images));
  if (isDocker) file('manifest.json', dockerManifest(images));
  file('oci-layout', LAYOUT_FILE);
  const repositories = isDocker ? dockerRepositories(images) : undefined;
  if (repositories !== undefined) file('repositories', repositories);
  tar.end();
}

export interface SavedBlob {
  digest: string;
  size: number;
  /** Of a small one that was read already. */
  bytes?: Buffer;
}

/** Every blob of the images once, sorted by digest. */
export function blobsOf(images: readonly SavedParts[]): SavedBlob[] {
  const blobs = new Map<string, SavedBlob>();
  for (const { id, manifest, manifestBytes, configBytes, layers, others } of images) {
    for (const other of others) blobs.set(other.digest, other);
    blobs.set(id, { digest: id, size: configBytes.length, bytes: configBytes });
    blobs.set(manifest.digest, { digest: manifest.digest, size: manifestBytes.length, bytes: manifestBytes });
    for (const { digest, size } of layers) blobs.set(digest, { digest, size });
  }
  return [...blobs.values()].sort((one, other) => (one.digest < other.digest ? -1 : 1));
}

/** Gives the event loop its turn where it is due, so that the front's death and Ctrl-C are heard. */
export function turns(signal: AbortSignal): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN_MS) return undefined;
    return Bun.sleep(0).then(() => {
      signal.throwIfAborted();
      last = performance.now();
    });
  };
}

// Time, owner and order say nothing, so that equal images make equal archives.
export const header = (name: string, size: number) => ({
  name,
  linkName: '',
  type: name.endsWith('/') ? '5' : '0',
  mode: name.endsWith('/') ? 0o755 : 0o644,
  uid: 0,
  gid: 0,
  size,
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  devMajor: 0,
  devMinor: 0,
  xattrs: undefined,
});

function claimSave(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `save-${process.pid}-${Math.random().toString(36).slice(2)}`);
    if (hold) return hold;
  }
}
