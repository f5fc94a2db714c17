// The worker: `skiff __work KIND`, root of the user's namespace, one job, then gone. It reads its job from standard input and gives up
// when that ends, for then its front is dead. Events are written synchronously: the unpacking sink never lets
// the event loop run for long. A front that left (EPIPE) is the same as the end of standard input.
import { delegateHelpers } from '../oci/credential-helper.ts';
import { type Ctx, dataRoot } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { runtimeRoot } from '../sys/runtime-dir.ts';
import { createHelperAsker } from './helper-calls.ts';
import type { BuildTools, FileTools, JobTools } from './jobs/tools.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';
import { createRunningAsker, isRunningReply } from './running-facts.ts';
import { failureOf } from './work-failure.ts';
import type { Job, Results, WorkerEvent } from './work-messages.ts';
import { followInput, writeEvent } from './worker-pipe.ts';

/** Runs the job that standard input names. Always 0: the outcome is the last event. */
export async function main(): Promise<number> {
  // The executable starts reluctant to compile (scripts/build.ts), which does not suit the one role that works long.
  Bun.unsafe.setJITPolicy(1);
  const controller = new AbortController();
  const giveUp = (): void => controller.abort(new EngineError('ERR_INTERRUPTED', 'Interrupted', { exitCode: 130 }));
  // Ctrl-C reaches everything in the terminal's foreground group; the front's closing of our input says the same.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, giveUp);
  keepLoopbackDirect(process.env);
  const send = (event: WorkerEvent): void => {
    if (!writeEvent(event)) giveUp();
  };
  try {
    const helpers = createHelperAsker(send);
    delegateHelpers((_env, call) => helpers.ask(call));
    const running = createRunningAsker(send);
    const job = await followInput(giveUp, (reply) => (isRunningReply(reply) ? running.answer(reply) : helpers.answer(reply)));
    const ctx = workerContext((message) => send({ type: 'notice', message }));
    const result = await run(ctx, job, {
      emit: (event) => send({ type: 'pull', event }),
      tellChanges: (changes) => send({ type: 'changes', changes }),
      tellRead: () => send({ type: 'read' }),
      tellProgress: (done, total) => send({ type: 'progress', done, total }),
      tellBuild: (event) => send({ type: 'build', event }),
      askRunning: running.ask,
      signal: controller.signal,
    });
    send({ type: 'done', result });
  } catch (error) {
    send(failureOf(controller.signal.aborted ? controller.signal.reason : error));
  }
  return 0;
}

// Each job is loaded alone: most work shorter than loading them all takes.
function run(ctx: Ctx, job: Job, tools: JobTools & FileTools & BuildTools): Promise<Results[Job['kind']]> {
  switch (job.kind) {
    case 'pull':
      return import('./jobs/pull.ts').then(({ pull }) => pull(ctx, job, tools));
    case 'layers':
      return import('./jobs/layers.ts').then(({ fetchLayers }) => fetchLayers(ctx, job, tools));
    case 'tags':
      return import('./jobs/pull.ts').then(({ listTags }) => listTags(ctx, job, tools));
    case 'sweep':
      return import('./jobs/sweep.ts').then(({ sweepStore }) => sweepStore(ctx, job));
    case 'usage':
      return import('../storage/disk-usage.ts').then(({ storeUsage }) => storeUsage(ctx));
    case 'build-cache':
      return import('./jobs/build-cache.ts').then(({ buildCache }) => buildCache(ctx, job));
    case 'check':
      return import('./jobs/check.ts').then(({ check }) => check(ctx, job, tools));
    case 'heal':
      return import('./jobs/heal.ts').then(({ heal }) => heal(ctx, job, tools));
    case 'commit':
      return import('./jobs/commit.ts').then(({ commit }) => commit(ctx, job, tools));
    case 'diff':
      return import('./jobs/diff.ts').then(({ diff }) => diff(ctx, job, tools));
    case 'export':
      return import('./jobs/export.ts').then(({ exportTree }) => exportTree(ctx, job, tools));
    case 'copy-in':
      return import('./jobs/cp-in.ts').then(({ copyIn }) => copyIn(ctx, job, tools));
    case 'copy-out':
      return import('./jobs/cp-out.ts').then(({ copyOut }) => copyOut(ctx, job, tools));
    case 'save':
      return import('./jobs/save.ts').then(({ save }) => save(ctx, job, tools));
    case 'foreign-image':
      return import('./jobs/foreign-image.ts').then(({ writeForeignImage }) => writeForeignImage(job, tools));
    case 'load':
      return import('./jobs/load.ts').then(({ load }) => load(ctx, job, tools));
    case 'load-layers':
      return import('./jobs/load-layers.ts').then(({ loadLayers }) => loadLayers(ctx, job, tools));
    case 'import':
      return import('./jobs/import.ts').then(({ importImage }) => importImage(ctx, job, tools));
    case 'volume-copy':
      return import('./jobs/volume-copy.ts').then(({ copyVolume }) => copyVolume(ctx, job, tools));
    case 'volume-put-back':
      return import('./jobs/volume-put-back.ts').then(({ putVolumeBack }) => putVolumeBack(ctx, job));
    case 'volume-export':
      return import('./jobs/volume-export.ts').then(({ exportVolume }) => exportVolume(ctx, job, tools));
    case 'volume-import':
      return import('./jobs/volume-import.ts').then(({ importVolume }) => importVolume(ctx, job, tools));
    case 'volume-sizes':
      return import('./jobs/volume-sizes.ts').then(({ volumeSizes }) => volumeSizes(ctx, job));
    case 'build':
      return import('./jobs/build.ts').then(({ build }) => build(ctx, job, tools));
    default:
      return job satisfies never;
  }
}

function workerContext(warn: (message: string) => void): Ctx {
  const env = process.env;
  const data = dataRoot(env);
  return { paths: { data, run: runtimeRoot(env, data) }, env, warn, now: () => new Date() };
}
