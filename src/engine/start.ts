// Starts a container: takes its lock, hands it to a new supervisor, and waits until that says that the container runs. The lock is
// never free in between: the supervisor inherits the very open file that was locked here.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { scopeArgv } from '../runtime/cgroup.ts';
import { receivedError } from '../runtime/control-client.ts';
import { endRemains } from '../runtime/family.ts';
import type { StartEvent } from '../runtime/messages.ts';
import { openSharedNetns } from '../runtime/network/shared-netns.ts';
import { holdUplink } from '../runtime/network/uplink-hold.ts';
import { choosePidNamespace, ownNamespacesArgv, type PidNamespaceStep } from '../runtime/pid-namespace.ts';
import { sharesPids } from '../runtime/spec/namespaces.ts';
import { TIDIES_ITSELF } from '../runtime/supervisor/tidy.ts';
import { ensureUserNamespace, type UserNamespace } from '../runtime/userns.ts';
import { type ContainerView, findContainer, lastState, readContainer } from '../storage/container.ts';
import { containerDir, containerLockPath, containerRunDir } from '../storage/layout.ts';
import type { ContainerRecord } from '../storage/records.ts';
import { childEnv } from '../sys/child-env.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { type Lock, tryLock } from '../sys/lock.ts';
import { selfCommand } from '../sys/self.ts';
import { clearCgroup } from './clear-cgroup.ts';

export interface StartOptions {
  /** Called when everything is set up, before the program runs; it has to attach with `start`. */
  onReady?: () => Promise<void>;
  /** Asked under the container's lock; false leaves the container as it is. */
  isWanted?: () => boolean;
}

/** How long another command may take with the container before we say so. */
const OUTCOME_MS = 60_000;

/** Starts the container and resolves once its program runs; false when it was running already, or is not wanted. Throws why it could not start. */
export async function startContainer(ctx: Ctx, wanted: string, options: StartOptions = {}): Promise<boolean> {
  const { record } = findContainer(ctx, wanted);
  const id = record.Id;
  const namespace = await ensureUserNamespace(ctx);
  // A pid namespace can be joined from one above it alone: so the supervisor stays in the host's, and keeps the processes together itself.
  const step = sharesPids(record.HostConfig) ? 'shared' : choosePidNamespace(ctx, namespace).step;
  const lock = await takeLock(ctx, wanted, id);
  if (!lock) return false;
  if (options.isWanted?.() === false) {
    lock.release();
    return false;
  }
  const last = lastState(ctx, id);
  await endRemains(id, last);
  if (last?.CgroupPath) await clearCgroup(record, last);
  mkdirSync(containerRunDir(ctx, id), { recursive: true, mode: 0o700 });
  const release = await holdUplink(ctx, record, namespace).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  try {
    return await launchSomehow(ctx, { id, namespace, step, lock }, record, options);
  } finally {
    release();
  }
}

async function launchSomehow(ctx: Ctx, site: LaunchSite, record: ContainerRecord, options: StartOptions): Promise<boolean> {
  const scope = scopeArgv(ctx, record);
  if (await launch(ctx, site, scope, options)) return true;
  const words = lastWords(supervisorLog(ctx, site.id));
  ctx.warn(`The container runs without a scope of systemd's, which systemd-run could not make${words}`);
  return launch(ctx, site, [], options);
}

interface LaunchSite {
  id: string;
  namespace: UserNamespace;
  step: PidNamespaceStep;
  /** Released once the supervisor has it. */
  lock: Lock;
}

/** Starts the supervisor, behind `scope`, and follows it until the container runs. False: the scope could not be made. */
async function launch(ctx: Ctx, { id, namespace, step, lock }: LaunchSite, scope: string[], options: StartOptions): Promise<boolean> {
  const logPath = supervisorLog(ctx, id);
  const errors = openSync(logPath, 'w', 0o600);
  const netns = openSharedNetns(namespace);
  const supervisor = Bun.spawn(
    [...scope, ...ownNamespacesArgv(namespace, step), ...selfCommand(), '__supervise', id, options.onReady ? 'attach' : 'detached'],
    {
      stdio: ['ignore', 'pipe', errors, lock.fd, netns],
      cwd: '/',
      detached: true,
      env: { ...childEnv(ctx.env), ...TIDIES_ITSELF, SKIFF_ROOT: ctx.paths.data, SKIFF_RUNROOT: ctx.paths.run },
    },
  );
  closeSync(errors);
  closeSync(netns);
  try {
    const events = startEvents(supervisor.stdout);
    if (scope.length > 0 && (await events.next()).done) return false;
    lock.release();
    await followStart(ctx, events, options, () => lastWords(logPath));
    return true;
  } finally {
    supervisor.unref();
  }
}

const supervisorLog = (ctx: Ctx, id: string): string => join(containerDir(ctx, id), 'supervisor.log');

/**
 * The container's lock, or undefined when it runs. Who else holds it is starting the container, removing it or on its way out: the
 * outcome of that is waited for. Throws ERR_NO_SUCH_CONTAINER when it is gone by then, ERR_BUSY when it takes too long.
 */
async function takeLock(ctx: Ctx, wanted: string, id: string): Promise<Lock | undefined> {
  const path = containerLockPath(ctx, id);
  const deadline = performance.now() + OUTCOME_MS;
  for (;;) {
    const lock = tryLock(path);
    const view = readContainer(ctx, id);
    if (!view) {
      // The lock file may be our own making: of a container that is gone nothing is left.
      if (lock) rmSync(path, { force: true });
      lock?.release();
      throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${wanted}`, { hint: 'List what there is: skiff ps -a' });
    }
    if (lock) return lock;
    if (view.state.Status === 'paused') {
      throw new EngineError('ERR_PAUSED', 'cannot start a paused container, try unpause instead', {
        hint: `skiff unpause ${view.record.Name}`,
      });
    }
    if (!isDown(view)) return undefined;
    if (performance.now() > deadline) throw busy(view.record.Name);
    await Bun.sleep(5);
  }
}

const isDown = ({ state }: ContainerView): boolean => state.Status === 'created' || state.Status === 'exited';

const busy = (name: string): EngineError =>
  new EngineError('ERR_BUSY', `Cannot start container "${name}": another command has been starting or removing it for a minute`, {
    hint: `Wait for that command, or end the container: skiff rm -f ${name}`,
  });

async function followStart(
  ctx: Ctx,
  events: AsyncGenerator<StartEvent>,
  { onReady }: StartOptions,
  lastWordsOf: () => string,
): Promise<void> {
  for await (const event of events) {
    if (event.type === 'warning') ctx.warn(event.message);
    else if (event.type === 'ready') await onReady?.();
    else if (event.type === 'started') return;
    else if (event.type === 'failed') throw receivedError(event);
  }
  throw new EngineError('ERR_SUPERVISOR_DIED', `The container's supervisor died while it started it${lastWordsOf()}`, { exitCode: 125 });
}

async function* startEvents(output: ReadableStream<Uint8Array>): AsyncGenerator<StartEvent> {
  const reader = output.getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += Buffer.from(value).toString();
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const event = JSON.parse(text.slice(0, end)) as StartEvent;
        text = text.slice(end + 1);
        yield event;
      }
    }
  } finally {
    void reader.cancel();
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
