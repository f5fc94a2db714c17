// `image copy`: from one place to another, by way of the store, which checks every byte; so manifests and blobs keep their digests wherever the
// target's format allows. What the store did not have before goes again, unless the store is the target.
import { resolve } from 'node:path';
import { canonicalReference, parseReference } from '../oci/reference.ts';
import type { PullEvent } from '../runtime/messages-work.ts';
import { findImage, referencesOf, tagImage } from '../storage/image.ts';
import { readImageRecord, readReference } from '../storage/image-record.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { requireLocalImage } from './create/image.ts';
import { recordImageEvent } from './image-events.ts';
import { type ImagePlace, parseImagePlace } from './image-place.ts';
import { loadImages } from './load.ts';
import type { LockOptions } from './lock-pins.ts';
import { hasPodman, withPodmanImage } from './podman-image.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import { removeImage } from './remove-image.ts';
import { saveImages } from './save.ts';

export interface CopyImageOptions {
  source: string;
  target: string;
  /** As the user gave it. */
  platform?: string | undefined;
  tlsVerify?: { source: boolean; target: boolean };
  /** Pins a registry's image, or holds it to what was pinned; refused for other sources. */
  lock?: LockOptions | undefined;
  /** Runs `write` with an open file that becomes `path` once it is whole. */
  toFile: (path: string, write: (fd: number) => Promise<void>) => Promise<void>;
  onProgress?: (event: PullEvent) => void;
  signal?: AbortSignal | undefined;
}

interface Fetched {
  id: string;
  /** Canonical: what a target that holds names is given where the user gives none. */
  name: string | undefined;
  /** Undoes what the store has of it only for this copy. */
  undo: (() => Promise<void>) | undefined;
}

/** Returns the image's id. Throws ERR_BAD_PLACE and what pulling, loading, saving and pushing throw. */
export async function copyImage(ctx: Ctx, options: CopyImageOptions): Promise<string> {
  const source = parseImagePlace(options.source);
  const target = parseImagePlace(options.target);
  checkTarget(target);
  if (options.lock && source.kind !== 'registry') throw unpinnable(options.source);
  const fetched = await fetchImage(ctx, source, options);
  try {
    await deliver(ctx, fetched, { ...options, to: target });
  } finally {
    await fetched.undo?.().catch((error: unknown) => {
      // Somebody else uses it by now.
      if (!(error instanceof EngineError)) throw error;
    });
  }
  return fetched.id;
}

function checkTarget(target: ImagePlace): void {
  if (target.kind === 'containers-storage' || target.kind === 'docker-daemon') {
    const owner = target.kind === 'docker-daemon' ? 'docker' : 'podman';
    const shown = owner === 'docker' ? "Docker's" : "podman's";
    throw new EngineError('ERR_BAD_PLACE', `${shown} store is read only here: it cannot be the target of a copy`, {
      hint: `Copy to docker-archive:FILE, then: ${owner} load -i FILE`,
    });
  }
  if (target.kind === 'store') targetOf(target.name);
  else if (target.kind === 'docker-archive' && target.name !== undefined) targetOf(target.name);
}

async function fetchImage(ctx: Ctx, source: ImagePlace, options: CopyImageOptions): Promise<Fetched> {
  const { platform, signal, onProgress } = options;
  if (source.kind === 'store') {
    const { image } = requireImage(ctx, source.name, platform);
    const name = findImage(ctx, source.name, canonicalOrNone(source.name))?.reference;
    return { id: image.id, name: name?.includes('@') ? undefined : name, undo: undefined };
  }
  if (source.kind === 'registry') return pulled(ctx, source.reference, options);
  const wanted = 'name' in source ? source.name : undefined;
  const load = { platform, reference: '', signal, ...(onProgress ? { onProgress } : {}) };
  const [loaded] =
    source.kind === 'containers-storage' || source.kind === 'docker-daemon'
      ? await withOthers(ctx, source, (fd) => loadImages(ctx, { ...load, descriptor: { fd, name: source.name } }), signal)
      : await loadImages(ctx, { ...load, input: source.path, wanted });
  if (!loaded) throw new EngineError('ERR_ARCHIVE', 'The archive has no images');
  return { id: loaded.id, name: undefined, undo: loaded.isNew ? () => dropUnnamed(ctx, loaded.id) : undefined };
}

/** podman gives what it has; without it its files do, and Docker's do without its daemon. */
async function withOthers<T>(
  ctx: Ctx,
  { kind, name }: { kind: 'containers-storage' | 'docker-daemon'; name: string },
  work: (fd: number) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (kind === 'containers-storage' && hasPodman(ctx)) return withPodmanImage(ctx, name, work, signal);
  const { withForeignImage } = await import('./foreign-image.ts');
  const image =
    kind === 'containers-storage'
      ? await (await import('./podman-store.ts')).findPodmanImage(ctx.env, name)
      : (await import('./docker-store.ts')).findDockerImage(ctx.env, name);
  return withForeignImage(ctx, image, work, signal);
}

async function pulled(
  ctx: Ctx,
  reference: string,
  { target, platform, tlsVerify, lock, onProgress, signal }: CopyImageOptions,
): Promise<Fetched> {
  const canonical = canonicalReference(parseReference(reference));
  const before = readReference(ctx, canonical)?.id;
  const options = { reference, platform, lock, tlsVerify: tlsVerify?.source, signal, ...(onProgress ? { onProgress } : {}) };
  const { id } = await pullImage(ctx, options);
  const undo = async (): Promise<void> => {
    // The name is the very one that was wanted.
    if (canonicalOrNone(target) === canonical) return;
    if (before === undefined) await removeImage(ctx, canonical);
    else if (before !== id && readImageRecord(ctx, before)) tagImage(ctx, canonical, before);
  };
  return { id, name: canonical.includes('@') ? undefined : canonical, undo };
}

function unpinnable(source: string): EngineError {
  return new EngineError('ERR_CONFLICTING_OPTIONS', `--lock and --locked are for images of registries, which "${source}" is not`, {
    hint: 'Give a source such as docker://registry.example.com/app:1.2, or leave the option out',
  });
}

async function dropUnnamed(ctx: Ctx, id: string): Promise<void> {
  if (referencesOf(ctx, id).length === 0) await removeImage(ctx, id);
}

async function deliver(ctx: Ctx, { id, name }: Fetched, options: CopyImageOptions & { to: ImagePlace }): Promise<void> {
  const { to, tlsVerify, toFile, signal } = options;
  const single = options.platform !== undefined;
  switch (to.kind) {
    case 'store': {
      const reference = targetOf(to.name);
      tagImage(ctx, reference, id);
      recordImageEvent(ctx, { action: 'tag', subject: id, name: to.name, imageId: id });
      return;
    }
    case 'registry':
      return pushImage(ctx, { reference: to.reference, image: id, tlsVerify: tlsVerify?.target, signal });
    case 'docker-archive': {
      const names = to.name !== undefined ? [targetOf(to.name)] : name !== undefined ? [name] : [];
      return toFile(to.path, (output) =>
        saveImages(ctx, [{ id, names }], { format: 'docker-archive', target: { output }, single, signal }),
      );
    }
    case 'oci-archive': {
      const images = [{ id, names: [], label: to.name }];
      return toFile(to.path, (output) => saveImages(ctx, images, { format: 'oci-archive', target: { output }, single, signal }));
    }
    case 'oci':
    case 'dir': {
      const images = [{ id, names: [], label: to.kind === 'oci' ? to.name : undefined }];
      const format = to.kind === 'oci' ? 'oci-dir' : 'dir';
      return saveImages(ctx, images, { format, target: { folder: resolve(to.path) }, single, signal });
    }
  }
}

function requireImage(ctx: Ctx, name: string, platform: string | undefined) {
  try {
    return requireLocalImage(ctx, name, platform);
  } catch (error) {
    // The exit code of `run` is not ours.
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  }
}

function canonicalOrNone(text: string): string | undefined {
  try {
    return canonicalReference(parseReference(text));
  } catch {
    return undefined;
  }
}

function targetOf(text: string): string {
  const reference = parseReference(text);
  if (!reference.digest) return canonicalReference(reference);
  throw new EngineError('ERR_BAD_REFERENCE', 'refusing to create a tag with a digest reference', {
    hint: 'Leave out what follows the "@"',
  });
}
