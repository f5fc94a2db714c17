// Manifests as `docker manifest inspect` prints them: an index by three spaces with Docker's order of fields, a manifest as it is, by tabs; with
// `-v` what is known beside them.

interface Entry {
  mediaType: string;
  size: number;
  digest: string;
  platform?: PlatformShown;
}

interface Shown {
  reference: string;
  descriptor: { mediaType: string; digest: string; size: number; platform?: PlatformShown | undefined };
  bytes: Uint8Array;
}

interface PlatformShown {
  architecture: string;
  os: string;
  'os.version'?: string | undefined;
  'os.features'?: string[] | undefined;
  variant?: string | undefined;
}

/** An index; what Docker does not show of an entry (its annotations) stays. */
export function renderIndex(bytes: Uint8Array): string {
  const index = JSON.parse(Buffer.from(bytes).toString()) as { schemaVersion: number; mediaType?: string; manifests: Entry[] };
  const { schemaVersion, mediaType, manifests, ...rest } = index;
  const entries = manifests.map(({ mediaType: type, size, digest, platform, ...more }) => ({
    mediaType: type,
    size,
    digest,
    ...more,
    ...(platform ? { platform: platformInOrder(platform) } : {}),
  }));
  return `${JSON.stringify({ schemaVersion, mediaType, manifests: entries, ...rest }, null, 3)}\n`;
}

export function renderManifest(bytes: Uint8Array): string {
  return `${JSON.stringify(JSON.parse(Buffer.from(bytes).toString()), null, '\t')}\n`;
}

/** One object for a manifest, an array for those of an index. */
export function renderVerbose(kind: 'index' | 'manifest', manifests: readonly Shown[]): string {
  const shown = manifests.map(verbose);
  return `${JSON.stringify(kind === 'index' ? shown : shown[0], null, '\t')}\n`;
}

function verbose({ reference, descriptor, bytes }: Shown): object {
  const { mediaType, digest, size, platform } = descriptor;
  const document: unknown = JSON.parse(Buffer.from(bytes).toString());
  return {
    Ref: reference,
    Descriptor: { mediaType, digest, size, ...(platform ? { platform: platformInOrder(platform) } : {}) },
    Raw: Buffer.from(bytes).toString('base64'),
    [mediaType.startsWith('application/vnd.docker.') ? 'SchemaV2Manifest' : 'OCIManifest']: document,
  };
}

function platformInOrder({ architecture, os, 'os.version': version, 'os.features': features, variant, ...rest }: PlatformShown): object {
  return {
    architecture,
    os,
    ...(version === undefined ? {} : { 'os.version': version }),
    ...(features === undefined ? {} : { 'os.features': features }),
    ...(variant === undefined ? {} : { variant }),
    ...rest,
  };
}
