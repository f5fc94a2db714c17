// Starts a container: takes its lock, hands it to a new supervisor, and waits until that says that the container runs. The lock is
// never free in between: the supervisor inherits the very open file that was locked here.
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scopeArgv } from '../runtime/cgroup.ts';
import { receivedError } from '../runtime/control-client.ts';
import { endRemains } from '../runtime/family.ts';
import type { StartEvent } from '../runtime/messages.ts';
import { choosePidNamespace } from '../runtime/pid-namespace.ts';
import { ensureUserNamespace, enterArgv } from '../runtime/userns.ts';
import { findContainer, lastState } from '../storage/container.ts';
import { containerDir, containerLockPath, containerRunDir } from '../storage/layout.ts';
import { childEnv } from '../sys/child-env.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { tryLock } from '../sys/lock.ts';
import { selfCommand } from '../sys/self.ts';
import { isStillRunning } from './stop.ts';

export interface StartOptions {
  /** Called when everything is set up, before the program runs; it has to attach with `start`. */
  onReady?: () => Promise<void>;
}

/** Starts the container and resolves once its program runs; false when it was running already. Throws why it could not start. */
export async function startContainer(ctx: Ctx, wanted: string, options: StartOptions = {}): Promise<boolean> {
  const { record } = findContainer(ctx, wanted);
  const id = record.Id;
  const namespace = await ensureUserNamespace(ctx);
  const { step } = choosePidNamespace(ctx, namespace);
  if (await isStillRunning(ctx, id)) return false;
  const lock = tryLock(containerLockPath(ctx, id));
  if (!lock) return false;
  await endRemains(id, lastState(ctx, id));
  mkdirSync(containerRunDir(ctx, id), { recursive: true, mode: 0o700 });
  const logPath = join(containerDir(ctx, id), 'supervisor.log');
  const errors = openSync(logPath, 'w', 0o600);
  const supervisor = Bun.spawn(
    [
      ...scopeArgv(ctx, id),
      ...enterArgv(namespace),
      ...['unshare', '--mount', '--propagation', 'slave'],
      // PID 1 of a pid namespace: when it dies, however it dies, the kernel kills all that it started.
      ...(step === 'own' ? ['--pid', '--fork', '--kill-child=SIGKILL'] : []),
      '--',
      ...selfCommand(),
      '__supervise',
      id,
      options.onReady ? 'attach' : 'detached',
    ],
    {
      stdio: ['ignore', 'pipe', errors, lock.fd],
      cwd: '/',
      detached: true,
      env: { ...childEnv(ctx.env), SKIFF_ROOT: ctx.paths.data, SKIFF_RUNROOT: ctx.paths.run },
    },
  );
  lock.release();
  closeSync(errors);
  try {
    await followStart(ctx, supervisor.stdout, options, () => lastWords(logPath));
    return true;
  } finally {
    supervisor.unref();
  }
}

async function followStart(
  ctx: Ctx,
  output: ReadableStream<Uint8Array>,
  { onReady }: StartOptions,
  lastWordsOf: () => string,
): Promise<void> {
  const reader = output.getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      throw new EngineError('ERR_SUPERVISOR_DIED', `The container's supervisor died while it started it${lastWordsOf()}`, {
        exitCode: 125,
      });
    }
    text += Buffer.from(value).toString();
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const event = JSON.parse(text.slice(0, end)) as StartEvent;
      text = text.slice(end + 1);
      if (event.type === 'warning') ctx.warn(event.message);
      else if (event.type === 'ready') await onReady?.();
      else if (event.type === 'started') return void reader.cancel();
      else throw receivedError(event);
    }
  }
}

function lastWords(path: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? '' : `: ${text.split('\n').at(-1)}`;
  } catch {
    return '';
  }
}
