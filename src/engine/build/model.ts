// What the parts of the builder hand to each other. The front resolves the context and the options into a BuildJob; one worker, PID 1 of a
// pid namespace and a mount namespace of its own, solves it: stages side by side, each step from the cache or by an executor (run-step,
// copy-step, add-step); exporters make of the result what was asked for. Types alone, without behaviour.
// Longer than other files: it is looked up here what everything is called.
import type { BuiltLayer, CacheRecord, StepInputs } from '../../storage/build-cache-records.ts';
import type { Claim } from '../../storage/claim.ts';
import type { ImageConfig, Platform } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import type { RunMountRequest } from '../dockerfile/run-mount-types.ts';

export type { BuiltLayer, CacheRecord, StepInputs } from '../../storage/build-cache-records.ts';

/** What every executor is given. Lives as long as the worker's one build. */
export interface BuildSite {
  ctx: Ctx;
  /** Protects what is made and used until an image record or a cache record reaches it. */
  hold: Claim;
  /** Aborted by Ctrl-C, by the front's death, and when another step failed. */
  signal: AbortSignal;
  /** A step failed: the others are to end. */
  stop: (reason: unknown) => void;
  cache: StepCache;
  tell: (event: BuildEvent) => void;
  /** Passes as often as steps may run at once (`--jobs`). */
  slots: { run<T>(work: () => Promise<T>): Promise<T> };
  /** Where the build context lies. */
  context: ContextSource;
  /** By name: `--build-context` and the folders of git or http sources. */
  namedContexts: Readonly<Record<string, NamedContext>>;
  options: BuildOptions;
}

/** The context as the worker reads it: a folder, its ignore rules with it. */
export interface ContextSource {
  /** Absolute; undefined: there is none (`- < Dockerfile`). */
  folder?: string | undefined;
  /** Patterns of the .dockerignore that holds, in order, as written; its file name for messages. */
  ignore: { file: string; patterns: string[] } | undefined;
}

export type NamedContext =
  | { kind: 'folder'; context: ContextSource }
  | { kind: 'image'; reference: string }
  | { kind: 'stage'; name: string };

/** What `buildImage` is asked: parsed and checked, but nothing of it looked up yet. Secrets have been read, agents found. */
export interface BuildRequest {
  /** As given: a folder, `-`, a git or an http URL. */
  context: string;
  /** `--file` as given: relative to the current folder, or to the root of a fetched context; `-`: standard input. */
  file?: string | undefined;
  /** In place of a file (bake's dockerfile-inline). */
  dockerfileText?: string | undefined;
  /** `--build-context NAME=VALUE`, as given. */
  namedContexts: Record<string, string>;
  options: BuildOptions;
}

/** Beside the request. */
export interface BuildCalls {
  onEvent: (event: BuildEvent) => void;
  signal: AbortSignal;
}

/** `skiff build`, as the worker is told of it. Values of secrets are in it: it goes by the worker's standard input, never by arguments. */
export interface BuildJob {
  kind: 'build';
  dockerfile: { name: string; text: string };
  context: ContextSource;
  namedContexts: Record<string, NamedContext>;
  options: BuildOptions;
}

export interface BuildOptions {
  /** Canonical references to tag the result with. */
  tags: string[];
  target?: string | undefined;
  buildArgs: Record<string, string>;
  labels: Record<string, string>;
  annotations: string[];
  platforms: Platform[];
  noCache: boolean;
  /** Stages to build without cache. */
  noCacheFilter: string[];
  /** Ask the registry for every base, also where it is here. */
  pull: boolean;
  secrets: Record<string, BuildSecret>;
  ssh: Record<string, SshSource>;
  addHosts: string[];
  network: RunNetwork;
  limits: BuildLimits;
  jobs: number;
  outputs: OutputSpec[];
  cacheFrom: CacheSpec[];
  cacheTo: CacheSpec[];
  squash: boolean;
  /** Entitlements: `security.insecure`, `network.host`. */
  allow: string[];
  explain: boolean;
  /** Seconds since 1970 of SOURCE_DATE_EPOCH, where it is set (environment or build argument). */
  sourceDateEpoch?: number | undefined;
  attest: { sbom?: Record<string, string> | undefined; provenance?: Record<string, string> | undefined };
  lock?: { mode: 'write' | 'hold'; path: string } | undefined;
  tlsVerify?: boolean | undefined;
  /** Keep the rootfs of the step that fails, for a shell. */
  keepFailed: boolean;
  /** End before this step runs, or after it failed, with its rootfs kept: `--shell-at`. The number that progress shows, or a line of the file. */
  shellAt?: string | undefined;
}

/** The secret's bytes, base64; never logged, never in a key, a record or an event. */
export interface BuildSecret {
  value: string;
}

export interface SshSource {
  /** Socket of an agent that the front reaches. */
  socket: string;
}

export type RunNetwork = 'default' | 'none' | 'host';

/** Of RUN steps; Docker's HostConfig names and units. */
export interface BuildLimits {
  ShmSize?: number;
  Memory?: number;
  MemorySwap?: number;
  CpuShares?: number;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  CgroupParent?: string;
  Ulimits?: { Name: string; Soft: number; Hard: number }[];
}

/** `--output type=…,dest=…` and `--cache-to type=…`: the type and its attributes as given, `-` for standard output in `dest`. */
export interface OutputSpec {
  type: 'local' | 'tar' | 'oci' | 'docker' | 'image' | 'registry' | 'cacheonly';
  attributes: Record<string, string>;
  /** The worker's descriptor that takes the archive; the front opened it, with its user's rights. */
  descriptor?: number | undefined;
}
export interface CacheSpec {
  type: 'registry' | 'local' | 'inline';
  attributes: Record<string, string>;
}

// What executors are asked for.

/** One RUN, everything expanded. */
export interface RunStep {
  /** The step's id in events. */
  id: string;
  args: string[];
  /** `NAME=value`; order counts. */
  env: string[];
  user: string;
  workdir: string;
  hostname?: string | undefined;
  /** Diff-ids of the rootfs, base first. */
  layers: string[];
  platform: Platform;
  /** Image id of the base, for messages; '' for scratch. */
  mounts: RunMount[];
  network: RunNetwork;
  security: 'sandbox' | 'insecure';
  /** CDI names. */
  devices: string[];
  /** Of heredocs that go to the program's standard input. */
  stdin?: string | undefined;
}

/** As it was asked for, but with the files that `from` names in its place: of a cache, what an empty one starts with. */
export type RunMount =
  | Exclude<RunMountRequest, { type: 'bind' | 'cache' }>
  | (Omit<Extract<RunMountRequest, { type: 'bind' }>, 'from'> & { from: MountSource })
  | (Omit<Extract<RunMountRequest, { type: 'cache' }>, 'from'> & { from?: MountSource | undefined });

/** Files that a step reads: a stage's or an image's rootfs, or a folder (a context). */
export type MountSource = { kind: 'layers'; layers: string[] } | { kind: 'context'; context: ContextSource };

export interface RanStep {
  exitCode: number;
  /** A signal killed it, by memory limit for instance: one clause for the message. */
  ending?: string | undefined;
  /** What it changed as a layer, stored; undefined: nothing. To be called once, if its exit code is 0. */
  commit(): Promise<BuiltLayer | undefined>;
  /** Removes what it left. Harmless after `commit`. */
  discard(): Promise<void>;
}

/** One COPY or ADD, everything expanded. */
export interface CopyStep {
  id: string;
  /** ADD: URLs, git repositories and local archives are understood. */
  isAdd: boolean;
  from: MountSource;
  /** Name of `from` for messages: "build context", a stage, an image. */
  fromName: string;
  /** As written, wildcards in them; relative to the root of `from`. */
  sources: string[];
  /** Inline files of heredocs: their contents by file name. */
  inline: { name: string; text: string }[];
  /** Absolute, or relative to `workdir`; a slash at its end counts. */
  dest: string;
  workdir: string;
  /** As written: names are looked up in the rootfs. */
  chown?: string | undefined;
  /** Octal, or symbolic as chmod(1)'s. */
  chmod?: string | undefined;
  link: boolean;
  parents: boolean;
  exclude: string[];
  checksum?: string | undefined;
  keepGitDir: boolean;
  unpack?: boolean | undefined;
}

/** What was found for a CopyStep, before it is done. */
export interface CopyPlan {
  /** Digest of all that counts: paths, types, modes, owners, contents, link targets; never times. `sha256:…` */
  contentKey: string;
  /** For --explain: path → what of it counts, as a short digest. At most 100,000 entries. */
  files: Readonly<Record<string, string>>;
  /** Makes the layer over the rootfs `layers` (diff-ids, base first); undefined: it changes nothing. */
  make(layers: string[]): Promise<BuiltLayer | undefined>;
}

// What is remembered of steps.

/** The cache as the solver sees it: this machine's, and what --cache-from names. */
export interface StepCache {
  /** By key, layer present and protected by the build's claim. Notes the use; with `inputs` also that this is what their slot was built from last. */
  find(key: string, inputs?: StepInputs): Promise<CacheRecord | undefined>;
  /** Remembers a step; returns before it is on the disk, which `settled` waits for. */
  keep(record: CacheRecord): void;
  /** Why this step was not found: the first input that differs from the last time this slot was built; one clause. To be asked before `keep`. */
  explain(inputs: StepInputs): string;
  /** Resolves when what was kept is on the disk. For the end of a build. */
  settled(): Promise<void>;
  /** Brings the cache below its cap, if this build added to it. Once the build's claim is gone, so that what it made may go, too. */
  trim(): void;
  /** To be called before the files of these layers (diff-ids) are read: what a cache elsewhere has of them is fetched. */
  need(diffIds: readonly string[]): Promise<void>;
  /** The images with what `--cache-to type=inline` adds to them. */
  inlined(images: BuiltImage[]): Promise<BuiltImage[]>;
  /** Writes what --cache-to names. */
  export(site: BuildSite, images: readonly BuiltImage[]): Promise<void>;
}

// What the front hears.

export type BuildEvent =
  /** A step is known. `name` is what progress shows: `[builder 2/5] RUN make`. */
  | { type: 'step'; id: string; name: string; inputs: string[]; platform?: string | undefined; isInternal?: boolean | undefined }
  /** `at`: ms since 1970. */
  | { type: 'started'; id: string; at: number }
  | { type: 'ended'; id: string; at: number; result: 'done' | 'cached' | 'failed' | 'canceled'; error?: string | undefined }
  /** Output of the step's program. `data`: base64. */
  | { type: 'log'; id: string; stream: 1 | 2; data: string; at: number }
  /** Of downloads, exports: `label` says what (`sha256:… extracting`). */
  | { type: 'progress'; id: string; label: string; current: number; total?: number | undefined; isDone?: boolean | undefined }
  /** Notes of a lint rule: name, sentence, line. */
  | {
      type: 'warning';
      id?: string | undefined;
      rule?: string | undefined;
      message: string;
      line?: number | undefined;
      url?: string | undefined;
    }
  | { type: 'explain'; id: string; hit: boolean; reason: string }
  /** What --on-error shell or --shell-at asked for is kept; the build ends now, by an error or not. */
  | { type: 'kept'; shell: KeptShell };

/** A rootfs kept for a shell: an image that nobody but the shell's container will use, and how the step would have run in it. */
export interface KeptShell {
  /** Image id. */
  image: string;
  env: string[];
  user: string;
  workdir: string;
  mounts: RunMount[];
  /** The step, as progress names it. */
  step: string;
}

/** The result of one platform, reachable by nobody but the build's claim until it is exported. */
export interface BuiltImage {
  platform: Platform;
  config: ImageConfig;
  layers: BuiltLayer[];
  /** Where each layer came from, for cache export: aligned with `layers`; undefined: of the base. */
  keys: (string | undefined)[];
}

/** What of outside went into a build (noted-sources.ts): an image that a stage began with, or that was copied from; a download; a repository at a commit. */
export interface BuildSource {
  kind: 'image' | 'http' | 'git';
  /** The familiar reference, or the URL. */
  name: string;
  /** `sha256:…` of the manifest or index that the name meant, of the file; `sha1:…` of a commit. */
  digest: string;
  platform?: Platform | undefined;
}

export interface BuildResult {
  /** Image id; undefined where no image was kept (`--output type=local`). */
  id?: string | undefined;
  /** Digest of the manifest, or of the index of several platforms. */
  digest?: string | undefined;
  images: { id: string; platform: string }[];
  /** For --metadata-file: more of Docker's keys. */
  metadata: Record<string, unknown>;
  /** Set where --shell-at ended the build before its result. */
  shell?: KeptShell | undefined;
}
