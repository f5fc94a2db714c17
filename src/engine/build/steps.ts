// A step that may make a layer: found in the cache, or done and remembered. It is looked up by what is known before any file is read, then, where
// that misses, by the contents of the files: a stage that was built anew but came out the same is still a hit.
// Trap: a claim makes builds that run side by side wait for each other's steps, and a slot bounds this build's. Whoever has a slot waits for
// nobody, so the claim is taken first.
import { claim } from '../../storage/claim.ts';
import { digestOf, hexOfDigest } from '../../storage/digest.ts';
import { messageOf } from '../../sys/errors.ts';
import type { BuildSite, BuiltLayer, CacheRecord, StepInputs } from './model.ts';
import { begin, type Solving } from './solving.ts';

export interface LayerStep {
  /** Of this step and no other: equal for two platforms that share it. */
  identity: string;
  /** What progress shows. */
  name: string;
  platform: string;
  /** Of everything that it depends on; undefined where files have to be read to know. */
  key: string | undefined;
  inputs: StepInputs;
  useCache: boolean;
  /** Reads the files: the key by their contents, and what of them counts. */
  plan?: (id: string) => Promise<{ key: string; files: Readonly<Record<string, string>> }>;
  /** Gives an error its place in the Dockerfile. */
  locate: (error: unknown) => unknown;
  /** Does it. `id` is its id in events. */
  work: (id: string) => Promise<BuiltLayer | undefined>;
}

export interface StepResult {
  layer: BuiltLayer | undefined;
  createdAt: string;
  key: string;
}

const PAUSE_MS = 50;

/** Throws what `work` throws, after the other steps have been told to end. */
export function doStep(solving: Solving, step: LayerStep): Promise<StepResult> {
  const { steps } = solving.shared;
  const id = digestOf(step.identity);
  const known = steps.get(id);
  if (known) return known;
  const result = begin(solving, told(solving, { step, id }));
  steps.set(id, result);
  return result;
}

interface Named {
  step: LayerStep;
  id: string;
}

async function told(solving: Solving, named: Named): Promise<StepResult> {
  const { site } = solving;
  const { step, id } = named;
  site.tell({ type: 'step', id, name: step.name, inputs: [], ...(solving.isMulti ? { platform: step.platform } : {}) });
  site.tell({ type: 'started', id, at: Date.now() });
  try {
    site.signal.throwIfAborted();
    const { result, isHit } = await resolve(solving, named);
    site.tell({ type: 'ended', id, at: Date.now(), result: isHit ? 'cached' : 'done' });
    return result;
  } catch (thrown) {
    const isFirst = !site.signal.aborted;
    const error = step.locate(thrown);
    if (isFirst) site.stop(error);
    const said = isFirst ? ({ result: 'failed', error: messageOf(error) } as const) : ({ result: 'canceled' } as const);
    site.tell({ type: 'ended', id, at: Date.now(), ...said });
    throw error;
  }
}

interface Resolved {
  result: StepResult;
  isHit: boolean;
}

async function resolve(solving: Solving, named: Named): Promise<Resolved> {
  const { site } = solving;
  const { step, id } = named;
  if (!step.useCache) {
    explain(site, { id, hit: false, reason: () => 'the cache is not to be used' });
    const key = step.key ?? (await step.plan?.(id))?.key ?? '';
    return { result: await make(solving, named, { keys: [key], inputs: step.inputs }), isHit: false };
  }
  const early = step.key === undefined ? undefined : await site.cache.find(step.key, step.inputs);
  if (early) return hit(solving, id, early);
  const plan = await step.plan?.(id);
  const inputs = plan ? withFiles(step.inputs, plan) : step.inputs;
  const keys = [step.key, plan?.key].filter((key) => key !== undefined);
  const late = plan && (await site.cache.find(plan.key, inputs));
  if (late) return alias(solving, named, { record: late, keys, inputs });
  return underClaim(solving, keys.at(-1) ?? '', async () => {
    // Another build may have done it while we waited.
    const meanwhile = await site.cache.find(keys.at(-1) ?? '', inputs);
    if (meanwhile) return alias(solving, named, { record: meanwhile, keys, inputs });
    explain(site, { id, hit: false, reason: () => site.cache.explain(inputs) });
    return { result: await make(solving, named, { keys, inputs }), isHit: false };
  });
}

/** The list of tens of thousands of files is made when somebody reads it: nobody does where the step is found. */
function withFiles(inputs: StepInputs, plan: { files: Readonly<Record<string, string>> }): StepInputs {
  return {
    ...inputs,
    get files() {
      return plan.files;
    },
  };
}

/** Only --explain wants to know: finding out costs a look at the last time. */
function explain(site: BuildSite, { id, hit, reason }: { id: string; hit: boolean; reason: () => string }): void {
  if (site.options.explain) site.tell({ type: 'explain', id, hit, reason: reason() });
}

function hit({ site }: Solving, id: string, { key, layer, createdAt }: CacheRecord): Resolved {
  explain(site, { id, hit: true, reason: () => '' });
  return { result: { key, layer, createdAt }, isHit: true };
}

/** Found by its contents: from now on it is found before any file is read, too. */
function alias(
  solving: Solving,
  { id }: Named,
  { record, keys, inputs }: { record: CacheRecord; keys: string[]; inputs: StepInputs },
): Resolved {
  for (const key of keys) if (key !== record.key) solving.site.cache.keep({ ...record, key, inputs });
  return hit(solving, id, record);
}

async function make({ site }: Solving, { step, id }: Named, { keys, inputs }: { keys: string[]; inputs: StepInputs }): Promise<StepResult> {
  const layer = await site.slots.run(async () => {
    site.signal.throwIfAborted();
    return step.work(id);
  });
  const createdAt = site.ctx.now().toISOString();
  for (const key of keys) site.cache.keep({ version: 1, key, layer, createdAt, description: step.inputs.instruction, inputs });
  return { key: keys.at(-1) ?? '', layer, createdAt };
}

async function underClaim<T>({ site: { ctx, signal } }: Solving, key: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const held = claim(ctx, `build-step-${hexOfDigest(key).slice(0, 32)}`);
    if (!held) {
      await Bun.sleep(PAUSE_MS);
      continue;
    }
    try {
      return await work();
    } finally {
      held.release();
    }
  }
}
