// `manifest push`: what a list names is made to be in the list's repository (mounted there from its own, of the same registry), then the list itself.
import { parseManifest } from '../oci/manifest.ts';
import { DOCKER_LIST, isIndexType, OCI_INDEX, OCI_MANIFEST } from '../oci/media-types.ts';
import { putManifest } from '../oci/push-manifest.ts';
import { parseReference, type Reference, repositoryName } from '../oci/reference.ts';
import { openRegistry, type Registry } from '../oci/registry.ts';
import { uploadBlob } from '../oci/upload.ts';
import { hasBlob } from '../storage/blob.ts';
import { openBlobSource } from '../storage/blob-source.ts';
import { digestOf } from '../storage/digest.ts';
import { type ManifestListEntry, type ManifestListRecord, removeManifestList } from '../storage/manifest-list.ts';
import type { Descriptor } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';
import { requireList } from './manifest-list.ts';
import type { RemoteOptions } from './remote-manifest.ts';

export interface PushListOptions extends RemoteOptions {
  list: string;
  /** The list in the store goes once it is pushed. */
  purge: boolean;
  /** Called for each manifest with its name by digest. */
  onPushed: (name: string, digest: string) => void;
}

/** Returns the list's digest. Throws ERR_NO_SUCH_MANIFEST, ERR_OTHER_REGISTRY, ERR_BAD_PLATFORM and what the registry refuses. */
export async function pushManifestList(ctx: Ctx, { list, purge, onPushed, tlsVerify, signal }: PushListOptions): Promise<string> {
  const record = requireList(ctx, list);
  const target = parseReference(record.reference);
  const sources = record.entries.map((entry) => sourceOf(entry, target));
  const { bytes, mediaType, digest } = indexOf(record);
  keepLoopbackDirect(process.env);
  const others = [...new Set(sources.map(({ repository }) => repository))].filter((repository) => repository !== target.repository);
  const scopes = [`repository:${target.repository}:pull,push`, ...others.map((repository) => `repository:${repository}:pull`)];
  const registry = openRegistry({ env: ctx.env, reference: target, tlsVerify, signal, scopes });
  const common = { registry, repository: target.repository, name: repositoryName(target) };
  for (const [position, entry] of record.entries.entries()) {
    const manifest = Buffer.from(entry.raw, 'base64');
    const from = sources[position]?.repository ?? '';
    if (from !== target.repository) await bringBlobs(ctx, entry, { registry, target, from, signal });
    const under = entry.descriptor.digest;
    await putManifest({ ...common, under, mediaType: entry.descriptor.mediaType, bytes: manifest });
    onPushed(`${repositoryName(target)}@${under}`, under);
  }
  await putManifest({ ...common, under: target.tag ?? '', mediaType, bytes });
  if (purge) removeManifestList(ctx, record.reference);
  return digest;
}

/** The index that a list is: an OCI one when its first manifest is, else Docker's; written as Docker writes it. */
export function indexOf({ entries }: ManifestListRecord): { bytes: Buffer; mediaType: string; digest: string } {
  const mediaType = entries[0]?.descriptor.mediaType === OCI_MANIFEST ? OCI_INDEX : DOCKER_LIST;
  const manifests = entries.map(({ descriptor }) => {
    const { platform } = descriptor;
    return { mediaType: descriptor.mediaType, size: descriptor.size, digest: descriptor.digest, ...(platform ? { platform } : {}) };
  });
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }, null, 3));
  return { bytes, mediaType, digest: digestOf(bytes) };
}

function sourceOf({ reference, descriptor }: ManifestListEntry, target: Reference): Reference {
  const source = parseReference(reference);
  if (source.registry !== target.registry) {
    throw new EngineError(
      'ERR_OTHER_REGISTRY',
      `cannot use source images from a different registry than the target image: ${source.registry} != ${target.registry}`,
      { hint: 'Push the images there first: skiff tag, skiff push' },
    );
  }
  if (!descriptor.platform?.os || !descriptor.platform.architecture || isIndexType(descriptor.mediaType)) {
    throw new EngineError('ERR_BAD_PLATFORM', `manifest ${reference} must have an OS and Architecture to be pushed to a registry`, {
      hint: 'Give them: skiff manifest annotate --os OS --arch ARCH LIST MANIFEST',
    });
  }
  return source;
}

interface BringOptions {
  registry: Registry;
  target: Reference;
  from: string;
  signal: AbortSignal | undefined;
}

/** Has the registry mount them; what it will not is sent if the store has it. */
async function bringBlobs(
  ctx: Ctx,
  { raw, reference }: ManifestListEntry,
  { registry, target, from, signal }: BringOptions,
): Promise<void> {
  const document = parseManifest(Buffer.from(raw, 'base64'), { headerType: '', name: reference });
  if (document.kind !== 'manifest') return;
  for (const blob of [document.config, ...document.layers]) {
    if ((blob.urls?.length ?? 0) > 0) continue;
    const place = { registry, repository: target.repository, name: repositoryName(target) };
    const opened: { close(): void }[] = [];
    const open = () => {
      const source = openOrThrow(ctx, blob, { from, target });
      opened.push(source);
      return source.bytes;
    };
    try {
      await uploadBlob(blob, { ...place, mountFrom: [from], open, onProgress: () => {}, signal });
    } finally {
      for (const source of opened) source.close();
    }
  }
}

function openOrThrow(ctx: Ctx, { digest, size }: Descriptor, { from, target }: { from: string; target: Reference }) {
  if (hasBlob(ctx, digest, size)) return openBlobSource(ctx, digest);
  throw new EngineError(
    'ERR_REGISTRY',
    `Cannot push to "${repositoryName(target)}": ${target.registry} does not mount the blob "${digest}" of "${from}"`,
    {
      hint: `Push the images to this repository first: skiff tag, skiff push`,
    },
  );
}
