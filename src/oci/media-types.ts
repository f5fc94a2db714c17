// Media types of the OCI image specification and their Docker schema 2 twins. Schema 1 and everything that is no container image
// (Helm charts, signatures, SBOMs) is told apart here so that it can be refused by name.

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** What a pull asks for, in order of preference. */
export const ACCEPTED_MANIFESTS = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');

const LAYERS = new Set(
  [OCI_LAYER, 'application/vnd.oci.image.layer.nondistributable.v1.tar']
    .flatMap((type) => [type, `${type}+gzip`, `${type}+zstd`])
    .concat(
      ['application/vnd.docker.image.rootfs.diff.tar', 'application/vnd.docker.image.rootfs.foreign.diff.tar'].flatMap((type) => [
        type,
        `${type}.gzip`,
        `${type}.zstd`,
      ]),
    ),
);

/** A layer's type as an OCI manifest names it; Docker's own become their twins. */
export function ociLayerType(type: string): string {
  const [, foreign = '', compression = ''] =
    /^application\/vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.tar(?:\.(gzip|zstd))?$/.exec(type) ?? [];
  if (!type.startsWith('application/vnd.docker.')) return type;
  return `application/vnd.oci.image.layer.${foreign ? 'nondistributable.' : ''}v1.tar${compression && `+${compression}`}`;
}

export const isIndexType = (type: string): boolean => type === OCI_INDEX || type === DOCKER_LIST;
export const isManifestType = (type: string): boolean => type === OCI_MANIFEST || type === DOCKER_MANIFEST;
export const isConfigType = (type: string): boolean => type === OCI_CONFIG || type === DOCKER_CONFIG;
export const isLayerType = (type: string): boolean => LAYERS.has(type);
/** What a plain layer becomes by gzip; undefined for one that is compressed, or may not be distributed. */
export function compressedLayerType(type: string): string | undefined {
  if (type === OCI_LAYER) return `${OCI_LAYER}+gzip`;
  return type === 'application/vnd.docker.image.rootfs.diff.tar' ? DOCKER_LAYER : undefined;
}

/** Layers that may not be distributed; they lie where their `urls` say. */
export const isForeignLayerType = (type: string): boolean => /\.nondistributable\.|\.foreign\./.test(type);
export const isSchema1Type = (type: string): boolean =>
  /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/.test(type);

/** A Content-Type header without its parameters, lower case; '' when there is none. */
export function bareType(contentType: string | null): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
