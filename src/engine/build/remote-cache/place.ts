// Where a cache lies: a repository of a registry, or a folder with an OCI layout. Both give documents and blobs by digest, and take them.
import type { LayerSource } from '../../jobs/layer.ts';

export interface CacheDocument {
  bytes: Uint8Array;
  /** '' where the place does not say. */
  mediaType: string;
}

/** To read from. */
export interface CacheSource extends LayerSource {
  /** For messages. */
  name: string;
  /** What the reference names, or a manifest by digest. Throws where it is not there. */
  manifest(digest?: string): Promise<CacheDocument>;
  /** A small blob, checked. */
  document(digest: string): Promise<Uint8Array>;
}

export interface CacheBlob {
  digest: string;
  size: number;
  /** Its bytes from an offset on; called only if they must be sent. */
  bytes: (offset: number) => AsyncIterable<Uint8Array>;
}

/** To write to. */
export interface CacheTarget {
  name: string;
  blob(blob: CacheBlob): Promise<void>;
  /** The last thing written: what makes the rest reachable. */
  manifest(manifest: { bytes: Buffer; mediaType: string; digest: string }): Promise<void>;
}

/** Largest config or manifest that is read, bytes. */
export const LARGEST_DOCUMENT = 32 << 20;
