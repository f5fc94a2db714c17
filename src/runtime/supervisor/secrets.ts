// A container's secrets as it sees them: files on a tmpfs of the supervisor's, so that they reach neither the disk nor the container's
// upper folder, and variables that stand in the runtime's configuration alone (the run folder, for the user's eyes only).
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord, SecretUse } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { MS, mount } from '../../sys/mount.ts';
import { keptIds, outerUser, ownIdCounts } from '../keep-id.ts';
import { ownMount } from './mount-sources.ts';

const PLACE = '/run/secrets';
const PAGE = 4096;

/** Writes the files, once for the supervisor's life. Throws ERR_SECRET. */
export function makeSecrets(ctx: Ctx, record: ContainerRecord, scratch: string): void {
  const files = mounted(record).map((use) => ({ use, data: dataOf(ctx, record, use) }));
  if (files.length === 0) return;
  const folder = join(scratch, 'secrets');
  mkdirSync(join(folder), { mode: 0o755 });
  // A page for each file's tail, its inode and its folders.
  const bytes = files.reduce((sum, { data }) => sum + data.length + 4 * PAGE, 16 * PAGE);
  mount('tmpfs', folder, { type: 'tmpfs', flags: MS.NOSUID | MS.NODEV | MS.NOEXEC, data: `mode=0755,size=${bytes}` });
  for (const [index, { use, data }] of files.entries()) {
    const path = fileOf(folder, use, index);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileSync(path, data, { mode: 0o600, flag: 'wx' });
    own(path, use, record);
    chmodSync(path, use.Mode);
  }
}

/** The record with the secrets among its mounts and variables, for the runtime's eyes alone. */
export function withSecrets(ctx: Ctx, record: ContainerRecord, scratch: string): ContainerRecord {
  const uses = record.Extras?.Secrets ?? [];
  if (uses.length === 0) return record;
  const folder = join(scratch, 'secrets');
  const alone = mounted(record).flatMap((use, index) => (isAlone(use) ? ownMount(fileOf(folder, use, index), use.Target) : []));
  const together = mounted(record).some((use) => !isAlone(use)) ? [ownMount(join(folder, 'run'), PLACE)] : [];
  const variables = uses.filter(({ Type }) => Type === 'env').map((use) => `${use.Target}=${dataOf(ctx, record, use).toString()}`);
  return {
    ...record,
    Mounts: [...record.Mounts, ...together, ...alone],
    Config: { ...record.Config, Env: [...record.Config.Env, ...variables] },
  };
}

const mounted = ({ Extras }: ContainerRecord): SecretUse[] => (Extras?.Secrets ?? []).filter(({ Type }) => Type === 'mount');

/** At a path of its own; the others share the folder. */
const isAlone = ({ Target }: SecretUse): boolean => Target.startsWith('/') && !Target.startsWith(`${PLACE}/`);

function fileOf(folder: string, use: SecretUse, index: number): string {
  if (isAlone(use)) return join(folder, 'alone', String(index));
  return join(folder, 'run', use.Target.startsWith('/') ? use.Target.slice(PLACE.length) : use.Target);
}

function dataOf(ctx: Ctx, { Id }: ContainerRecord, { ID, Name }: SecretUse): Buffer {
  try {
    return readFileSync(join(containerDir(ctx, Id), 'secrets', ID));
  } catch (cause) {
    throw new EngineError('ERR_SECRET', `Cannot read the secret "${Name}" of the container`, {
      cause,
      hint: 'Make the container anew',
      exitCode: 125,
    });
  }
}

function own(path: string, { Name, UID, GID }: SecretUse, { HostConfig }: ContainerRecord): void {
  const { uid, gid } = outerUser({ uid: UID, gid: GID }, keptIds(HostConfig.UsernsMode), ownIdCounts());
  try {
    chownSync(path, uid, gid);
  } catch (cause) {
    throw new EngineError('ERR_SECRET', `Cannot give the secret "${Name}" to ${UID}:${GID}: this user namespace has no such id`, {
      cause,
      hint: 'Use ids that "skiff info" shows as mapped',
      exitCode: 125,
    });
  }
}
