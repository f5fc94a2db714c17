// The documents of an image that was built: config, manifest, and the index of several (image-spec). OCI's types, or Docker's where
// `oci-mediatypes=false` asks for them.
import {
  DOCKER_CONFIG,
  DOCKER_LAYER,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../oci/media-types.ts';
import { digestOf } from '../../../storage/digest.ts';
import type { Descriptor } from '../../../storage/records.ts';
import { EngineError } from '../../../sys/errors.ts';
import { type Annotation, annotationsFor } from './annotations.ts';
import { compressionOf } from './compress-layers.ts';
import type { FinishedImage, PreparedImage, PreparedLayer, PreparedStatements } from './prepared.ts';

export interface DocumentOptions {
  isDocker: boolean;
  annotations: readonly Annotation[];
}

/** Config and manifest of an image. Throws ERR_OUTPUT where Docker's types cannot say it. */
export function imageDocuments(image: FinishedImage, { isDocker, annotations }: DocumentOptions): PreparedImage {
  const { platform, layers } = image;
  const configBytes = Buffer.from(JSON.stringify(image.config));
  const id = digestOf(configBytes);
  const mediaType = isDocker ? DOCKER_MANIFEST : OCI_MANIFEST;
  const notes = annotationsFor(annotations, 'manifest', platform);
  if (isDocker && notes) throw new EngineError('ERR_OUTPUT', "Invalid output: Docker's manifests have no annotations", { hint: LEAVE_OUT });
  const manifestBytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: isDocker ? DOCKER_CONFIG : OCI_CONFIG, digest: id, size: configBytes.length },
      layers: layers.map((layer) => ({
        mediaType: isDocker ? dockerType(layer) : layer.mediaType,
        digest: layer.digest,
        size: layer.size,
      })),
      ...(notes ? { annotations: notes } : {}),
    }),
  );
  return { ...image, id, configBytes, manifest: { mediaType, digest: digestOf(manifestBytes), size: manifestBytes.length }, manifestBytes };
}

/** The index of all that was built, in the order of the platforms, statements behind the images. */
export function indexDocument(
  images: readonly PreparedImage[],
  statements: readonly PreparedStatements[],
  { isDocker, annotations }: DocumentOptions,
): { descriptor: Descriptor; bytes: Buffer } {
  const mediaType = isDocker ? DOCKER_LIST : OCI_INDEX;
  const notes = annotationsFor(annotations, 'index');
  if (isDocker && notes) throw new EngineError('ERR_OUTPUT', "Invalid output: Docker's lists have no annotations", { hint: LEAVE_OUT });
  const entries = images.map(({ manifest, platform }) => {
    const own = annotationsFor(annotations, 'manifest-descriptor', platform);
    const { mediaType: type, digest, size } = manifest;
    return { mediaType: type, digest, size, ...(own ? { annotations: own } : {}), platform };
  });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      manifests: [...entries, ...statements.map(({ manifest }) => manifest)],
      ...(notes ? { annotations: notes } : {}),
    }),
  );
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

const LEAVE_OUT = 'Leave out oci-mediatypes=false';

function dockerType({ mediaType }: PreparedLayer): string {
  const compression = compressionOf(mediaType);
  if (compression === 'gzip') return DOCKER_LAYER;
  if (compression === 'uncompressed') return 'application/vnd.docker.image.rootfs.diff.tar';
  throw new EngineError('ERR_OUTPUT', "Invalid output: the base image has layers in zstd, which Docker's media types do not know", {
    hint: `${LEAVE_OUT}, or add compression=gzip,force-compression=true`,
  });
}
