// One RUN: a container without a record, run by this worker with the functions by which a supervisor runs one. Several run side by side, so all
// that a step has is below folders of its own. Its rootfs stays as the program left it until the layer is made of it, or it is thrown away.
import { rmSync } from 'node:fs';
import { placeStep } from '../../runtime/cgroup.ts';
import { endCgroup } from '../../runtime/cgroup-end.ts';
import { detachBelow } from '../../runtime/submounts.ts';
import { type BuildContainer, makeBuildContainer } from '../../storage/build-container.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { BuildSite, RanStep, RunMount, RunStep } from './model.ts';
import { commitStep } from './run/commit.ts';
import { createMask } from './run/mask-secrets.ts';
import { makeStepMounts, type StepMounts } from './run/mounts.ts';
import { type Ended, runProgram } from './run/program.ts';
import { stepConfig, stepRecord } from './run/record.ts';
import { lostRootfs, openRootfs, type Rootfs } from './run/rootfs.ts';
import { missingPlaces, removeEmpty } from './run/stubs.ts';
import { openRunning } from './running.ts';

type OnOutput = (stream: 1 | 2, data: Uint8Array) => void;

/** `onOutput` hears bytes as they come. Throws what keeps the program from starting; its own failure is the exit code. */
export async function runStep(site: BuildSite, step: RunStep, onOutput: OnOutput): Promise<RanStep> {
  site.signal.throwIfAborted();
  await site.cache.need([...step.layers, ...step.mounts.flatMap(layersOf)]);
  const running = await openRunning(site);
  const container = makeBuildContainer(site.ctx);
  try {
    return await runIn(site, step, { container, running, onOutput });
  } catch (error) {
    container.remove();
    throw error;
  }
}

const layersOf = (mount: RunMount): string[] =>
  (mount.type === 'bind' || mount.type === 'cache') && mount.from?.kind === 'layers' ? mount.from.layers : [];

function secretsOf({ options }: BuildSite, { mounts }: RunStep): Buffer[] {
  const ids = mounts.flatMap((mount) => (mount.type === 'secret' ? [mount.id] : []));
  return ids.flatMap((id) => {
    const secret = options.secrets[id];
    return secret ? [Buffer.from(secret.value, 'base64')] : [];
  });
}

interface StepPlace {
  container: BuildContainer;
  running: Awaited<ReturnType<typeof openRunning>>;
  onOutput: OnOutput;
}

async function runIn(site: BuildSite, step: RunStep, { container, running, onOutput }: StepPlace): Promise<RanStep> {
  const { ctx, signal } = site;
  const config = stepConfig(step);
  const surroundings = running.isolate(container.id.slice(0, 12), config);
  const { scratch } = surroundings;
  const { driver } = running;
  let mounts: StepMounts | undefined;
  let rootfs: Rootfs | undefined;
  let record: ContainerRecord;
  let ended: Ended;
  let stubs: string[];
  try {
    mounts = await makeStepMounts({ site, step, driver, scratch, folder: container.folder });
    rootfs = await openRootfs(site, step, { container, driver, scratch });
    record = stepRecord(site, step, { id: container.id, driver, config, mounts });
    stubs = missingPlaces(rootfs.path, [
      ...mounts.points.map(({ Destination }) => Destination),
      ...mounts.tmpfs.map(({ Target }) => Target),
    ]);
    const cgroup = placeStep(record, container.noteCgroup);
    const secrets = secretsOf(site, step);
    const masks = { 1: createMask(secrets, (data) => onOutput(1, data)), 2: createMask(secrets, (data) => onOutput(2, data)) };
    const onMasked: OnOutput = (stream, data) => masks[stream].write(data);
    try {
      ended = await runProgram(ctx, {
        record,
        rootfs: rootfs.path,
        cgroup,
        surroundings,
        running,
        stdin: step.stdin,
        signal,
        onOutput: onMasked,
      });
    } finally {
      masks[1].end();
      masks[2].end();
      // A runtime that was killed leaves a container behind that has not begun.
      await endCgroup(cgroup.path ?? '');
    }
  } finally {
    await rootfs?.close();
    mounts?.release();
    for (const folder of [scratch, container.folder]) detachBelow(folder);
    rmSync(scratch, { recursive: true, force: true });
  }
  if (rootfs.isLost()) throw lostRootfs();
  const { own } = rootfs;
  return {
    exitCode: ended.exitCode,
    ...(ended.isOomKilled ? { ending: 'it was killed because the memory limit was reached' } : {}),
    async commit() {
      try {
        removeEmpty(own, stubs);
        return await commitStep(site, record, own);
      } finally {
        container.remove();
      }
    },
    async discard() {
      container.remove();
    },
  };
}
