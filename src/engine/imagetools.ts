// `buildx imagetools inspect`: what a registry has under a name, and what the statements in an index say of its images (provenance, contents).
import { formatPlatform, isAttestation } from '../oci/platform.ts';
import { fullReference } from '../oci/reference.ts';
import type { Descriptor } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { fetchChild, fetchConfig, fetchRemote, type RemoteManifest, type RemoteOptions } from './remote-manifest.ts';

export interface RemoteImage {
  name: string;
  bytes: Uint8Array;
  descriptor: Descriptor;
  /** Of an index: what it names. */
  manifests: RemoteEntry[] | undefined;
  /** What `--format` can ask for. Fetches what it needs. */
  details(): Promise<RemoteDetails>;
}

export interface RemoteEntry {
  /** `name@digest`. */
  name: string;
  mediaType: string;
  /** `linux/arm64`. */
  platform: string | undefined;
  annotations: Record<string, string>;
}

type ByPlatform<T> = T | Record<string, T>;

/** Buildx's fields. Of several platforms, by platform. */
export interface RemoteDetails {
  Name: string;
  Manifest: object;
  Image: ByPlatform<object> | undefined;
  Provenance: ByPlatform<{ SLSA: unknown }> | undefined;
  SBOM: ByPlatform<{ SPDX: unknown }> | undefined;
}

const PREDICATE = 'in-toto.io/predicate-type';
const LARGEST_STATEMENT = 32 << 20;

/** Throws ERR_BAD_REFERENCE, ERR_MANIFEST_UNKNOWN and what the registry refuses. */
export async function inspectRemoteImage(ctx: Ctx, name: string, options: RemoteOptions): Promise<RemoteImage> {
  const found = await fetchRemote(ctx, name, options);
  const { reference, document, bytes, descriptor } = found;
  const full = fullReference(reference);
  return {
    name: full,
    bytes,
    descriptor,
    manifests: document.kind === 'index' ? document.manifests.map((entry) => entryOf(entry, full)) : undefined,
    details: () => detailsOf(found),
  };
}

const entryOf = ({ digest, mediaType, platform, annotations = {} }: Descriptor, full: string): RemoteEntry => ({
  name: `${full}@${digest}`,
  mediaType,
  platform: platform && formatPlatform(platform),
  annotations,
});

async function detailsOf(found: RemoteManifest): Promise<RemoteDetails> {
  const { document, descriptor, reference } = found;
  const entries = document.kind === 'index' ? document.manifests : [];
  const images = document.kind === 'index' ? entries.filter((entry) => !isAttestation(entry)) : [descriptor];
  const configs: [string, object][] = [];
  const provenance: [string, { SLSA: unknown }][] = [];
  const sboms: [string, { SPDX: unknown }][] = [];
  for (const image of images) {
    const manifest = document.kind === 'index' ? await fetchChild(found, image) : found;
    if (manifest.document.kind === 'index') continue;
    const config = JSON.parse(Buffer.from(await fetchConfig(found.registry, manifest.document.config)).toString());
    const platform = formatPlatform(image.platform ?? { os: config.os ?? '', architecture: config.architecture ?? '' });
    configs.push([platform, config]);
    for (const { type, predicate } of await statementsAbout(found, entries, image)) {
      if (type.startsWith('https://slsa.dev/provenance/')) provenance.push([platform, { SLSA: predicate }]);
      if (type === 'https://spdx.dev/Document') sboms.push([platform, { SPDX: predicate }]);
    }
  }
  const isOne = images.length === 1;
  return {
    Name: fullReference(reference),
    Manifest: { ...JSON.parse(Buffer.from(found.bytes).toString()), digest: descriptor.digest, size: descriptor.size },
    Image: gathered(configs, isOne),
    Provenance: gathered(provenance, isOne),
    SBOM: gathered(sboms, isOne),
  };
}

const gathered = <T>(of: [string, T][], isOne: boolean): ByPlatform<T> | undefined =>
  of.length === 0 ? undefined : isOne ? of[0]?.[1] : Object.fromEntries(of);

async function statementsAbout(
  found: RemoteManifest,
  entries: readonly Descriptor[],
  image: Descriptor,
): Promise<{ type: string; predicate: unknown }[]> {
  const statements: { type: string; predicate: unknown }[] = [];
  for (const entry of entries) {
    if (entry.annotations?.['vnd.docker.reference.digest'] !== image.digest) continue;
    const { document } = await fetchChild(found, entry);
    if (document.kind === 'index') continue;
    for (const layer of document.layers) {
      const type = layer.annotations?.[PREDICATE];
      if (type === undefined || layer.size > LARGEST_STATEMENT) continue;
      const { answer } = await found.registry.blob(layer.digest, 0);
      const { predicate } = JSON.parse(Buffer.from(await answer.bytes(layer.size)).toString()) as { predicate: unknown };
      statements.push({ type, predicate });
    }
  }
  return statements;
}
