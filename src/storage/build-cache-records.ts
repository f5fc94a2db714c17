// The records of the build cache, as types: what is remembered of a step, and of a cache mount. They are read by hand-written checks.
import type { ImageLayer } from './records.ts';

/** A layer that a step made, or a base image has. Made ones are stored plain: `digest` is the diff-id, the blob the tar itself. */
export interface BuiltLayer extends ImageLayer {
  /** Sum of file sizes, unpacked, bytes; 0 where the base image's record does not tell. */
  sizeBytes: number;
}

/** `build-cache/records/<hex of key>.json`. */
export interface CacheRecord {
  version: 1;
  /** `sha256:…` of everything the step's result depends on. */
  key: string;
  /** undefined: the step changed no file. */
  layer?: BuiltLayer | undefined;
  /** RFC 3339: when the step ran; becomes `created` in the history, so that a cached build gives the same image. */
  createdAt: string;
  /** The instruction as shown. */
  description: string;
  /** For --explain and `builder du`. On the disk without `files`, which lie with the slot. */
  inputs: StepInputs;
}

/** What a step depended on, by name, for --explain: secrets as their ids alone. */
export interface StepInputs {
  /** Which step of which file it is, so that the next build finds what to compare with: context, file, stage, position. */
  slot: string;
  /** Key of the state it was built on; the base image's digest for the first one. */
  parent: string;
  instruction: string;
  /** Build arguments and variables that it saw. */
  args?: Readonly<Record<string, string>> | undefined;
  files?: Readonly<Record<string, string>> | undefined;
  mounts?: readonly string[] | undefined;
}
