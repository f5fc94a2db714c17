// `--mount=type=secret`: a file on a tmpfs of the worker's, or a variable that stands in the runtime's configuration alone. Nothing of it is ever
// on the disk, and its mount point is taken away again with the step.
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../sys/errors.ts';
import { MS, mount } from '../../../sys/mount.ts';
import type { RunMount } from '../model.ts';
import { type MadeMount, type MountSite, pointAt, targetOf } from './mounts.ts';

type SecretMount = Extract<RunMount, { type: 'secret' }>;

const PAGE = 4096;

/** Throws ERR_SECRET where a required one was not given. */
export function makeSecret({ site, step, scratch }: MountSite, secret: SecretMount, index: number): MadeMount {
  const given = site.options.secrets[secret.id];
  if (!given) {
    if (!secret.required) return {};
    throw new EngineError('ERR_SECRET', `secret ${secret.id}: not found`, {
      hint: `Give it: --secret id=${secret.id},src=FILE (or env=NAME)`,
    });
  }
  const value = Buffer.from(given.value, 'base64');
  const env = secret.env === undefined ? {} : { env: [`${secret.env}=${variable(secret, value)}`] };
  if (secret.target === undefined) return env;
  const folder = join(scratch, 'secrets', String(index));
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const data = `mode=0755,size=${value.length + 16 * PAGE}`;
  mount('tmpfs', folder, { type: 'tmpfs', flags: MS.NOSUID | MS.NODEV | MS.NOEXEC, data });
  const path = join(folder, 'secret');
  writeFileSync(path, value, { mode: 0o600, flag: 'wx' });
  own(path, secret);
  chmodSync(path, secret.mode);
  return { ...env, points: [pointAt(path, targetOf(step, secret.target), { RW: false })] };
}

// No program can be given a NUL in a variable.
function variable({ id }: SecretMount, value: Buffer): string {
  if (!value.includes(0)) return value.toString();
  throw new EngineError('ERR_SECRET', `Cannot give the secret "${id}" as a variable: there is a NUL byte in it`, {
    hint: 'Mount it as a file: leave "env" out',
  });
}

export function own(path: string, { id, uid, gid }: { id: string; uid: number; gid: number }): void {
  try {
    chownSync(path, uid, gid);
  } catch (cause) {
    throw new EngineError('ERR_SECRET', `Cannot give "${id}" to ${uid}:${gid}: this user namespace has no such id`, {
      cause,
      hint: 'Use ids that "skiff info" shows as mapped',
    });
  }
}
