// Brings back what a reboot, a logout or a killed supervisor took down: run by the unit or crontab line of `enable-boot`, by hand, or by
// any command with --restore. Safe to run twice at once: whether a container is due is asked again under its lock, and its supervisor
// writes the boot id first of all, so one that fails is not tried again in this boot.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerView, lastState, listContainers, readContainer } from '../storage/container.ts';
import { writeFileAtomic } from '../sys/atomic.ts';
import { bootId } from '../sys/boot.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { removeContainer } from './remove.ts';
import { type Candidate, inOrder, isDue, isOverdue } from './restore-plan.ts';
import { startContainer } from './start.ts';

export type Restored = { name: string; outcome: 'started' | 'removed' } | { name: string; outcome: 'failed'; error: unknown };

/** Starts are work for the machine: more at once would not be faster. */
const AT_ONCE = 4;

/** Starts every container that should run, tells of each as it is done, and lets no failure stop the others. */
export async function restoreContainers(ctx: Ctx, onOutcome: (restored: Restored) => void): Promise<void> {
  const boot = bootId(ctx.env);
  const candidates = listContainers(ctx).map((view) => candidateOf(ctx, view));
  const due = candidates.filter((candidate) => isDue(candidate, boot)).map(({ view }) => view);
  const overdue = candidates.filter((candidate) => isOverdue(candidate, boot)).map(({ view }) => view);
  for (const group of [...inOrder(due), overdue]) {
    const waiting = [...group];
    const lane = async (): Promise<void> => {
      for (let view = waiting.shift(); view; view = waiting.shift()) {
        const outcome = group === overdue ? await removeOne(ctx, view) : await startOne(ctx, view, boot);
        if (outcome) onOutcome(outcome);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }
  noteRestored(ctx, boot);
}

/** `restoreContainers`, unless that was done in this boot. */
export async function restoreOncePerBoot(ctx: Ctx, onOutcome: (restored: Restored) => void): Promise<void> {
  if (readNote(ctx) !== bootId(ctx.env)) await restoreContainers(ctx, onOutcome);
}

async function startOne(ctx: Ctx, view: ContainerView, boot: string): Promise<Restored | undefined> {
  const { Id, Name: name } = view.record;
  const isWanted = (): boolean => {
    const now = readContainer(ctx, Id);
    return now !== undefined && isDue(candidateOf(ctx, now), boot);
  };
  try {
    return (await startContainer(ctx, Id, { isWanted })) ? { name, outcome: 'started' } : undefined;
  } catch (error) {
    return failed(name, error);
  }
}

async function removeOne(ctx: Ctx, { record: { Id, Name: name } }: ContainerView): Promise<Restored | undefined> {
  try {
    await removeContainer(ctx, Id, { volumes: true });
    return { name, outcome: 'removed' };
  } catch (error) {
    return failed(name, error);
  }
}

// One that another command removed meanwhile is nobody's failure.
function failed(name: string, error: unknown): Restored | undefined {
  return error instanceof EngineError && error.code === 'ERR_NO_SUCH_CONTAINER' ? undefined : { name, outcome: 'failed', error };
}

const candidateOf = (ctx: Ctx, view: ContainerView): Candidate => ({ view, written: lastState(ctx, view.record.Id) });

const notePath = (ctx: Pick<Ctx, 'paths'>): string => join(ctx.paths.data, 'restored');

function readNote(ctx: Ctx): string | undefined {
  try {
    return readFileSync(notePath(ctx), 'utf8').trim();
  } catch {
    return undefined;
  }
}

// Only a shortcut: without it the containers are looked at once more.
function noteRestored(ctx: Ctx, boot: string): void {
  try {
    writeFileAtomic(notePath(ctx), `${boot}\n`, { durable: false, createFolder: false });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
