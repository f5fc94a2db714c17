// What of a create request can be refused without looking at anything else.
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { NAME_PATTERN } from '../../storage/name-pattern.ts';
import type { HostConfig } from '../../storage/records.ts';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { signalNumber } from '../../sys/signals.ts';
import type { CreateOptions } from './options.ts';

/** Docker takes `/name` too. */
export function checkName(name: string): void {
  if (NAME_PATTERN.test(name.replace(/^\//, ''))) return;
  throw refuse('ERR_CONTAINER_NAME', `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`, 'Choose another name');
}

export function checkConfig({ Config }: CreateOptions): void {
  const { WorkingDir, StopSignal, Hostname, Domainname } = Config;
  if (WorkingDir && !isAbsolute(WorkingDir)) {
    throw refuse(
      'ERR_WORKDIR',
      `The working directory '${WorkingDir}' is invalid, it needs to be an absolute path`,
      `Give -w /${WorkingDir}`,
    );
  }
  // The kernel takes at most 64 bytes (sethostname(2)).
  if (Hostname && !/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}$/.test(Hostname)) {
    throw refuse('ERR_HOSTNAME', `Invalid hostname format: ${Hostname}`, 'Use letters, digits, dots and dashes, at most 64');
  }
  if (Domainname && !/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}$/.test(Domainname)) {
    throw refuse('ERR_HOSTNAME', `Invalid domain name format: ${Domainname}`, 'Use letters, digits, dots and dashes, at most 64');
  }
  if (!StopSignal) return;
  try {
    signalNumber(StopSignal);
  } catch (cause) {
    throw refuse('ERR_BAD_SIGNAL', `Invalid signal: ${StopSignal}`, 'Use a name such as SIGTERM or a number from 1 to 64', cause);
  }
}

export function checkDevices({ Devices = [] }: HostConfig): void {
  for (const { PathOnHost } of Devices) {
    const stat = statOf(PathOnHost);
    if (stat?.isCharacterDevice() || stat?.isBlockDevice() || stat?.isDirectory()) continue;
    const why = stat ? 'not a device node' : 'no such file or directory';
    throw refuse(
      'ERR_DEVICE',
      `Error gathering device information while adding custom device "${PathOnHost}": ${why}`,
      'Look for the device below /dev',
    );
  }
}

/** A device is bound in, and the cgroup that would tell who may do what with it is root's. */
export function deviceWarnings({ Devices = [] }: HostConfig): string[] {
  return Devices.filter(({ CgroupPermissions }) => !/(?=.*r)(?=.*w)/.test(CgroupPermissions)).map(
    ({ PathOnHost, CgroupPermissions }) =>
      `The permissions "${CgroupPermissions}" of the device "${PathOnHost}" are not enforced: without root, who may write to it outside may do so inside`,
  );
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

const refuse = (code: string, message: string, hint: string, cause?: unknown): EngineError =>
  new EngineError(code, message, { hint, cause, exitCode: 125 });
