// A new volume starts with what the image has at its place: files, owners, modes, xattrs. Done by the supervisor in the user namespace
// as root, before the volume is mounted, and only while the volume is empty.
// Crash rule: a marker in the volume's folder stands while files are copied; whoever finds it without a copier begins anew.
import { chmodSync, chownSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';
import { lookInside } from './spec/inside.ts';

const MARKER = 'copying';
const COPY_TIMEOUT_MS = 600_000;

export interface CopyUp {
  rootfs: string;
  /** Where the volume is to be mounted in it. */
  destination: string;
  /** The volume's files. */
  data: string;
  /** The volume's own folder. */
  folder: string;
}

/** Fills the empty folder `data` with what `rootfs` has at `destination`. Throws ERR_COPY_UP; the next try begins anew. */
export function copyUp({ rootfs, destination, data, folder }: CopyUp): void {
  const marker = join(folder, MARKER);
  const source = lookInside({ rootfs }, destination);
  if (source.found !== 'directory') return;
  if (!isFile(marker) && !isEmpty(data)) return;
  withLock(
    join(folder, 'lock'),
    () => {
      if (isFile(marker)) clear(data);
      else if (!isEmpty(data)) return;
      writeFileSync(marker, '');
      copyInto(source.host, data);
      rmSync(marker);
    },
    { timeoutMs: COPY_TIMEOUT_MS },
  );
}

function copyInto(source: string, target: string): void {
  if (!isEmpty(source)) {
    const copy = Bun.spawnSync(['cp', '-a', '--reflink=auto', `${source}/.`, target], { stdio: ['ignore', 'ignore', 'pipe'] });
    if (copy.exitCode !== 0) {
      const why = copy.stderr.toString().trim().split('\n')[0];
      throw new EngineError('ERR_COPY_UP', `Cannot fill a new volume with the image's files: ${why}`, {
        hint: 'free some disk space, or mount the volume with the option "nocopy"',
        exitCode: 125,
      });
    }
  }
  const { uid, gid, mode } = statSync(source);
  chownSync(target, uid, gid);
  chmodSync(target, mode & 0o7777);
}

function clear(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}

const isEmpty = (folder: string): boolean => readdirSync(folder).length === 0;

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
