// From a container's record to a bundle that the runtime can create: rootfs, volumes filled, user and program looked up inside,
// configuration written. Everything stays mounted over restarts; what is looked up inside may have changed, so it is looked up again.
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { containerDir, containerRunDir, layerFs } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import { writeFileAtomic } from '../../sys/atomic.ts';
import { blockDevice } from '../../sys/block-device.ts';
import type { Ctx } from '../../sys/context.ts';
import { detach } from '../../sys/mount.ts';
import type { CgroupPlace } from '../cgroup.ts';
import { limitAdvice } from '../cgroup-advice.ts';
import type { CopyWatch } from '../copy-tree.ts';
import { callerIds, fuseMapping, keptIds, outerUser, ownIdCounts } from '../keep-id.ts';
import { assertOomScore } from '../oom-score.ts';
import { addCaller, hostCaller } from '../passwd-entry.ts';
import { makeRootfs, type RootfsFolders } from '../rootfs.ts';
import { buildSpec, type SpecInput } from '../spec/build.ts';
import { type SpecEdits, withEdits, withHooks } from '../spec/edits.ts';
import { canRun } from '../spec/emulated.ts';
import { processEnvironment } from '../spec/environment.ts';
import { checkExecutable } from '../spec/executable.ts';
import { addedGroups } from '../spec/groups.ts';
import { hostFacts } from '../spec/host-facts.ts';
import { type RootView, resolveInside } from '../spec/inside.ts';
import { unenforced } from '../spec/resources.ts';
import { withCachedFilter } from '../spec/seccomp-cache.ts';
import type { OciHooks } from '../spec/types.ts';
import { resolveUser } from '../spec/user.ts';
import { ensureWorkingDir } from '../spec/workdir.ts';
import type { Surroundings } from './isolate.ts';
import { joinNamespaces } from './joining.ts';
import { makeMountSources, requireSources, withMountSources } from './mount-sources.ts';
import { makeSecrets, withSecrets } from './secrets.ts';
import { makeTimezone, withTimezone } from './timezone.ts';

export type RootfsSite = Pick<RootfsFolders, 'scratch' | 'onLost'> & CopyWatch;

interface FirstStart {
  isFirstStart: boolean;
  /** The host's /proc; without one nothing is to run, and volumes that are a tmpfs are left out. */
  hostProc?: string;
}

/** Mounts the rootfs and fills volumes that are used for the first time. Returns the rootfs path. */
export async function prepareRootfs(ctx: Ctx, record: ContainerRecord, base: RootfsSite & FirstStart): Promise<string> {
  const site = withIdMapping(record, base);
  const container = containerDir(ctx, record.Id);
  copyRootMode(ctx, record, join(container, 'upper'));
  const rootfs = await makeRootfs(ctx, record.Driver, record.Layers, { container, ...site });
  const { hostProc } = base;
  if (hostProc !== undefined && record.Mounts.some(({ Tmpfs }) => Tmpfs !== undefined)) {
    (await import('./tmpfs-volumes.ts')).mountTmpfsVolumes(ctx, record, { hostProc });
  }
  if (record.Mounts.some(({ Type }) => Type === 'volume')) {
    const { fillVolumes } = await import('./fill-volumes.ts');
    await fillVolumes(ctx, record, { rootfs, isFirstStart: base.isFirstStart, hasOtherIds: 'idMapping' in site, signal: base.signal });
  }
  if (record.Mounts.some(({ Type, Subpath }) => Type === 'image' || Subpath !== undefined)) await makeMountSources(ctx, record, site);
  makeSecrets(ctx, record, site.scratch);
  makeTimezone(ctx, record, { scratch: site.scratch, rootfs });
  return rootfs;
}

/** Does what the options of its mounts ask for. Throws ERR_MOUNT, ERR_ROOTFS. */
export async function prepareMounts(
  ctx: Ctx,
  record: ContainerRecord,
  site: RootfsSite & { rootfs: string; isFirstStart: boolean },
): Promise<void> {
  const kept = keptIds(record.HostConfig.UsernsMode);
  if (kept && record.Mounts.some(({ Type }) => Type === 'bind')) (await import('./mount-points.ts')).makeMountPoints(record);
  if (!record.Mounts.some(({ Mode }) => /(?:^|,)[zZUO](?:,|$)/.test(Mode))) return;
  const { makeUserMounts } = await import('./user-mounts.ts');
  const counts = { uids: hostFacts().mappedUids, gids: hostFacts().mappedGids };
  const user = () => outerUser(resolveUser(viewOf(record, site.rootfs), record.Config.User), kept, counts);
  await makeUserMounts(ctx, record, { ...site, user });
}

/** Mounts the rootfs once more, in place of one whose server has died. */
export function remountRootfs(ctx: Ctx, record: ContainerRecord, base: RootfsSite): Promise<string> {
  const container = containerDir(ctx, record.Id);
  detach(join(container, 'merged'));
  return makeRootfs(ctx, record.Driver, record.Layers, { container, ...withIdMapping(record, base) });
}

function withIdMapping({ HostConfig }: ContainerRecord, base: RootfsSite) {
  const kept = keptIds(HostConfig.UsernsMode);
  return kept ? { ...base, idMapping: fuseMapping(kept, ownIdCounts()) } : base;
}

// The root of an overlay is that of its topmost folder, ours, which is made before anybody can give it the image's owner. Only while it
// is empty: later the mode is what the container made of it.
function copyRootMode(ctx: Ctx, { Driver, Layers }: ContainerRecord, upper: string): void {
  const top = Layers.at(-1);
  if (Driver === 'copy' || top === undefined || readdirSync(upper).length > 0) return;
  // A missing layer is for makeRootfs to tell.
  const root = statSync(layerFs(ctx, top), { throwIfNoEntry: false });
  if (!root) return;
  chownSync(upper, root.uid, root.gid);
  chmodSync(upper, root.mode & 0o7777);
}

export interface BundleInput {
  rootfs: string;
  network: SpecInput['network'];
  files: SpecInput['files'];
  cgroup: CgroupPlace;
  init?: string;
  hooks?: OciHooks;
  /** What its CDI devices want. */
  edits?: SpecEdits;
  /** Absolute path of the OCI runtime. */
  runtime: string;
  surroundings: Surroundings & { userns?: string };
}

export interface Bundle {
  bundle: string;
  /** To be called after `create` with the path of the filter the runtime compiled. */
  keepFilter?: (filterPath: string) => void;
}

/** Writes the bundle's config.json. Throws what the user asked for wrongly, with 126 or 127. */
export function writeBundle(ctx: Ctx, created: ContainerRecord, input: BundleInput): Bundle {
  const { scratch } = input.surroundings;
  requireSources(created);
  const record = withTimezone(withSecrets(ctx, withMountSources(created, scratch), scratch), scratch);
  const view = viewOf(record, input.rootfs);
  const host = hostFacts();
  const counts = { uids: host.mappedUids, gids: host.mappedGids };
  const kept = keptIds(record.HostConfig.UsernsMode);
  const cwd = join('/', record.Config.WorkingDir || '/');
  if (kept) addCaller(view, { ...hostCaller(callerIds(), ctx.env), ids: kept, rootIds: outerUser(ROOT, kept, counts) }, cwd);
  const base = resolveUser(view, record.Config.User);
  const added = addedGroups(view, record.HostConfig.GroupAdd, host.mappedGids);
  const user = { ...base, additionalGids: [...new Set([...base.additionalGids, ...added])] };
  assertOomScore(record.HostConfig.OomScoreAdj ?? 0);
  ensureWorkingDir(view, cwd);
  const env = processEnvironment(record.Config, user.home);
  const seenAs = outerUser(user, kept, counts);
  checkExecutable({ view, command: record.Path, env, cwd, user: seenAs, architecture: host.architecture, canRun });
  sayUnenforced(ctx, record, input.cgroup);
  const { surroundings } = input;
  const isOwnName = record.HostConfig.UTSMode !== 'host';
  if (isOwnName && !surroundings.canSetHostname && ![record.Id.slice(0, 12), hostname()].includes(record.Config.Hostname)) {
    ctx.warn('--hostname is not set: the sandbox around skiff forbids it');
  }
  const { path, controllers, files } = input.cgroup;
  const built = buildSpec({
    record,
    rootfs: input.rootfs,
    user,
    network: input.network,
    files: input.files,
    host,
    sandbox: surroundings,
    kept,
    ...joinNamespaces(ctx, record.HostConfig, surroundings),
    ...(input.init ? { init: input.init } : {}),
    ...(path ? { cgroup: { path, controllers, files, device: blockDevice } } : {}),
  });
  const spec = input.edits ? withEdits(built, input.edits) : built;
  const cached = withCachedFilter(input.hooks ? { ...spec, hooks: withHooks(input.hooks, spec.hooks) } : spec, {
    folder: join(ctx.paths.run, 'seccomp'),
    runtime: input.runtime,
  });
  const bundle = join(containerRunDir(ctx, record.Id), 'bundle');
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  writeFileAtomic(join(bundle, 'config.json'), JSON.stringify(cached.spec), { durable: false });
  return cached.keep ? { bundle, keepFilter: cached.keep } : { bundle };
}

const ROOT = { uid: 0, gid: 0 };

function sayUnenforced(ctx: Ctx, { HostConfig }: ContainerRecord, cgroup: CgroupPlace): void {
  const missing = unenforced(HostConfig, cgroup);
  if (missing.length === 0) return;
  for (const line of limitAdvice(missing, cgroup)) ctx.warn(line);
}

// In the order the runtime makes them; each goes where its destination's symlinks lead by then, mounts made before included.
function viewOf(record: ContainerRecord, rootfs: string): RootView {
  const mounts = new Map<string, string | undefined>(OWN_MOUNTS.map((path) => [path, undefined]));
  const readOnly = new Set<string>();
  const view = { rootfs, mounts, readOnly };
  for (const path of Object.keys(record.HostConfig.Tmpfs ?? {})) mounts.set(resolveInside(view, path), undefined);
  for (const { Destination, Type, Source, RW } of record.Mounts.toSorted((a, b) => depth(a.Destination) - depth(b.Destination))) {
    const destination = resolveInside(view, Destination);
    mounts.set(destination, Type === 'tmpfs' ? undefined : Source);
    if (!RW) readOnly.add(destination);
  }
  return view;
}

const OWN_MOUNTS = ['/proc', '/sys', '/dev'];

const depth = (path: string): number => path.split('/').filter(Boolean).length;
