// `image inspect --remote`: what a registry serves under a name, in the shape of an image of the store, of which nothing is stored. Its size is what
// would be fetched; it has no layers on the disk.
import { parseImageConfig } from '../oci/image-config.ts';
import { assertImage, type Manifest } from '../oci/manifest.ts';
import {
  choosePlatform,
  fitsPlatform,
  formatPlatform,
  hostPlatform,
  listPlatforms,
  normalisePlatform,
  parsePlatform,
} from '../oci/platform.ts';
import { canonicalReference, familiarReference, fullReference, repositoryName } from '../oci/reference.ts';
import type { ImageConfig, Platform } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import type { InspectedImage } from './inspect.ts';
import { fetchChild, fetchConfig, fetchRemote, type RemoteManifest, type RemoteOptions } from './remote-manifest.ts';

/** Throws ERR_BAD_REFERENCE, ERR_MANIFEST_UNKNOWN, ERR_NO_PLATFORM, ERR_NOT_AN_IMAGE and what the registry refuses. */
export async function inspectRemote(
  ctx: Ctx,
  name: string,
  options: RemoteOptions & { platform?: string | undefined },
): Promise<InspectedImage> {
  const wanted = options.platform === undefined ? hostPlatform() : parsePlatform(options.platform);
  const target = await fetchRemote(ctx, name, options);
  const { found, manifest } = await imageOf(target, wanted);
  const shown = fullReference(target.reference);
  assertImage(manifest, shown);
  const bytes = await fetchConfig(target.registry, manifest.config);
  const summary = parseImageConfig(bytes, shown);
  if (options.platform !== undefined && !fitsPlatform(summary, wanted)) throw noPlatform(shown, wanted, [formatPlatform(summary)]);
  const { reference } = target;
  const repoDigest = `${repositoryName(reference)}@${target.descriptor.digest}`;
  return {
    type: 'image',
    record: {
      version: 1,
      id: manifest.config.digest,
      manifest: found.descriptor,
      target: target.descriptor,
      platform: normalisePlatform(summary),
      layers: manifest.layers.map(({ digest, mediaType, size }, index) => ({
        digest,
        mediaType,
        size,
        diffId: summary.rootfs.diff_ids[index] ?? '',
      })),
      sizeBytes: manifest.layers.reduce((sum, { size }) => sum + size, 0),
      repoDigests: [repoDigest],
      created: summary.created,
      storedAt: '',
    },
    config: JSON.parse(Buffer.from(bytes).toString()) as ImageConfig,
    facts: {
      tags: reference.digest === undefined ? [familiarReference(canonicalReference(reference))] : [],
      digests: [familiarReference(repoDigest)],
      layerFolders: [],
      lastTagged: '',
    },
  };
}

async function imageOf(target: RemoteManifest, wanted: Platform): Promise<{ found: RemoteManifest; manifest: Manifest }> {
  if (target.document.kind === 'manifest') return { found: target, manifest: target.document };
  const entry = choosePlatform(target.document.manifests, wanted);
  const found = entry && (await fetchChild(target, entry));
  if (found?.document.kind === 'manifest') return { found, manifest: found.document };
  throw noPlatform(fullReference(target.reference), wanted, listPlatforms(target.document.manifests));
}

function noPlatform(name: string, wanted: Platform, there: readonly string[]): EngineError {
  return new EngineError(
    'ERR_NO_PLATFORM',
    `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries of "${name}"`,
    {
      hint: there.length > 0 ? `It has ${there.join(', ')}: choose one with --platform` : 'It names no platform at all',
    },
  );
}
