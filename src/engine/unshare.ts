// `skiff unshare`: a command of the user's in the namespace that containers run in, where they are root over their sub-ids' files and may mount.
// It has a mount namespace of its own, so nothing that it mounts is seen outside or outlives it. Images mounted in it are kept from
// removal by a claim of ours, and what serves them is ended with it: a session has a folder in tmp/, under the claim's name.
// If we die first the session goes on unprotected, and its folder is garbage once it is old.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureUserNamespace, enterArgv } from '../runtime/userns.ts';
import { type Claim, claim, protectedUnder } from '../storage/claim.ts';
import { tmpDir } from '../storage/layout.ts';
import { readJson } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { kill, startTime } from '../sys/process.ts';
import { findProgram, requireProgram } from '../sys/programs.ts';
import { randomHex } from '../sys/random.ts';
import { SIGKILL } from '../sys/signals.ts';
import { deleteInNamespace } from './remove.ts';
import { runJob } from './worker-client.ts';

/** Names the session to the commands in it. */
export const SESSION_VARIABLE = 'SKIFF_UNSHARE';

export interface Session {
  name: string;
  /** Holds a folder for each mounted image. */
  folder: string;
}

/** Runs `argv`, the user's shell when it is empty, on our own terminal, and returns its exit code. Throws ERR_NO_COMMAND (127). */
export async function runUnshared(ctx: Ctx, argv: readonly string[]): Promise<number> {
  const command = argv.length > 0 ? [...argv] : [ctx.env.SHELL || '/bin/sh'];
  const [program = ''] = command;
  if (findProgram(ctx.env, program) === undefined) {
    throw new EngineError('ERR_NO_COMMAND', `Cannot run "${program}": executable file not found in $PATH`, {
      hint: 'Inside "skiff unshare" the files are those of the host, not of an image',
      exitCode: 127,
    });
  }
  requireProgram(ctx.env, 'unshare', 'which makes the mount namespace');
  const namespace = await ensureUserNamespace(ctx);
  const { session, hold } = openSession(ctx);
  try {
    // Mounts made outside come in; none goes out.
    const unshare = ['unshare', '--mount', '--propagation', 'slave', '--'];
    const child = Bun.spawn([...enterArgv(namespace), ...unshare, ...command], {
      stdio: ['inherit', 'inherit', 'inherit'],
      env: { ...ctx.env, SKIFF_ROOT: ctx.paths.data, SKIFF_RUNROOT: ctx.paths.run, [SESSION_VARIABLE]: session.name },
    });
    return await followed(child);
  } finally {
    await closeSession(ctx, session);
    const kept = protectedUnder(ctx, session.name);
    hold.release();
    // What was removed meanwhile was kept for us alone.
    if (kept.length > 0) await runJob(ctx, { kind: 'sweep', released: kept });
  }
}

/** Keys of the terminal reach the command by themselves; what is sent to us alone is passed on. */
async function followed(child: Bun.Subprocess): Promise<number> {
  const ignore = (): void => {};
  const passOn = (signal: NodeJS.Signals): void => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, ignore);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, passOn);
  try {
    return await child.exited;
  } finally {
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.off(signal, ignore);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, passOn);
  }
}

function openSession(ctx: Ctx): { session: Session; hold: Claim } {
  for (;;) {
    const name = `unshare-${randomHex(6)}`;
    const hold = claim(ctx, name);
    if (!hold) continue;
    const folder = join(tmpDir(ctx), name);
    mkdirSync(folder, { mode: 0o700 });
    return { session: { name, folder }, hold };
  }
}

async function closeSession(ctx: Ctx, { folder }: Session): Promise<void> {
  for (const name of readdirSync(folder)) endServer(join(folder, name));
  // A background process of the session may still have its mounts: they are not seen here.
  await deleteInNamespace(ctx, [folder]);
}

/** Ends the process that serves a mount, where one does (fuse-overlayfs). */
export function endServer(folder: string): void {
  const server = readJson(join(folder, 'server.json')) as { pid?: number; started?: string } | undefined;
  if (typeof server?.pid === 'number' && server.started !== undefined && startTime(server.pid) === server.started)
    kill(server.pid, SIGKILL);
}
