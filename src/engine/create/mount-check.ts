// What Docker's daemon refuses of a mount before it makes anything, in its words. Looks at the disk only for the source of a bind.

import { statSync } from 'node:fs';
import { isAbsolute, normalize } from 'node:path';
import type { MountRequest } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { checkVolumeOptions } from '../volume-options.ts';
import { checkVolumeName, PROPAGATIONS } from './volume-spec.ts';

/** Throws ERR_MOUNT, ERR_BIND_SOURCE, ERR_VOLUME_NAME or ERR_VOLUME_DRIVER (exit code 125). */
export function checkMountRequest(request: MountRequest): void {
  const { Type, Target } = request;
  if (Target === '/') throw refuse(Type, "invalid specification: destination can't be '/'", 'Mount it on a folder');
  if (!isAbsolute(Target)) throw refuse(Type, `invalid mount path: '${Target}' mount path must be absolute`, `Write target=/${Target}`);
  CHECKS[Type](request);
}

const CHECKS: Readonly<Record<MountRequest['Type'], (request: MountRequest) => void>> = {
  bind: ({ Source = '', BindOptions = {} }) => {
    if (Source === '') throw refuse('bind', 'field Source must not be empty', 'Give source=/host/path');
    const { Propagation, CreateMountpoint } = BindOptions;
    if (Propagation && !PROPAGATIONS.includes(Propagation)) {
      throw refuse('bind', `invalid propagation mode: ${Propagation}`, `Use one of ${PROPAGATIONS.join(', ')}`);
    }
    if (!isAbsolute(Source)) {
      throw refuse('bind', `invalid mount path: '${Source}' mount path must be absolute`, `Write source=./${Source} for a path from here`);
    }
    if (!CreateMountpoint) requireBindSource(Source);
  },
  volume: ({ Source = '', ReadOnly, VolumeOptions = {} }) => {
    const { Subpath, DriverConfig } = VolumeOptions;
    if (Source === '' && ReadOnly) throw refuse('volume', 'must not set ReadOnly mode when using anonymous volumes', 'Give source=NAME');
    if (Subpath) {
      if (Source === '') throw refuse('volume', 'must not set Subpath when using anonymous volumes', 'Give source=NAME');
      requireLocal('volume', Subpath);
    }
    if (Source !== '') checkVolumeName(Source);
    if (DriverConfig) checkVolumeDriver(DriverConfig);
  },
  tmpfs: ({ Source }) => {
    if (Source) throw refuse('tmpfs', 'field Source must not be specified', 'Leave source= out');
  },
  image: ({ Source = '', ImageOptions = {} }) => {
    if (Source === '') throw refuse('image', 'field Source must not be empty', 'Give source=IMAGE');
    if (ImageOptions.Subpath) requireLocal('image', ImageOptions.Subpath);
  },
};

/** Throws unless `path` is there; what is there is for the runtime to see. */
export function requireBindSource(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) return;
  throw new EngineError('ERR_BIND_SOURCE', `Invalid mount config for type "bind": bind source path does not exist: ${path}`, {
    hint: `Make it first: mkdir -p ${quoted(path)}`,
    exitCode: 125,
  });
}

/** Throws ERR_VOLUME_DRIVER for any driver but `local`, and for options of it that cannot be carried out without root. */
export function checkVolumeDriver({ Name, Options }: { Name: string; Options: Readonly<Record<string, string>> }): void {
  if (Name !== '' && Name !== 'local') {
    throw new EngineError('ERR_VOLUME_DRIVER', `Error looking up volume plugin ${Name}: plugin "${Name}" not found`, {
      hint: 'There is only the driver "local"',
      exitCode: 125,
    });
  }
  const given = Object.keys(Options);
  if (given.length === 0) return;
  const unknown = given.find((name) => !['type', 'o', 'device'].includes(name));
  if (unknown) throw badOption(`Invalid option: "${unknown}"`);
  const { type = 'none', o = '', device = '' } = Options;
  if (type === 'tmpfs') {
    checkVolumeOptions(Options, 'volume');
    return;
  }
  const words = o.split(',');
  if (!words.some((word) => word === 'bind' || word === 'rbind') || (type !== 'none' && type !== 'bind')) {
    throw badOption(`Cannot make a volume of type "${type}" with the options "${o}": without root a volume can only be a folder of yours`);
  }
  const foreign = words.find((word) => !['bind', 'rbind', 'ro', 'rw'].includes(word));
  if (foreign) throw badOption(`Cannot make a volume with the option "${foreign}"`);
  if (!isAbsolute(device)) throw badOption(`Missing device in volume options: "${device}" is no absolute path`);
  if (!statSync(device, { throwIfNoEntry: false })) throw badOption(`Failed to mount local volume: ${device}: no such file or directory`);
}

/** Go's filepath.IsLocal: relative, and not leaving its folder by `..`. */
function requireLocal(type: string, subpath: string): void {
  const path = normalize(subpath);
  if (!isAbsolute(subpath) && path !== '..' && !path.startsWith('../')) return;
  throw refuse(type, `subpath must be a relative path within the ${type}`, `"${subpath}" is not: leave the leading / and every .. out`);
}

const badOption = (message: string): EngineError =>
  new EngineError('ERR_VOLUME_DRIVER', message, { hint: 'Use type=none, o=bind and device=/host/folder, or no options', exitCode: 125 });

const refuse = (type: string, why: string, hint: string): EngineError =>
  new EngineError('ERR_MOUNT', `Invalid mount config for type "${type}": ${why}`, { hint, exitCode: 125 });

const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
