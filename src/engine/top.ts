// `top`: the machine's own ps, asked about the processes of one container, so that every option and column of it works. The pids are the
// machine's. Without a ps, the default columns come from /proc.
import { cgroup2Mount } from '../runtime/cgroup-tree.ts';
import { processesOfCgroup, processesOfContainer } from '../runtime/usage-processes.ts';
import { type ContainerView, findContainer } from '../storage/container.ts';
import { recordContainerEvent } from '../storage/events.ts';
import type { ContainerState } from '../storage/records.ts';
import { childEnv } from '../sys/child-env.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { findProgram, installCommand } from '../sys/programs.ts';
import { type ProcessTable, parsePs } from './top/ps-output.ts';

/** What Docker asks for. */
const DEFAULT_OPTIONS: readonly string[] = ['-ef'];

/**
 * The container's processes as ps tells of them with `options`. Throws ERR_NO_SUCH_CONTAINER, ERR_NOT_RUNNING, ERR_RESTARTING, ERR_PS_OPTION,
 * ERR_PS with what ps says, ERR_NO_PROGRAM.
 */
export async function containerProcesses(ctx: Ctx, wanted: string, options: readonly string[]): Promise<ProcessTable> {
  // As Docker does, which gets them as one text.
  const words = options.length === 0 ? DEFAULT_OPTIONS : options.join(' ').split(' ');
  refuseForgedPid(words);
  const view = findContainer(ctx, wanted);
  requireRunning(view);
  const pids = processesOf(view.state);
  const table = await tableOf(ctx, words, pids);
  recordContainerEvent(ctx, view.record, 'top');
  return table;
}

// Another column under the name of PID would have us pick other processes than the container's.
function refuseForgedPid(words: readonly string[]): void {
  for (const [, column = '', name] of ` ${words.join(' ')}`.matchAll(/\s+(\S*)=\s*(PID\S*)/g)) {
    if (column !== 'pid') throw new EngineError('ERR_PS_OPTION', `specifying "${column}=${name}" is not allowed`);
  }
}

function requireRunning({ record, state }: ContainerView): void {
  if (state.Status === 'restarting') {
    throw new EngineError('ERR_RESTARTING', `Container ${record.Id} is restarting, wait until the container is running`);
  }
  if (state.Status === 'running' || state.Status === 'paused') return;
  throw new EngineError('ERR_NOT_RUNNING', `container ${record.Id} is not running`, { hint: `skiff start ${record.Name}` });
}

function processesOf({ CgroupPath, Pid }: ContainerState): ReadonlySet<number> {
  const root = CgroupPath ? cgroup2Mount() : undefined;
  return new Set(root === undefined ? processesOfContainer(Pid) : processesOfCgroup(`${root}${CgroupPath}`));
}

async function tableOf(ctx: Ctx, words: readonly string[], pids: ReadonlySet<number>): Promise<ProcessTable> {
  const program = findProgram(ctx.env, 'ps');
  const isDefault = words.join(' ') === DEFAULT_OPTIONS.join(' ');
  if (!program && !isDefault) {
    throw new EngineError('ERR_NO_PROGRAM', 'Cannot find the program "ps", which top with options needs', {
      hint: `Install it: ${installCommand('procps')}`,
    });
  }
  // With some options ps takes no list of pids; then it lists all there are, and the container's are picked out.
  const said = program ? (ps(ctx, [program, ...words, `-q${[...pids].join(',')}`]) ?? ps(ctx, [program, ...words])) : undefined;
  if (said?.code === 0) return parsePs(said.stdout, pids);
  if (isDefault) return (await import('./top/proc-table.ts')).procTable(pids);
  throw new EngineError('ERR_PS', said?.stderr.split('\n')[0] || 'error running ps', {
    hint: 'See "man ps" for the options that there are',
  });
}

function ps(ctx: Ctx, command: string[]): { code: number; stdout: string; stderr: string } | undefined {
  // ps cuts its lines off at the width that is told by these.
  const { COLUMNS: _columns, LINES: _lines, ...env } = childEnv(ctx.env);
  const done = Bun.spawnSync(command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const isList = command.at(-1)?.startsWith('-q') ?? false;
  if (done.exitCode !== 0 && isList) return undefined;
  return { code: done.exitCode, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
}
