// Jobs on the build cache, and what they answer with. Sizes are what the disk gives back, so only a worker can tell them.

/** Lists the build cache, or removes from it. */
export interface BuildCacheJob {
  kind: 'build-cache';
  /** Left out: nothing is removed, and the answer is everything. */
  prune?: CachePrune | undefined;
}

export interface CachePrune {
  /** What images share, too. */
  all: boolean;
  conditions: CacheCondition[];
  /** What was used later than this stays; ms since 1970. */
  before?: number | undefined;
  /** Bytes; 0 is no such limit. */
  limits: { reserved: number; maxUsed: number; minFree: number };
  dryRun: boolean;
}

/** All must hold. */
export interface CacheCondition {
  field: 'id' | 'type' | 'description' | 'parents' | 'inuse' | 'shared' | 'mutable' | 'immutable' | 'private';
  /** `~` looks for a regular expression; `?`: a yes-or-no that must be yes. */
  operator: '=' | '!' | '~' | '?';
  value: string;
}

export interface BuildCacheReport {
  /** The one used last first; of a prune what went, in that order. */
  entries: CacheEntry[];
  /** Of a prune: bytes of the disk that came free; of a dry run only those of cache mounts, as layers are the sweep's to foresee. */
  bytes: number;
  /** Keys of the steps among the entries. */
  keys: string[];
}

/** In BuildKit's words. */
export interface CacheEntry {
  id: string;
  type: 'regular' | 'exec.cachemount' | 'source.http';
  parents: string[];
  /** RFC 3339. */
  createdAt: string;
  lastUsedAt: string;
  uses: number;
  description: string;
  inUse: boolean;
  shared: boolean;
  mutable: boolean;
  /** Bytes on the disk. */
  size: number;
}
