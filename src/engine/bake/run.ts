// Builds a plan's targets side by side, each as a build of its own: what they have in common is made once, since the cache lets one build wait for the
// other's step. A target whose context is another target begins when that one's image is there. The first failure ends the others.
import { referencesOf } from '../../storage/image.ts';
import { imageIds } from '../../storage/image-record.ts';
import type { Ctx } from '../../sys/context.ts';
import type { BuildEvent, BuildResult } from '../build/model.ts';
import { createSlots } from '../build/slots.ts';
import { buildImage } from '../build.ts';
import type { BakePlan } from './model.ts';
import { type BakeCommon, type TargetBuild, targetBuild } from './request.ts';

export interface BakeOptions extends BakeCommon {
  onEvent: (target: string, event: BuildEvent) => void;
  signal: AbortSignal;
  /** An open file for what an output with `dest=-` writes. */
  stdout: number | undefined;
}

/** Builds that run at once: each has a process and its own steps. */
const AT_ONCE = 4;

/** The results by target, linked ones not among them. Throws the first failure. */
export async function bakeTargets(ctx: Ctx, plan: BakePlan, options: BakeOptions): Promise<Record<string, BuildResult>> {
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  const prepared = new Map<string, TargetBuild>();
  const before = new Set(imageIds(ctx));
  const made: string[] = [];
  try {
    // What cannot be asked for is said before anything is built.
    for (const target of plan.targets) prepared.set(target.name, await targetBuild(ctx, target, options));
    const slots = createSlots(AT_ONCE);
    const results = new Map<string, Promise<BuildResult>>();
    const build = (name: string): Promise<BuildResult> => {
      const begun = results.get(name) ?? buildOne(name);
      results.set(name, begun);
      return begun;
    };
    const buildOne = async (name: string): Promise<BuildResult> => {
      const { request, links, isLinked } = prepared.get(name) as TargetBuild;
      const linked = new Map<string, BuildResult>(
        await Promise.all(links.map(async (link) => [`target:${link}`, await build(link)] as const)),
      );
      const contexts = Object.entries(request.namedContexts).map(([key, value]) => [key, imageOf(linked.get(value)) ?? value]);
      const asked = { ...request, namedContexts: Object.fromEntries(contexts) };
      const { onEvent, stdout } = options;
      const result = await slots.run(() => buildImage(ctx, asked, { onEvent: (event) => onEvent(name, event), signal, stdout }));
      if (isLinked && result.id !== undefined && !before.has(result.id)) made.push(result.id);
      return result;
    };
    const all = plan.targets.map(async ({ name }) => {
      try {
        return await build(name);
      } catch (error) {
        failing.abort(error);
        throw error;
      }
    });
    await Promise.allSettled(all);
    if (failing.signal.aborted) throw failing.signal.reason;
    return Object.fromEntries(
      await Promise.all(plan.targets.filter(({ isLinked }) => !isLinked).map(async ({ name }) => [name, await build(name)])),
    );
  } finally {
    for (const { agents } of prepared.values()) agents.close();
    await dropImages(ctx, made);
  }
}

/** By its id, which no other build can move as it could a name. */
const imageOf = (result: BuildResult | undefined): string | undefined =>
  result?.id === undefined ? undefined : `docker-image://${result.id}`;

/** What only other targets needed: its layers stay with the cache. One that has got a name meanwhile, or a container, stays whole. */
async function dropImages(ctx: Ctx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { removeImage } = await import('../remove-image.ts');
  for (const id of ids) if (referencesOf(ctx, id).length === 0) await removeImage(ctx, id).catch(() => undefined);
}
