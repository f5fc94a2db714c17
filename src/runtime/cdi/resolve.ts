// From the devices that a container asks for (--device vendor/class=name, --gpus) to what its configuration has to get for them. Asked twice:
// when the container is created, to refuse what is not there, and at each start, for the files may have changed.
import { existsSync, statSync } from 'node:fs';
import type { DeviceRequest } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import type { SpecEdits } from '../spec/edits.ts';
import type { OciHook, OciMount } from '../spec/types.ts';
import { type CdiFile, type CdiFiles, type ContainerEdits, cdiFolders, readCdiFiles } from './spec-files.ts';

interface ResolveOptions {
  /** Gets a sentence for each thing that a file asks for and that does not hold without root. */
  onWarning?: (text: string) => void;
}

/** Throws ERR_NO_DEVICE for a device that no file describes, ERR_CDI for one that cannot be given (exit code 125). */
export async function resolveDevices(
  ctx: Ctx,
  requests: readonly DeviceRequest[],
  { onWarning = () => undefined }: ResolveOptions = {},
): Promise<SpecEdits> {
  const folders = cdiFolders(ctx);
  const found = await readCdiFiles(folders);
  const all = emptyEdits();
  const give = (edits: ContainerEdits | undefined, device: string): void => {
    for (const node of edits?.deviceNodes ?? []) for (const text of unheld(node, device)) onWarning(text);
    add(all, edits, device);
  };
  const seen = new Set<string>();
  for (const request of requests) {
    for (const device of devicesOf(request, found, folders)) {
      // What a file says of all its devices comes once, before the first of them.
      if (!seen.has(device.file.path)) give(device.file.spec.containerEdits, device.name);
      seen.add(device.file.path);
      if (!seen.has(device.name)) give(device.edits, device.name);
      seen.add(device.name);
    }
  }
  return all;
}

interface Device {
  name: string;
  file: CdiFile;
  edits: ContainerEdits | undefined;
}

const GPUS = 'nvidia.com/gpu';

function devicesOf(request: DeviceRequest, found: CdiFiles, folders: string[]): Device[] {
  const isGpu = request.Driver !== 'cdi';
  if (isGpu && request.Driver !== '' && request.Driver !== 'nvidia')
    throw noDriver(request, 'there is no such driver', 'Use --gpus without a driver');
  if (isGpu && !found.files.some(({ spec }) => spec.kind === GPUS)) throw noGpuFile(request, found);
  const names = isGpu ? gpuNames(request) : (request.DeviceIDs ?? []);
  const devices = names.map((name) => find(name, found.files));
  const missing = names.filter((_, index) => devices[index] === undefined);
  if (missing.length > 0) throw unresolvable(missing, found, folders);
  return devices.filter((device) => device !== undefined);
}

/** `all` for any number, the first ones for a number, else those that were named. */
function gpuNames({ Count, DeviceIDs }: DeviceRequest): string[] {
  if (DeviceIDs?.length) return DeviceIDs.map((id) => (id.includes('=') ? id : `${GPUS}=${id}`));
  return Count < 0 ? [`${GPUS}=all`] : Array.from({ length: Count }, (_, index) => `${GPUS}=${index}`);
}

/** The device of the most important folder. Two files of one folder that both have it contradict each other: then there is none. */
function find(name: string, files: readonly CdiFile[]): Device | undefined {
  const [kind = '', device = ''] = [name.slice(0, name.indexOf('=')), name.slice(name.indexOf('=') + 1)];
  const holders = files.filter(({ spec }) => spec.kind === kind && spec.devices.some((one) => one.name === device));
  const top = Math.max(...holders.map(({ priority }) => priority));
  const [file, other] = holders.filter(({ priority }) => priority === top);
  if (file && other) {
    throw refuse(
      'ERR_CDI',
      `CDI device injection failed: both ${file.path} and ${other.path} have a device "${name}"`,
      'Remove one of the two',
    );
  }
  return file && { name, file, edits: file.spec.devices.find((one) => one.name === device)?.containerEdits };
}

const emptyEdits = (): SpecEdits => ({ env: [], mounts: [], hooks: {}, additionalGids: [] });

/** The moments at which a runtime runs hooks; after the container's end there is none here that would. */
const HOOKS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart'] as const;

function add(all: SpecEdits, edits: ContainerEdits | undefined, device: string): void {
  if (!edits) return;
  for (const part of ['intelRdt', 'netDevices']) {
    if (part in edits)
      throw refuse('ERR_CDI', `CDI device "${device}" needs "${part}", which is not possible without root`, 'Use another device');
  }
  all.env.push(...(edits.env ?? []));
  all.additionalGids.push(...(edits.additionalGids ?? []));
  for (const { path, hostPath = path, permissions = 'rwm' } of edits.deviceNodes ?? []) {
    if (!existsSync(hostPath)) {
      throw refuse('ERR_CDI', `CDI device "${device}" needs the device node "${hostPath}", which is not there`, 'Make the CDI file anew');
    }
    const access = permissions.includes('w') ? 'rw' : 'ro';
    all.mounts.push(bind(hostPath, path, ['bind', 'rprivate', 'nosuid', 'noexec', access]));
  }
  for (const { hostPath, containerPath, options = [], type } of edits.mounts ?? []) {
    const isBind = options.some((option) => option === 'bind' || option === 'rbind') || type === 'bind';
    if (type && type !== 'bind' && type !== 'none' && !isBind)
      all.mounts.push({ destination: containerPath, type, source: hostPath, options });
    else all.mounts.push(bind(hostPath, containerPath, isBind ? options : ['rbind', ...options]));
  }
  for (const { hookName, ...hook } of edits.hooks ?? []) {
    const moment = HOOKS.find((name) => name === hookName);
    if (!moment) throw refuse('ERR_CDI', `CDI device "${device}" has a hook "${hookName}", which is not run here`, 'Use another device');
    all.hooks[moment] = [...(all.hooks[moment] ?? []), hookOf(hook)];
  }
}

/** What is asked for a node that differs from the host's node, which is what is bound in. */
function unheld(
  { path, hostPath = path, fileMode, uid, gid }: NonNullable<ContainerEdits['deviceNodes']>[number],
  device: string,
): string[] {
  const mode = statSync(hostPath, { throwIfNoEntry: false })?.mode;
  const isOther = fileMode !== undefined && mode !== undefined && (mode & 0o777) !== (fileMode & 0o777);
  const asked = [
    ...(isOther ? [`the mode ${(fileMode & 0o777).toString(8)}`] : []),
    // 0 is what a file says that has nothing to say of it.
    ...(uid ? [`the owner ${uid}`] : []),
    ...(gid ? [`the group ${gid}`] : []),
  ];
  if (asked.length === 0) return [];
  return [
    `CDI device "${device}" asks for ${asked.join(' and ')} of "${path}", which is not enforced: without root the host's device node is shown as it is`,
  ];
}

const bind = (source: string, destination: string, options: string[]): OciMount => ({ destination, type: 'none', source, options });

function hookOf({ path, args, env, timeout }: NonNullable<ContainerEdits['hooks']>[number] | OciHook): OciHook {
  return { path, ...(args ? { args } : {}), ...(env ? { env } : {}), ...(timeout === undefined ? {} : { timeout }) };
}

function noGpuFile(request: DeviceRequest, { problems }: CdiFiles): EngineError {
  const why = problems.length > 0 ? problems.join('; ') : `no CDI file describes ${GPUS} devices`;
  return noDriver(request, why, 'Make the file: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml');
}

function noDriver({ Driver, Capabilities }: DeviceRequest, why: string, hint: string): EngineError {
  const asked = Capabilities.map((all) => `[${all.join(' ')}]`).join(' ');
  return refuse('ERR_NO_DEVICE', `Could not select device driver "${Driver}" with capabilities: [${asked}]: ${why}`, hint);
}

function unresolvable(names: string[], { files, problems }: CdiFiles, folders: string[]): EngineError {
  const known = files.flatMap(({ spec }) => spec.devices.map(({ name }) => `${spec.kind}=${name}`));
  const hint =
    problems[0] ?? (known.length > 0 ? `There are: ${[...new Set(known)].join(', ')}` : `No CDI file is in ${folders.join(', ')}`);
  return refuse('ERR_NO_DEVICE', `CDI device injection failed: unresolvable CDI devices ${names.join(', ')}`, hint);
}

const refuse = (code: string, message: string, hint: string): EngineError => new EngineError(code, message, { hint, exitCode: 125 });
