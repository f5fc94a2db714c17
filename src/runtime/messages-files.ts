// Jobs of the worker that read a container's files: they belong to ids that only root of the user's namespace may read.
import type { ImageRunConfig } from '../storage/records.ts';

/** Tells what a container changed, as `changes` events. */
export interface DiffJob {
  kind: 'diff';
  /** Full id. */
  container: string;
}

/** Kind, and the path as a byte string (one char per byte), with its leading slash. */
export type FileChange = ['A' | 'C' | 'D', string];

/** Writes a container's whole file system to descriptor 3 as a tar archive. */
export interface ExportJob {
  kind: 'export';
  /** Full id. */
  container: string;
}

/** Makes an image of a container's image and what the container changed. */
export interface CommitJob {
  kind: 'commit';
  /** Full id. */
  container: string;
  config: ImageRunConfig;
  author: string;
  comment: string;
  /** Canonical reference that is to name the image. */
  reference?: string | undefined;
}

export interface CommitResult {
  /** Image id. */
  id: string;
}
