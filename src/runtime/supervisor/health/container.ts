// The health of one run of a container: its state on disk, its events and its checks, from the start to the end of the run.
import type { HealthState } from '../../../storage/records.ts';
import type { Ctx } from '../../../sys/context.ts';
import { startTime } from '../../../sys/process.ts';
import { randomHex } from '../../../sys/random.ts';
import { describeExec } from '../../exec-process.ts';
import type { HealthPlan } from '../../health-plan.ts';
import type { RuntimeCall } from '../crun.ts';
import { runCheck } from './check.ts';
import { type HealthMonitor, monitorHealth } from './monitor.ts';
import { atStart, type CheckRecord } from './rules.ts';

export interface ContainerHealth {
  state(): HealthState;
  /** Starts, or goes on, to check. */
  begin(): void;
  /** Checks at once; the exit code, or undefined when nothing is checked now. */
  checkNow(): Promise<number | undefined>;
  /** No checks until `begin`; resolves when the one that runs has been ended. */
  rest(): Promise<void>;
  /** The run is over: nothing is checked any more. Resolves with what is left to be saved. */
  end(): Promise<HealthState>;
}

export interface HealthSurroundings {
  ctx: Ctx;
  call: RuntimeCall;
  scratch: string;
  /** The container's init. */
  pid: number;
  /** When it was started, by `performance.now()`. */
  startedMs: number;
  /** What the run before left. */
  before: HealthState | undefined;
  save(health: HealthState): void;
  tell(action: string, attributes?: Record<string, string>): void;
  /** Called when it becomes unhealthy. */
  onUnhealthy(): void;
}

/** The health of a run that starts now; nothing is checked before `begin`. */
export function containerHealth(plan: HealthPlan, site: HealthSurroundings): ContainerHealth {
  let health = atStart(site.before);
  let monitor: HealthMonitor | undefined;
  let isOver = false;
  const update = (next: HealthState): void => {
    const isNew = next.Status !== health.Status;
    health = next;
    site.save(health);
    if (!isNew) return;
    site.tell(`health_status: ${health.Status}`);
    if (health.Status === 'unhealthy') site.onUnhealthy();
  };
  const rest = async (): Promise<void> => {
    const ending = monitor;
    monitor = undefined;
    await ending?.stop();
  };
  return {
    state: () => health,
    begin: () => {
      if (isOver) return;
      monitor ??= monitorHealth({
        plan,
        startedMs: site.startedMs,
        now: () => site.ctx.now(),
        health: () => health,
        check: (signal) => check(plan, site, signal),
        isAlive: () => startTime(site.pid) !== undefined,
        update,
      });
    },
    checkNow: async () => monitor?.checkNow(),
    rest,
    end: async () => {
      isOver = true;
      await rest();
      // As Docker: what is not checked any more is not healthy.
      return { ...health, Status: 'unhealthy' };
    },
  };
}

async function check(plan: HealthPlan, site: HealthSurroundings, signal: AbortSignal): Promise<Pick<CheckRecord, 'exitCode' | 'output'>> {
  const { ctx, call, scratch, pid } = site;
  const execID = randomHex(32);
  const text = plan.command.join(' ');
  site.tell(`exec_create: ${text}`, { execID });
  const process = describeExec(ctx, { id: call.id, pid }, { command: plan.command });
  site.tell(`exec_start: ${text}`, { execID });
  const result = await runCheck({ call, process, scratch, timeoutMs: plan.timeoutMs, signal });
  site.tell('exec_die', { execID, exitCode: String(result.exitCode === -1 ? 137 : result.exitCode) });
  return result;
}
