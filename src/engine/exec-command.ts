// The command that adds a process to a running container: nsenter into its supervisor's namespaces, then the runtime's `exec`. What is to be
// run is described in a file without a name, which goes with the last of us however we end.
import { closeSync, openSync, readlinkSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinArgv } from '../runtime/cgroup.ts';
import { askForProcess, SupervisorGone } from '../runtime/control-client.ts';
import { describeExec, type ExecRequest } from '../runtime/exec-process.ts';
import type { OciProcess } from '../runtime/spec/types.ts';
import { runtimeStateRoot } from '../runtime/supervisor/crun.ts';
import { type ContainerView, findContainer, readContainer } from '../storage/container.ts';
import { type RecordedExec, recordExec } from '../storage/container-execs.ts';
import { containerRunDir } from '../storage/layout.ts';
import type { ContainerRecord } from '../storage/records.ts';
import { childEnv } from '../sys/child-env.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { enterProcessArgv } from '../sys/process.ts';

export interface ExecOptions extends ExecRequest {
  detach?: boolean;
  /** Where the runtime is to send the terminal's master. */
  consoleSocket?: string;
}

export interface ExecCommand {
  recorded: RecordedExec;
  /** Of a container that has removed itself the runtime makes the state folder once more, only to find nothing in it. */
  sweep: () => void;
  /** See `LeftExec`. */
  isForked: boolean;
  argv: string[];
  env: Record<string, string>;
  runtime: string;
  /** To be the child's descriptor 3; close it after the spawn. */
  processFd: number;
}

/** The command that runs `options.command` in the container. Throws ERR_NOT_RUNNING and what is wrong with user or environment. */
export async function execCommand(ctx: Ctx, wanted: string, options: ExecOptions): Promise<ExecCommand> {
  const view = findContainer(ctx, wanted);
  const { record, state } = view;
  const { Id } = record;
  requireRunning(view, wanted);
  const { detach, consoleSocket, ...request } = options;
  const process_ = await describeProcess(ctx, view, request);
  const recorded = recordExec(ctx, record, options.command);
  const runtime = record.HostConfig.Runtime || 'crun';
  const scope = state.CgroupPath ? joinArgv(ctx, state.CgroupPath) : undefined;
  const manager = scope ? 'cgroupfs' : 'disabled';
  const isForked = state.InitStarted === undefined;
  return {
    recorded,
    sweep: () => {
      if (!readContainer(ctx, Id)) rmSync(containerRunDir(ctx, Id), { recursive: true, force: true });
    },
    isForked,
    argv: [
      ...(scope ?? []),
      ...scoreArgv(record.HostConfig.OomScoreAdj),
      ...enterProcessArgv(state.SupervisorPid),
      // A start time is written down where the container has no pid namespace: then there is none to enter.
      ...(isForked ? ['--pid'] : []),
      '--',
      ...[runtime, '--root', runtimeStateRoot(ctx, Id), '--cgroup-manager', manager],
      ...[
        'exec',
        '--process',
        '/proc/self/fd/3',
        ...(consoleSocket ? ['--console-socket', consoleSocket] : []),
        ...(detach ? ['--detach', '--pid-file', recorded.pidFile] : request.tty ? ['--pid-file', recorded.terminalPidFile] : []),
        Id,
      ],
    ],
    env: childEnv(ctx.env),
    runtime,
    processFd: processFile(ctx, record, process_),
  };
}

function requireRunning({ record, state }: ContainerView, wanted: string): void {
  if (state.Status === 'paused') {
    throw new EngineError('ERR_PAUSED', `Container ${wanted} is paused, unpause the container before exec`, {
      hint: `skiff unpause ${record.Name}`,
    });
  }
  if (state.Status === 'restarting') {
    throw new EngineError('ERR_RESTARTING', `Container ${record.Id} is restarting, wait until the container is running`);
  }
  if (state.Status !== 'running') throw notRunning(record);
}

const notRunning = ({ Id, Name }: ContainerRecord): EngineError =>
  new EngineError('ERR_NOT_RUNNING', `container ${Id} is not running`, { hint: `skiff start ${Name}` });

// The runtime gives the score to the container's first process alone; the others inherit it.
const scoreArgv = (score = 0): string[] =>
  score === 0 ? [] : ['sh', '-c', 'echo "$0" >/proc/self/oom_score_adj; exec "$@"', String(score)];

// What the front cannot see it must not judge: the supervisor can.
async function describeProcess(ctx: Ctx, { record, state }: ContainerView, request: ExecRequest): Promise<OciProcess> {
  try {
    if (record.Driver === 'fuse-overlayfs') return await askForProcess(ctx, record.Id, request);
    try {
      return describeExec(ctx, { id: record.Id, pid: state.Pid, isOutside: true, hostConfig: record.HostConfig }, request);
    } catch (error) {
      if (!(error instanceof EngineError) && errnoOf(error) !== 'ENOENT') throw error;
      return await askForProcess(ctx, record.Id, request);
    }
  } catch (error) {
    // A container that has ended meanwhile has no files to find anything in.
    if (error instanceof EngineError || error instanceof SupervisorGone) requireRunning(findContainer(ctx, record.Id), record.Name);
    if (error instanceof SupervisorGone || (error instanceof EngineError && hasEnded(state.Pid))) throw notRunning(record);
    throw error;
  }
}

// Its supervisor may still be delivering what it printed: until that is done, the state says that it runs.
function hasEnded(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/root`);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ENOENT';
  }
}

// An open file without a name: the runtime reads it, and it is gone with the last of us, however we end. A container that has ended by now
// took its folder along.
function processFile(ctx: Ctx, record: ContainerRecord, description: OciProcess): number {
  const path = join(containerRunDir(ctx, record.Id), `exec-${process.pid}.json`);
  try {
    writeFileSync(path, JSON.stringify(description), { mode: 0o600 });
    const fd = openSync(path, 'r');
    unlinkSync(path);
    return fd;
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? notRunning(record) : error;
  }
}

/** Closes what `execCommand` opened. */
export function releaseExec({ processFd }: ExecCommand): void {
  closeSync(processFd);
}
