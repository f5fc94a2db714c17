// What containers use, now and again. The share of the CPUs is what was used between two looks; everything else is as it stands. Nothing is
// locked and no process is started, so a look at fifty containers costs a few milliseconds.
import { cpuTimeOf, type Usage, usageOf } from '../runtime/usage.ts';
import { type ContainerView, containerIds, findContainer, readContainer } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';

export interface ContainerStats {
  id: string;
  name: string;
  /** As the user called it; else the id. */
  called: string;
  /** RFC 3339. */
  created: string;
  /** Undefined when it does not run. */
  usage?: Usage & { cpuPercent: number };
}

export interface StatsOptions {
  /** Without names all that run are meant. */
  names: readonly string[];
  /** Those that do not run too. */
  all: boolean;
}

const INTERVAL_MS = 1000;

/**
 * Milliseconds between the first two looks. The kernel books CPU time every few milliseconds, so the longer the truer; who looks at many
 * wants to know which of them is busy, and not to wait.
 */
const firstWait = (containers: number): number => (containers === 0 ? 0 : Math.max(200 / containers, 15));

/**
 * A look at the containers each second, newest container first, or in the order of the names. Ends when all that were named have been
 * removed. Throws ERR_NO_SUCH_CONTAINER before the first look.
 */
export async function* watchStats(ctx: Ctx, { names, all }: StatsOptions): AsyncGenerator<ContainerStats[]> {
  const named = names.map((name) => ({ name, id: findContainer(ctx, name).record.Id }));
  const look = (): Iterable<Called> => (named.length > 0 ? lookAt(ctx, named) : lookAround(ctx, all));
  let seen: Called[] = [];
  let before = new Map<string, CpuTime>();
  const began = performance.now();
  for (const one of look()) {
    seen.push(one);
    const usec = isUp(one.view) ? cpuTimeOf(one.view) : undefined;
    if (usec !== undefined) before.set(runOf(one.view), { usec, at: performance.now() });
  }
  // They are looked at in the same order the next time: what the first round took is waited already.
  await Bun.sleep(Math.max(firstWait(before.size) - (performance.now() - began), 0));
  for (;;) {
    const now = new Map<string, CpuTime>();
    const stats: ContainerStats[] = [];
    for (const { view, called } of seen) {
      const usage = isUp(view) ? usageOf(view) : undefined;
      // It ended between the two: without a name, or --all, it is not shown any more.
      if (!usage && named.length === 0 && !all) continue;
      const row = { id: view.record.Id, name: view.record.Name, called, created: view.record.Created };
      if (!usage) {
        stats.push(row);
        continue;
      }
      const time = { usec: usage.cpuUsec, at: performance.now() };
      now.set(runOf(view), time);
      stats.push({ ...row, usage: { ...usage, cpuPercent: percentBetween(before.get(runOf(view)), time) } });
    }
    before = now;
    yield named.length > 0 ? stats : stats.toSorted((a, b) => Date.parse(b.created) - Date.parse(a.created));
    await Bun.sleep(INTERVAL_MS);
    seen = [...look()];
    if (seen.length === 0 && named.length > 0) return;
  }
}

interface CpuTime {
  usec: number;
  /** Milliseconds, of the monotonic clock. */
  at: number;
}

interface Called {
  view: ContainerView;
  called: string;
}

const isUp = ({ state }: ContainerView): boolean => state.Pid > 0 && (state.Status === 'running' || state.Status === 'paused');

/** A restart begins its count anew. */
const runOf = ({ record, state }: ContainerView): string => `${record.Id} ${state.Pid} ${state.StartedAt}`;

function percentBetween(before: CpuTime | undefined, now: CpuTime): number {
  if (!before || now.at <= before.at) return 0;
  return Math.max(((now.usec - before.usec) / 1000 / (now.at - before.at)) * 100, 0);
}

function* lookAt(ctx: Ctx, named: readonly { name: string; id: string }[]): Generator<Called> {
  for (const { name, id } of named) {
    const view = readContainer(ctx, id);
    if (view) yield { view, called: name };
  }
}

function* lookAround(ctx: Ctx, all: boolean): Generator<Called> {
  for (const id of containerIds(ctx)) {
    const view = readContainer(ctx, id);
    if (view && (all || isUp(view))) yield { view, called: id };
  }
}
