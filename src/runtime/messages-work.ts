// What front and worker say to each other: one job as a JSON line on the worker's standard input, then newline-delimited events on its
// standard output, the last of them `done` or `failed`. The end of standard input before that means: give up and clean up.
// Described by types alone; a worker is always of the same build as the one that started it.
import type { ImageLayer } from '../storage/records.ts';
import type { ForeignImageJob, ImportJob, ImportResult, LoadJob, LoadLayersJob, LoadResult, SaveJob } from './messages-archive.ts';
import type { BuildCacheJob, BuildCacheReport } from './messages-cache.ts';
import type { CopyInJob, CopyOutJob } from './messages-copy.ts';
import type { CommitJob, CommitResult, DiffJob, ExportJob, FileChange } from './messages-files.ts';
import type { VolumeCopyJob, VolumeExportJob, VolumeImportJob, VolumePutBackJob, VolumeSizes, VolumeSizesJob } from './messages-volume.ts';

export type WorkJob =
  | PullJob
  | LayersJob
  | TagsJob
  | SweepJob
  | UsageJob
  | BuildCacheJob
  | CheckJob
  | HealJob
  | DiffJob
  | ExportJob
  | CommitJob
  | CopyInJob
  | CopyOutJob
  | ArchiveJob
  | VolumeSizesJob
  | VolumeCopyJob
  | VolumePutBackJob
  | VolumeExportJob
  | VolumeImportJob;

type ArchiveJob = SaveJob | ForeignImageJob | LoadJob | LoadLayersJob | ImportJob;

/** Fetches an image and makes it reachable under its reference. */
export interface PullJob {
  kind: 'pull';
  /** As the user gave it. */
  reference: string;
  /** As the user gave it; the machine's own when left out. */
  platform?: string | undefined;
  tlsVerify?: boolean | undefined;
  /** Largest uncompressed layer, bytes. */
  maxLayerBytes?: number | undefined;
  /** The digest that the tag must name: anything else is refused before it is fetched. */
  pin?: string | undefined;
}

/** Makes sure that layers are unpacked, beside other workers that do the same. */
export interface LayersJob {
  kind: 'layers';
  reference: string;
  layers: ImageLayer[];
  session: RegistrySession;
  tlsVerify?: boolean | undefined;
  maxLayerBytes?: number | undefined;
}

/** Lists the tags of a repository. */
export interface TagsJob {
  kind: 'tags';
  reference: string;
  tlsVerify?: boolean | undefined;
}

/** Deletes what nothing reaches. */
export interface SweepJob {
  kind: 'sweep';
  /** Blobs and layers that were let go of on purpose: not spared for being young. */
  released: string[];
  /** Takes what is young and the parts of broken downloads, too. */
  thorough?: boolean;
  /** Adds up what the deleted took of the disk. */
  measure?: boolean;
  /** Deletes nothing, and says what would go if these (image ids, container ids, volumes' names) were gone. */
  without?: { images: string[]; containers: string[]; volumes: string[]; cache?: string[] };
}

/** Adds up what everything takes of the disk. */
export interface UsageJob {
  kind: 'usage';
}

/** Looks at every object of the store. */
export interface CheckJob {
  kind: 'check';
  repair: boolean;
  quick: boolean;
}

/** Puts right the objects that a command found damaged or missing. */
export interface HealJob {
  kind: 'heal';
  /** Digests of blobs, diff-ids of layers. */
  suspects: string[];
}

export interface HealReport {
  /** What came again. */
  lines: CheckedLine[];
  /** Why the rest did not. */
  problems: string[];
}

export interface SweepReport {
  /** Digests. */
  blobs: string[];
  /** Diff-ids. */
  layers: string[];
  /** What they took of the disk, where that was asked for; 0 otherwise. */
  bytes: number;
}

/** Bytes on the disk. Folders between the parts of a whole are counted in the whole alone; where there are no parts it is 0. */
export interface UsageReport {
  /** Everything that is kept for images: blobs, records, unpacked layers, leftovers. */
  images: number;
  /** Of it, what is being fetched or deleted, or was when a command died. */
  leftovers: number;
  containers: number;
  volumes: number;
  trash: number;
  /** Of the build cache what lies below its folder: records and cache mounts. */
  cache: number;
  /** By digest, diff-id, container id, volume name, removal, name of a cache mount's folder. */
  parts: Record<'blobs' | 'layers' | 'containers' | 'volumes' | 'trash' | 'mounts', Record<string, number>>;
}

export interface CheckReport {
  /** Objects looked at. */
  checked: number;
  lines: CheckedLine[];
}

export interface CheckedLine {
  kind: 'problem' | 'leftover';
  object: string;
  what: string;
  /** How it was put right. */
  repaired?: string;
}

/** What one worker found out about a registry, for another (see oci/registry.ts). Never logged: it holds a token. */
export interface RegistrySession {
  origin: string;
  authorization: string | undefined;
  /** Which of the servers that may have the repository it is. */
  endpoint: number;
}

export interface PullResult {
  /** Image id. */
  id: string;
  /** What the registry serves under the reference. */
  digest: string;
  /** Canonical. */
  reference: string;
  /** `current`: the reference pointed at this image already, and nothing was missing. */
  status: 'downloaded' | 'current';
  /** `linux/amd64`. */
  platform: string;
}

export interface WorkResults {
  pull: PullResult;
  layers: null;
  tags: string[];
  sweep: SweepReport;
  usage: UsageReport;
  'build-cache': BuildCacheReport;
  check: CheckReport;
  heal: HealReport;
  diff: null;
  export: null;
  commit: CommitResult;
  'copy-in': null;
  'copy-out': null;
  save: null;
  'foreign-image': null;
  load: LoadResult;
  'load-layers': null;
  import: ImportResult;
  'volume-sizes': VolumeSizes;
  'volume-copy': null;
  'volume-put-back': null;
  'volume-export': null;
  'volume-import': null;
}

export type LayerStatus = 'waiting' | 'downloading' | 'retrying' | 'verifying' | 'extracting' | 'complete' | 'exists';

export type PullEvent =
  /** The manifest is known; `layers` are short digests in order, base first. */
  | { type: 'pulling'; name: string; repository: string; layers: string[] }
  | { type: 'layer'; layer: string; status: LayerStatus; current?: number; total?: number };

/** A credential helper to call, outside the namespace (see oci/credential-helper.ts). */
export interface HelperRequest {
  type: 'helper';
  id: number;
  call: { helper: string; action: 'get' | 'store' | 'erase'; server: string };
}

/** The front's answer, a line on the worker's standard input. Never logged: it holds a secret. */
export type HelperReply = { id: number } & ({ found: { username: string; secret: string } | undefined } | { failure: WorkFailure });

export type WorkEvent =
  | { type: 'notice'; message: string }
  | { type: 'pull'; event: PullEvent }
  | HelperRequest
  | { type: 'changes'; changes: FileChange[] }
  /** Bytes. */
  | { type: 'progress'; done: number; total: number }
  /** Nothing more will be read of the container's files. */
  | { type: 'read' }
  | { type: 'done'; result: unknown }
  | WorkFailure;

/** `code` is an EngineError's, or the errno of a failed system call (then with its `path`). */
export interface WorkFailure {
  type: 'failed';
  code: string;
  message: string;
  hint?: string | undefined;
  exitCode: number;
  path?: string | undefined;
}
