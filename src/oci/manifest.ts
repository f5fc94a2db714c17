// Manifests and indexes as a registry serves them (image-spec, manifest.md and image-index.md; Docker's schema 2). The type is told
// by the document's own `mediaType`, then by the header, then by its shape; a document that could be read as both kinds is
// refused, because two readers of it would see two images (CVE-2021-41190).

import type { Descriptor } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import { asDescriptor, asDescriptors, Misfit } from './descriptor.ts';
import { isConfigType, isIndexType, isLayerType, isManifestType, isSchema1Type, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';

export interface Index {
  kind: 'index';
  mediaType: string;
  manifests: Descriptor[];
}

export interface Manifest {
  kind: 'manifest';
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
}

/**
 * Reads a manifest or index. `headerType` is its Content-Type without parameters; `name` is what messages call it.
 * Throws ERR_MANIFEST_SCHEMA1, ERR_MANIFEST_TYPE, ERR_MANIFEST_INVALID or ERR_NOT_AN_IMAGE.
 */
export function parseManifest(bytes: Uint8Array, { headerType, name }: { headerType: string; name: string }): Index | Manifest {
  const value = parseJson(bytes, name);
  if (isSchema1Type(headerType) || value.schemaVersion === 1) throw schema1(name);
  if (typeof value.mediaType === 'string' && isSchema1Type(value.mediaType)) throw schema1(name);
  const mediaType = typeOf(value, headerType);
  const hasIndexParts = 'manifests' in value;
  const hasManifestParts = 'layers' in value || 'config' in value;
  if (hasIndexParts && hasManifestParts) throw invalid(name, 'it is an index and a manifest at once');
  try {
    if (isIndexType(mediaType)) return indexOf(value, mediaType);
    if (isManifestType(mediaType)) return manifestOf(value, mediaType);
  } catch (error) {
    if (error instanceof Misfit) throw invalid(name, `its "${error.where}" is not right: ${error.why}`);
    throw error;
  }
  throw new EngineError('ERR_MANIFEST_TYPE', `Cannot pull "${name}": unsupported manifest media type "${mediaType || 'none'}"`, {
    hint: 'It is no container image that this program knows; check the reference',
  });
}

/** Refuses artifacts that use the manifest format but are no container image. Throws ERR_NOT_AN_IMAGE. */
export function assertImage(manifest: Manifest, name: string): void {
  if (!isConfigType(manifest.config.mediaType)) throw notAnImage(name, `config media type "${manifest.config.mediaType}"`);
  const odd = manifest.layers.find((layer) => !isLayerType(layer.mediaType));
  if (odd) throw notAnImage(name, `layer media type "${odd.mediaType}"`);
}

function typeOf(value: Record<string, unknown>, headerType: string): string {
  if (typeof value.mediaType === 'string') return value.mediaType;
  if (isIndexType(headerType) || isManifestType(headerType)) return headerType;
  if (Array.isArray(value.manifests)) return OCI_INDEX;
  return Array.isArray(value.layers) ? OCI_MANIFEST : headerType;
}

function parseJson(bytes: Uint8Array, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, in our words: the parser's would quote the document.
  }
  throw invalid(name, 'it is no JSON object');
}

function indexOf({ schemaVersion, manifests }: Record<string, unknown>, mediaType: string): Index {
  assertVersion(schemaVersion);
  return { kind: 'index', mediaType, manifests: asDescriptors(manifests, 'manifests') };
}

function manifestOf({ schemaVersion, config, layers }: Record<string, unknown>, mediaType: string): Manifest {
  assertVersion(schemaVersion);
  return { kind: 'manifest', mediaType, config: asDescriptor(config, 'config'), layers: asDescriptors(layers, 'layers') };
}

function assertVersion(version: unknown): void {
  if (version !== 2) throw new Misfit('schemaVersion', 'is not 2');
}

function invalid(name: string, what: string): EngineError {
  return new EngineError('ERR_MANIFEST_INVALID', `Refused the manifest of "${name}": ${what}`, {
    hint: 'Check that the reference names a container image; if it does, it was pushed damaged',
  });
}

function schema1(name: string): EngineError {
  return new EngineError('ERR_MANIFEST_SCHEMA1', `Cannot pull "${name}": Docker Image manifest version 2, schema 1 is not supported`, {
    hint: 'Ask its owner to push it again with a current tool: docker pull + docker push, or skopeo copy',
  });
}

function notAnImage(name: string, what: string): EngineError {
  return new EngineError('ERR_NOT_AN_IMAGE', `"${name}" is no container image: invalid/unsupported ${what}`, {
    hint: 'Artifacts such as Helm charts and signatures are fetched with their own tools (helm, oras, cosign)',
  });
}
