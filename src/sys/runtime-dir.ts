// The run folder: locks, sockets, the holder. `$XDG_RUNTIME_DIR/skiff` when that folder is really ours; else a private,
// owner-checked, boot-id-named folder. An inherited XDG_RUNTIME_DIR of another user (sudo, su) is passed over, not trusted.
// The first choice of a boot is kept in a symlink of the data folder: cron, su and a login differ in what they have, and with another
// run folder's locks a running container would look ended.
import { lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bootId } from './boot.ts';
import { EngineError, errnoOf } from './errors.ts';

/**
 * The run folder of the store at `data`, made if missing with mode 0700. `SKIFF_RUNROOT` overrides the choice, and is not kept.
 * Throws ERR_RUN_FOLDER.
 */
export function runtimeRoot(env: Readonly<Record<string, string | undefined>>, data: string): string {
  if (env.SKIFF_RUNROOT) return ensurePrivate(env.SKIFF_RUNROOT);
  const link = join(data, `run-${bootId(env).slice(0, 8)}`);
  const kept = keptChoice(link);
  // One that is gone went with its login session.
  if (kept !== undefined && isOwn(kept)) return kept;
  const chosen = choose(env);
  return keep(link, chosen) ? chosen : (keptChoice(link) ?? chosen);
}

function keptChoice(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** False when another command was first, with a folder that is there. */
function keep(link: string, chosen: string): boolean {
  const making = `${link}.${process.pid}`;
  try {
    mkdirSync(dirname(link), { recursive: true, mode: 0o700 });
    try {
      symlinkSync(chosen, link);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      const theirs = keptChoice(link);
      if (theirs !== undefined && isOwn(theirs)) return false;
      symlinkSync(chosen, making);
      renameSync(making, link);
    }
  } catch {
    // A data folder that cannot be written to: then nothing can be started from it either.
    rmSync(making, { force: true });
  }
  return true;
}

function choose(env: Readonly<Record<string, string | undefined>>): string {
  const inherited = env.XDG_RUNTIME_DIR;
  if (inherited?.startsWith('/') && isOwn(inherited)) return ensurePrivate(join(inherited, 'skiff'));
  const perUser = `/run/user/${process.getuid?.() ?? 0}`;
  if (isOwn(perUser)) return ensurePrivate(join(perUser, 'skiff'));
  const boot = bootId(env).slice(0, 8);
  return ensurePrivate(join(env.TMPDIR ?? '/tmp', `skiff-${process.getuid?.() ?? 0}-${boot}`));
}

function isOwn(path: string): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

function ensurePrivate(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new EngineError('ERR_RUN_FOLDER', `Cannot make the run folder "${path}": ${errnoOf(error) ?? 'unknown error'}`, {
      hint: 'Set SKIFF_RUNROOT to a folder of yours on a local disk',
      cause: error,
    });
  }
  const stat = lstatSync(path);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.()) {
    throw new EngineError('ERR_RUN_FOLDER', `Refuse the run folder "${path}": it belongs to user ${stat.uid}, not to you`, {
      hint: 'Set SKIFF_RUNROOT to a folder of yours on a local disk',
    });
  }
  return path;
}
