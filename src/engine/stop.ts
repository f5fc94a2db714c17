// Bringing containers down. The supervisor is asked first; one that does not answer is killed, and the kernel takes the rest with it:
// afterwards the container's lock is free, whatever state it was in.
import { askSupervisor, SupervisorGone } from '../runtime/control-client.ts';
import { copierOf, supervisorOf } from '../runtime/find-supervisor.ts';
import { DEFAULT_STOP_SECONDS } from '../runtime/messages.ts';
import { type ContainerView, findContainer, isRunning } from '../storage/container.ts';
import type { ContainerStatus } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { kill as sendSignal } from '../sys/process.ts';
import { SIGKILL, signalNumber } from '../sys/signals.ts';

export interface StopOptions {
  /** Default: the container's own, else SIGTERM. */
  signal?: string;
  /** Seconds before SIGKILL; negative waits for ever. Default: the container's own, else 10. */
  timeoutSeconds?: number;
  /** It is started again next: not even one with --rm is removed. */
  keep?: boolean;
}

/** `restarting` too: a kill in the pause before a restart is the end of the loop. */
const KILLABLE: readonly ContainerStatus[] = ['running', 'paused', 'restarting'];
/** How long a supervisor may take to open its socket. */
const SOCKET_MS = 3000;
/** What a supervisor needs at most, beside the stop timeout, to write the end down. */
const GRACE_MS = 15_000;

/** Stops the container; one that is not running is left as it is. Throws ERR_NO_SUCH_CONTAINER, ERR_BAD_SIGNAL, ERR_CANNOT_STOP. */
export async function stopContainer(ctx: Ctx, wanted: string, options: StopOptions = {}): Promise<ContainerView> {
  if (options.signal !== undefined) signalNumber(options.signal);
  const view = findContainer(ctx, wanted);
  if (isRunning(ctx, view.record.Id)) await bringDown(ctx, view, options);
  return view;
}

/** Sends a signal, SIGKILL by default, without waiting for what it does. Throws ERR_NOT_RUNNING in Docker's words. */
export async function killContainer(ctx: Ctx, wanted: string, signal = 'SIGKILL'): Promise<ContainerView> {
  const number = signalNumber(signal);
  const view = findContainer(ctx, wanted);
  const { Id } = view.record;
  if (!KILLABLE.includes(view.state.Status)) throw notRunning(wanted, Id);
  try {
    await askSupervisor(ctx, Id, { type: 'kill', signal });
  } catch (error) {
    if (!(error instanceof SupervisorGone)) throw error;
    if (isRunning(ctx, Id) && number === SIGKILL) await killSupervisor(ctx, view);
  }
  if (number === SIGKILL) await waitUntilDown(ctx, Id, GRACE_MS);
  return view;
}

/** Kills what runs of the container, which is removed next. */
export async function forceDown(ctx: Ctx, view: ContainerView): Promise<void> {
  await bringDown(ctx, view, { signal: 'SIGKILL', timeoutSeconds: 0, isRemoved: true });
}

/** Resolves to whether the container's lock became free within `timeoutMs`. */
export async function waitUntilDown(ctx: Ctx, id: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(ctx, id)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(2);
  }
  return true;
}

async function bringDown(ctx: Ctx, view: ContainerView, options: StopOptions & { isRemoved?: boolean }): Promise<void> {
  const { Id, Config } = view.record;
  const seconds = options.timeoutSeconds ?? Config.StopTimeout ?? DEFAULT_STOP_SECONDS;
  const lateAt = performance.now() + SOCKET_MS;
  for (;;) {
    try {
      const asked = askSupervisor(ctx, Id, { type: 'stop', ...options });
      await (seconds < 0 ? asked : Promise.race([asked, deadline(seconds * 1000 + GRACE_MS)]));
      break;
    } catch (error) {
      if (!(error instanceof SupervisorGone)) throw error;
      // It is on its way out, or has not opened its socket yet: a moment, then by force.
      if (await waitUntilDown(ctx, Id, 20)) return;
      // A copy has no socket that could still open.
      if (performance.now() < lateAt && !isOnlyCopied(Id)) continue;
      await killSupervisor(ctx, view, options);
      return;
    }
  }
  if (!(await waitUntilDown(ctx, Id, GRACE_MS))) await killSupervisor(ctx, view, options);
}

const isOnlyCopied = (id: string): boolean => supervisorOf(id) === undefined && copierOf(id) !== undefined;

async function deadline(ms: number): Promise<never> {
  await Bun.sleep(ms);
  throw new SupervisorGone('The supervisor does not answer');
}

async function killSupervisor(ctx: Ctx, view: ContainerView, { isRemoved = false }: { isRemoved?: boolean } = {}): Promise<void> {
  // Known by its arguments, as in `ps`: one that hangs may not have written its pid yet, and a number may be another's by now.
  const supervisor = supervisorOf(view.record.Id);
  const copier = supervisor === undefined ? copierOf(view.record.Id) : undefined;
  // It is down, and copied to or from.
  if (copier !== undefined && !isRemoved) return;
  const pid = supervisor ?? copier ?? 0;
  if (pid > 1 && isRunning(ctx, view.record.Id)) sendSignal(pid, SIGKILL);
  if (await waitUntilDown(ctx, view.record.Id, GRACE_MS)) return;
  throw new EngineError('ERR_CANNOT_STOP', `Cannot stop container "${view.record.Name}": its supervisor (pid ${pid}) does not die`, {
    hint: 'A process in it may wait for a disk or network file system; see "ps -o stat,wchan" of its processes',
  });
}

function notRunning(wanted: string, id: string): EngineError {
  return new EngineError('ERR_NOT_RUNNING', `Cannot kill container: ${wanted}: Container ${id} is not running`);
}
