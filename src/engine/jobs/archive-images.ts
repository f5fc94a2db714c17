// The images of an opened archive, down to where each layer's bytes lie. An OCI layout is believed before Docker's manifest.json, for it
// has the manifests that the images were pushed with; for an archive of an older Docker one is written here.
// Every document is checked against its digest; layers are when they are read.

import { blobName } from '../../oci/archive-documents.ts';
import { chooseEntry, dockerEntries, type EntryOptions, layoutEntries } from '../../oci/archive-entries.ts';
import { type ImageConfigSummary, parseImageConfig } from '../../oci/image-config.ts';
import { assertImage, parseManifest } from '../../oci/manifest.ts';
import { OCI_LAYER, OCI_MANIFEST } from '../../oci/media-types.ts';
import { fitsPlatform, formatPlatform } from '../../oci/platform.ts';
import { type Archive, placeChunks, readPlace } from '../../storage/archive.ts';
import { digestOf } from '../../storage/digest.ts';
import type { ArchivePlace, Descriptor, ImageLayer } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { findLayerBlob, manifestOf } from './save-parts.ts';

export interface ArchiveImage {
  id: string;
  config: ImageConfigSummary;
  manifest: Descriptor;
  target: Descriptor;
  /** Config, manifest, and the index that led to it. */
  documents: Buffer[];
  layers: { layer: ImageLayer; place: ArchivePlace }[];
  /** What the index names for other platforms, where the archive has all of it. */
  companions: { digest: string; size: number; place: ArchivePlace }[];
  /** Canonical. */
  names: string[];
  label: string | undefined;
}

export interface ReadImagesOptions extends EntryOptions {
  fd: number;
}

const LARGEST_MANIFEST = 4 << 20;
const LARGEST_CONFIG = 8 << 20;
const DEEPEST_INDEX = 3;

/** Throws ERR_ARCHIVE (a sentence that goes on from "Cannot load …: "), ERR_DIGEST_MISMATCH, and what the parsers throw. */
export function readArchiveImages(ctx: Ctx, archive: Archive, options: ReadImagesOptions): ArchiveImage[] {
  const read = (name: string, most: number): Buffer => {
    const place = archive.find(name);
    if (place) return readPlace(ctx, place, { fd: options.fd, most, name });
    throw missing(archive, name);
  };
  const isLayout = archive.find('oci-layout') && archive.find('index.json');
  const isDir = !isLayout && archive.find('version') !== undefined && archive.find('manifest.json') !== undefined;
  if (isDir) return [{ ...fromLayout(topOf(read('manifest.json', LARGEST_MANIFEST))), names: [], label: undefined }];
  if (!isLayout && !archive.find('manifest.json')) throw noImages(archive);
  const found = isLayout
    ? layoutEntries(read('index.json', LARGEST_MANIFEST), options).map((entry) => ({ ...fromLayout(entry.descriptor), ...entry }))
    : dockerEntries(read('manifest.json', LARGEST_MANIFEST)).map((entry) => ({
        ...fromDocker(entry),
        names: entry.names,
        label: undefined,
      }));
  return merged(found);

  /** In skopeo's `dir:` the blobs lie side by side, and what lies under manifest.json is the image's own. */
  function nameIn(digest: string): string {
    if (!isDir) return blobName(digest);
    const hex = digest.slice('sha256:'.length);
    const [top] = ['manifest.json'].filter((name) => digestOf(read(name, LARGEST_MANIFEST)) === digest);
    return top ?? (archive.find(hex) ? hex : `${hex}.manifest.json`);
  }

  function topOf(bytes: Buffer): Descriptor {
    return { mediaType: typeOf(bytes), digest: digestOf(bytes), size: bytes.length };
  }

  function fromLayout(top: Descriptor): Omit<ArchiveImage, 'names' | 'label'> {
    const documents: Buffer[] = [];
    let descriptor = top;
    for (let depth = 0; ; depth++) {
      const bytes = readBlobOf(descriptor.digest, LARGEST_MANIFEST);
      documents.push(bytes);
      const document = parseManifest(bytes, { headerType: descriptor.mediaType, name: options.name });
      if (document.kind === 'manifest') {
        assertImage(document, options.name);
        const configBytes = readBlobOf(document.config.digest, LARGEST_CONFIG);
        const config = parseImageConfig(configBytes, options.name);
        const layers = document.layers.map(({ digest, size, mediaType }, index) => {
          const blob = isDir ? digest.slice('sha256:'.length) : blobName(digest);
          const place = archive.find(blob);
          if (!place) throw missing(archive, blob);
          if (place.size !== size) {
            throw new EngineError('ERR_SIZE_MISMATCH', `its "${blob}" has ${place.size} bytes where its descriptor promises ${size}`);
          }
          return { layer: { digest, size, mediaType, diffId: config.rootfs.diff_ids[index] ?? '' }, place };
        });
        const manifest = { mediaType: document.mediaType, digest: descriptor.digest, size: bytes.length };
        const target = depth === 0 ? manifest : { mediaType: typeOf(documents[0]), digest: top.digest, size: documents[0]?.length ?? 0 };
        return checked({
          id: document.config.digest,
          config,
          manifest,
          target,
          documents: [...documents, configBytes],
          layers,
          companions: companionsIn(documents[0]),
        });
      }
      if (depth === DEEPEST_INDEX) throw new EngineError('ERR_ARCHIVE', 'its indexes are nested too deep');
      descriptor = chooseEntry(document.manifests, options);
    }
  }

  function fromDocker(entry: { config: string; layers: string[] }): Omit<ArchiveImage, 'names' | 'label'> {
    const configBytes = read(entry.config, LARGEST_CONFIG);
    const id = digestOf(configBytes);
    const promised = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(entry.config)?.[1];
    if (promised !== undefined && id !== `sha256:${promised}`) throw otherDigest(entry.config, id);
    const config = parseImageConfig(configBytes, options.name);
    const layers = entry.layers.map((name, index) => {
      const place = archive.find(name);
      if (!place) throw missing(archive, name);
      const diffId = config.rootfs.diff_ids[index] ?? '';
      return { layer: findLayerBlob(ctx, diffId) ?? layerAt(ctx, place, { diffId, fd: options.fd }), place };
    });
    const manifestBytes = manifestOf(
      configBytes,
      layers.map(({ layer }) => layer),
    );
    const manifest = { mediaType: OCI_MANIFEST, digest: digestOf(manifestBytes), size: manifestBytes.length };
    return checked({ id, config, manifest, target: manifest, documents: [manifestBytes, configBytes], layers, companions: [] });
  }

  /** Empty where only one platform is wanted, or something that the index names is not in the archive: then it cannot stay whole. */
  function companionsIn(top: Buffer | undefined): ArchiveImage['companions'] {
    const index = top && parseManifest(top, { headerType: '', name: options.name });
    if (index?.kind !== 'index' || options.isPlatformGiven || isDir) return [];
    const parts: (ArchiveImage['companions'][number] | undefined)[] = [];
    for (const { digest, size } of index.manifests) {
      const own = partAt(digest, size);
      parts.push(own);
      const document = own && parseManifest(readBlobOf(digest, LARGEST_MANIFEST), { headerType: '', name: options.name });
      if (document?.kind !== 'manifest') return [];
      parts.push(...[document.config, ...document.layers].map((part) => partAt(part.digest, part.size)));
    }
    const found = parts.filter((part) => part !== undefined);
    return found.length === parts.length ? found : [];
  }

  function partAt(digest: string, size: number): ArchiveImage['companions'][number] | undefined {
    const place = archive.find(blobName(digest));
    return place?.size === size ? { digest, size, place } : undefined;
  }

  function readBlobOf(digest: string, most: number): Buffer {
    const name = nameIn(digest);
    const bytes = read(name, most);
    if (digestOf(bytes) !== digest) throw otherDigest(name, digestOf(bytes));
    return bytes;
  }

  function checked<T extends Pick<ArchiveImage, 'config' | 'layers'>>(image: T): T {
    const { config, layers } = image;
    if (config.rootfs.diff_ids.length !== layers.length) {
      throw new EngineError(
        'ERR_ARCHIVE',
        `invalid manifest, layers length mismatch: expected ${config.rootfs.diff_ids.length}, got ${layers.length}`,
      );
    }
    if (!options.isPlatformGiven || fitsPlatform(config, options.platform)) return image;
    throw new EngineError(
      'ERR_NO_PLATFORM',
      `image was found but does not provide the specified platform (${formatPlatform(options.platform)}): "${options.name}" is for ${formatPlatform(config)}`,
      { hint: 'Leave out --platform' },
    );
  }
}

/** A layer of an archive that has no manifest: kept as it comes, so that its blob's digest is that of its bytes. */
function layerAt(ctx: Ctx, place: ArchivePlace, { diffId, fd }: { diffId: string; fd: number }): ImageLayer {
  const head = placeChunks(ctx, place, { fd }).next().value ?? Buffer.alloc(0);
  const compression = head[0] === 0x1f && head[1] === 0x8b ? '+gzip' : head[0] === 0x28 && head[1] === 0xb5 ? '+zstd' : '';
  if (compression === '') return { digest: diffId, diffId, mediaType: OCI_LAYER, size: place.size };
  return {
    digest: place.kind === 'stored' ? place.digest : hashOf(ctx, place, fd),
    diffId,
    mediaType: `${OCI_LAYER}${compression}`,
    size: place.size,
  };
}

function hashOf(ctx: Ctx, place: ArchivePlace, fd: number): string {
  const hasher = new Bun.CryptoHasher('sha256');
  for (const chunk of placeChunks(ctx, place, { fd })) hasher.update(chunk);
  return `sha256:${hasher.digest('hex')}`;
}

/** One image may be there under several names. */
function merged(images: ArchiveImage[]): ArchiveImage[] {
  const byId = Map.groupBy(images, ({ id }) => id);
  return [...byId.values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, names: [...new Set(same.flatMap(({ names }) => names))] }] : [];
  });
}

function typeOf(document: Buffer | undefined): string {
  return document ? parseManifest(document, { headerType: '', name: '' }).mediaType : '';
}

function missing(archive: Archive, name: string): EngineError {
  if (!archive.isWhole) return new EngineError('ERR_LAYER_TRUNCATED', `has no "${name}"`);
  return new EngineError('ERR_ARCHIVE', `the archive has no "${name}", which it refers to`);
}

function noImages(archive: Archive): EngineError {
  if (archive.find('repositories') && archive.isWhole) {
    return new EngineError('ERR_ARCHIVE', 'archives of Docker before 1.10, which have no manifest.json, are not supported', {
      hint: 'Load it with an older Docker and save it again',
    });
  }
  if (!archive.isWhole) return new EngineError('ERR_LAYER_TRUNCATED', 'has no index');
  return new EngineError('ERR_ARCHIVE', 'invalid archive: does not contain a manifest.json', {
    hint: 'It is no archive of images; a root file system becomes an image by: skiff import',
  });
}

function otherDigest(name: string, actual: string): EngineError {
  return new EngineError('ERR_DIGEST_MISMATCH', `the content of "${name}" has the digest "${actual}"`);
}
