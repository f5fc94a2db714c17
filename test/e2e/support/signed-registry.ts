// The registry in memory with what belongs to images: signatures under their tags, and artifacts that refer to them. Tests add them as they go.

import { referrerOf } from '../../support/signing.ts';
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from './fake-registry.ts';
import { digestOf, type Image, indexType, jsonBytes } from './images/layout.ts';

export interface SignedRegistry extends FakeRegistry {
  /** Puts `image` under `repository:tag`, `latest` by default. */
  put: (repository: string, image: Image, tag?: string) => void;
  /** Puts signatures where cosign does: under the tag `sha256-<hex>.sig`. */
  attach: (repository: string, digest: string, signatures: Image) => void;
  /** Lets an artifact refer to a manifest. */
  refer: (repository: string, digest: string, artifact: Image) => void;
}

export function startSignedRegistry({ answer, ...options }: FakeRegistryOptions = {}): SignedRegistry {
  const images: Record<string, Image> = {};
  const tags = new Map<string, Image>();
  const referrers = new Map<string, Image[]>();
  const registry = startFakeRegistry(images, {
    ...options,
    answer: (request, honest) => {
      const own = answer?.(request, honest);
      if (own) return own;
      const tagged = tags.get(request.path);
      if (tagged) return manifestResponse(tagged.blobs.get(tagged.manifest.digest) ?? new Uint8Array(), tagged.manifest.mediaType);
      const found = referrers.get(request.path);
      if (found)
        return manifestResponse(jsonBytes({ schemaVersion: 2, mediaType: indexType, manifests: found.map(referrerOf) }), indexType);
      const list = /^\/v2\/(.+)\/tags\/list$/.exec(request.path)?.[1];
      if (list === undefined) return undefined;
      const prefix = `/v2/${list}/manifests/`;
      return Response.json({
        name: list,
        tags: [...tags.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length)),
      });
    },
  });
  const addBlobs = (repository: string, { blobs, manifest }: Image): void => {
    const all = images[repository]?.blobs ?? new Map<string, Uint8Array>();
    for (const [digest, bytes] of blobs) all.set(digest, bytes);
    images[repository] ??= { manifest, blobs: all };
  };
  const put: SignedRegistry['put'] = (repository, image, tag = 'latest') => {
    addBlobs(repository, image);
    tags.set(`/v2/${repository}/manifests/${tag}`, image);
  };
  return {
    ...registry,
    put,
    attach: (repository, digest, signatures) => put(repository, signatures, `${digest.replace(':', '-')}.sig`),
    refer: (repository, digest, artifact) => {
      addBlobs(repository, artifact);
      const path = `/v2/${repository}/referrers/${digest}`;
      referrers.set(path, [...(referrers.get(path) ?? []), artifact]);
    },
  };
}

function manifestResponse(bytes: Uint8Array, type: string): Response {
  return new Response(Buffer.from(bytes), { headers: { 'content-type': type, 'docker-content-digest': digestOf(bytes) } });
}
