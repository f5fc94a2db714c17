// Makes a container out of an image and what the user asked for. Everything that can be refused is refused before anything is made;
// what is made after that (volumes, the name, the ID file) is taken back when a later step fails. If we die in between, the lock that
// we held is free and the claim is gone: the name may be taken over, and folders without a container are garbage.
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, normalize } from 'node:path';
import { chooseRootfs } from '../runtime/rootfs.ts';
import { claim, withStoreLock } from '../storage/claim.ts';
import { detachContainer, writeContainerRecord } from '../storage/container.ts';
import { releaseName, reserveName } from '../storage/container-name.ts';
import { recordContainerEvent } from '../storage/events.ts';
import { missingParts } from '../storage/image.ts';
import { containerLockPath } from '../storage/layout.ts';
import type { ContainerConfig, ContainerExtras, ContainerRecord, HostConfig, ImageRecord, MountPoint } from '../storage/records.ts';
import { removeVolume } from '../storage/volume.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { tryLock } from '../sys/lock.ts';
import { randomHex } from '../sys/random.ts';
import { checkConfig, checkDevices, checkName, deviceWarnings } from './create/checks.ts';
import { claimCidFile } from './create/cidfile.ts';
import { checkEgress } from './create/egress.ts';
import { checkHealth } from './create/health.ts';
import { completeHostConfig } from './create/host-config.ts';
import { type LocalImage, platformWarning, requireLocalImage } from './create/image.ts';
import { mergeConfig } from './create/merge.ts';
import { makeVolumes, mountedImages, mountWarnings, type PlannedMount, planMounts } from './create/mounts.ts';
import type { ResolvedNetworks } from './create/networks.ts';
import type { CreatedContainer, CreateOptions } from './create/options.ts';
import { keepSecrets, resolveSecrets } from './create/secrets.ts';
import { defaultNames, resolveSharing } from './create/sharing.ts';
import { checkTimezone } from './create/timezone.ts';
import { randomName } from './names.ts';

/** Creates a container of a local image. Throws EngineError (exit code 125 mostly) and then nothing is left. */
export async function createContainer(ctx: Ctx, options: CreateOptions): Promise<CreatedContainer> {
  const local = requireLocalImage(ctx, options.Config.Image, options.platform);
  const networks = await askedNetworks(ctx, options);
  const completed = completeHostConfig({ ...options.HostConfig, NetworkMode: networks.NetworkMode });
  const shared = checkEgress(ctx, resolveSharing(ctx, completed, options));
  let userns = shared.UsernsMode ? await (await import('./create/userns.ts')).resolveUserns(ctx, shared) : undefined;
  let hostConfig = userns ? { ...shared, UsernsMode: userns.UsernsMode } : shared;
  const id = randomHex(32);
  const asked = { ...userns?.names, ...options.Config };
  const config = completeConfig(mergeConfig(asked, local.config.config ?? {}), defaultNames(ctx, hostConfig, id));
  checkConfig(options);
  checkHealth(config, options.Extras);
  checkDevices(hostConfig);
  const unheld: string[] = [];
  if (hostConfig.DeviceRequests) {
    const { resolveDevices } = await import('../runtime/cdi/resolve.ts');
    await resolveDevices(ctx, hostConfig.DeviceRequests, { onWarning: (text) => unheld.push(text) });
  }
  if (hostConfig.CgroupParent) (await import('../runtime/cgroup-parent.ts')).checkCgroupParent(ctx, hostConfig.CgroupParent);
  const extras = { ...options.Extras, Secrets: resolveSecrets(ctx, options.Extras?.Secrets ?? []) };
  if (hostConfig.LogConfig.Type === 'journald') (await import('../runtime/journal-socket.ts')).connectJournal(ctx.env).close();
  if (extras.Timezone) checkTimezone(ctx, extras.Timezone, local.image);
  const planned = planMounts(ctx, { config, hostConfig });
  if (!shared.UsernsMode && !isRoot(config.User) && planned.some(({ Type }) => Type === 'bind')) {
    const { chooseBindOwner } = await import('./create/bind-owner.ts');
    const { choice, warning } = await chooseBindOwner(ctx, { config, hostConfig, planned, image: local.image });
    if (choice) hostConfig = { ...hostConfig, UsernsMode: choice.UsernsMode };
    userns = choice;
    if (warning) unheld.push(warning);
  }
  if (options.name !== undefined) checkName(options.name);
  const { inPlaceOf } = options;
  if (options.startsNow) await checkPorts(ctx, { hostConfig, config, inPlaceOf, networks, fallback: extras.PublishFallback });
  const { driver } = await chooseRootfs(ctx, userns?.driver ?? (hostConfig.StorageDriver || undefined));
  const about = [
    platformWarning(local.image, options.platform),
    portsWarning(hostConfig),
    swappinessWarning(hostConfig),
    ...mountWarnings(planned),
  ];
  const warnings = [...about, ...deviceWarnings(hostConfig), ...unheld].filter((text) => text !== undefined);
  const draft = { id, local, config, hostConfig, driver, extras, Endpoints: networks.Endpoints };
  const name = make(ctx, options.name?.replace(/^\//, ''), draft, planned);
  return { id, name, warnings };
}

const isRoot = (user = ''): boolean => /^(?:(?:0|root)(?::.*)?)?$/.test(user);

interface Draft {
  id: string;
  local: LocalImage;
  config: ContainerConfig;
  hostConfig: HostConfig;
  driver: ContainerRecord['Driver'];
  extras: ContainerExtras;
  Endpoints: ContainerRecord['Endpoints'];
}

function make(ctx: Ctx, wantedName: string | undefined, draft: Draft, planned: PlannedMount[]): string {
  const { id } = draft;
  const undo: (() => void)[] = [];
  // Held until the container stands: meanwhile the image's layers are not swept, and the name is not taken for an abandoned one.
  const inUse = claim(ctx, `create-${id}`);
  const lockPath = containerLockPath(ctx, id);
  mkdirSync(dirname(lockPath), { recursive: true, mode: 0o700 });
  const lock = tryLock(lockPath);
  undo.push(() => rmSync(lockPath, { force: true }));
  try {
    const images = [draft.local.image, ...mountedImages(planned)];
    const inherited = planned.flatMap(({ Layers = [] }) => Layers);
    inUse?.protect([...images.flatMap((image) => [image.id, ...image.layers.map((layer) => layer.diffId)]), ...inherited]);
    requireWhole(ctx, draft.config.Image, draft.local.image);
    for (const { image, Source } of planned) if (image) requireWhole(ctx, Source, image);
    const cidFile = claimCidFile(draft.hostConfig.ContainerIDFile);
    undo.push(() => cidFile.abandon());
    const name = takeName(ctx, wantedName, id);
    undo.push(() => releaseName(ctx, name, id));
    const write = (): ContainerRecord => {
      const mounts = makeVolumes(ctx, planned, (made) => undo.push(() => dropVolume(ctx, made)));
      const record = recordOf(ctx, draft, name, mounts);
      writeContainerRecord(ctx, record, (folder) => keepSecrets(ctx, draft.extras.Secrets ?? [], folder));
      return record;
    };
    // A volume that is found here is not removed with another container before the record that names it stands.
    const record = planned.some(({ Type }) => Type === 'volume' || Type === 'image') ? withStoreLock(ctx, write) : write();
    undo.push(() => rmSync(detachContainer(ctx, record), { recursive: true, force: true }));
    cidFile.write(id);
    recordContainerEvent(ctx, record, 'create');
    return name;
  } catch (error) {
    for (const step of undo.toReversed()) step();
    throw error;
  } finally {
    lock?.release();
    inUse?.release();
  }
}

function recordOf(ctx: Ctx, draft: Draft, Name: string, Mounts: MountPoint[]): ContainerRecord {
  const { id, local, config, hostConfig, driver } = draft;
  const [Path = '', ...Args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return {
    version: 1,
    Id: id,
    Created: ctx.now().toISOString(),
    Name,
    Image: local.image.id,
    Layers: local.image.layers.map((layer) => layer.diffId),
    Platform: local.image.platform,
    Path,
    Args,
    Config: config,
    HostConfig: hostConfig,
    Mounts,
    ...(draft.Endpoints ? { Endpoints: draft.Endpoints } : {}),
    ...usedExtras(draft.extras),
    Driver: driver,
  };
}

function completeConfig(config: ContainerConfig, names: Partial<ContainerConfig>): ContainerConfig {
  return {
    ...config,
    ...(config.Hostname ? {} : names),
    WorkingDir: config.WorkingDir && normalize(config.WorkingDir).replace(/(.)\/$/, '$1'),
  };
}

function takeName(ctx: Ctx, wanted: string | undefined, id: string): string {
  for (let attempt = 0; ; attempt++) {
    const name = wanted ?? randomName(attempt);
    try {
      reserveName(ctx, name, id);
      return name;
    } catch (error) {
      if (wanted !== undefined || attempt === 20) throw error;
    }
  }
}

function usedExtras({ Secrets = [], ...others }: ContainerExtras): { Extras?: ContainerExtras } {
  const used = { ...others, ...(Secrets.length ? { Secrets } : {}) };
  return Object.keys(used).length ? { Extras: used } : {};
}

interface PortsInput {
  hostConfig: HostConfig;
  config: ContainerConfig;
  inPlaceOf: string | undefined;
  networks: Pick<ResolvedNetworks, 'isInternal' | 'hostIp'>;
  fallback: boolean | undefined;
}

/** Before anything is made: a port that someone has is refused now, not when the container starts. */
async function checkPorts(ctx: Ctx, { hostConfig, config, inPlaceOf, networks, fallback = false }: PortsInput): Promise<void> {
  const { NetworkMode, PortBindings, PublishAllPorts } = hostConfig;
  if (networks.isInternal || !canPublish(NetworkMode) || (Object.keys(PortBindings).length === 0 && !PublishAllPorts)) return;
  const [{ resolveBindings }, { assertPortsFree }, { publishingContainer }] = await Promise.all([
    import('../runtime/network/ports.ts'),
    import('../runtime/network/port-check.ts'),
    import('../runtime/network/port-owner.ts'),
  ]);
  const exposed = config.ExposedPorts ?? {};
  const specs = resolveBindings({ portBindings: PortBindings, publishAll: PublishAllPorts, exposed, fallback, hostIp: networks.hostIp });
  const contested = specs.filter((spec) => inPlaceOf === undefined || publishingContainer(ctx, spec) !== inPlaceOf);
  assertPortsFree(contested, { containerAt: (spec) => publishingContainer(ctx, spec) });
}

function portsWarning({ NetworkMode, PortBindings, PublishAllPorts }: HostConfig): string | undefined {
  if (canPublish(NetworkMode) || (Object.keys(PortBindings).length === 0 && !PublishAllPorts)) return undefined;
  return `Published ports are discarded when using ${NetworkMode} network mode`;
}

const canPublish = (mode: string): boolean => mode !== 'none' && mode !== 'host' && !mode.startsWith('container:');

/** What is always there is looked up nowhere: most containers ask for nothing else. */
async function askedNetworks(ctx: Ctx, { Networks, HostConfig }: CreateOptions): Promise<ResolvedNetworks> {
  const { NetworkMode = 'bridge' } = HostConfig;
  const isPlain = ['', 'default', 'bridge', 'host', 'none'].includes(NetworkMode) || NetworkMode.startsWith('container:');
  if (!Networks && isPlain) return { NetworkMode, isInternal: false };
  const [{ resolveNetworks }, { plainAttachment }] = await Promise.all([
    import('./create/networks.ts'),
    import('./create/network-spec.ts'),
  ]);
  return resolveNetworks(ctx, Networks ?? [plainAttachment(NetworkMode)]);
}

// As Docker on cgroup v2, which has no such limit.
function swappinessWarning({ MemorySwappiness = -1 }: HostConfig): string | undefined {
  if (MemorySwappiness < 0) return undefined;
  return 'Your kernel does not support memory swappiness capabilities or the cgroup is not mounted. Memory swappiness discarded.';
}

function requireWhole(ctx: Ctx, name: string, image: ImageRecord): void {
  const [missing] = missingParts(ctx, image);
  if (missing === undefined) return;
  throw new EngineError('ERR_IMAGE_INCOMPLETE', `The image "${name}" is incomplete: "${missing}" is not in the store`, {
    hint: `skiff pull ${name}`,
    exitCode: 125,
  });
}

function dropVolume(ctx: Ctx, name: string): void {
  const grave = removeVolume(ctx, name);
  if (grave) rmSync(grave, { recursive: true, force: true });
}
