// What listing and removing images costs.
import { join } from 'node:path';
import type { Told } from '../agent.ts';
import { type Bench, noSamples } from '../bench.ts';
import { writeManyImages } from '../many-images.ts';
import { median } from '../report.ts';

export async function measureImages(bench: Bench): Promise<void> {
  await measureList(bench);
  await measureRemoval(bench);
}

/** What podman takes for it is not asked: it has no five hundred images. */
async function measureList({ skiff, options, isWanted, must, add }: Bench): Promise<void> {
  const work = 'images, 500 images, CPU';
  if (!isWanted(work)) return;
  const remove = writeManyImages(join(skiff.storage, 'data/skiff'), 500);
  try {
    const told: Told[] = [];
    for (let round = 0; round < (options.quick ? 5 : 21); round++) told.push(await must(skiff, [skiff.command('images')]));
    const cpu = median(told.map((one) => one.cpuMs));
    add({ work, unit: 'ms', skiff: cpu, bar: 60, absolute: true, samples: told.length });
  } finally {
    remove();
  }
}

async function measureRemoval(bench: Bench): Promise<void> {
  const { engines, options, images, isWanted, must, addTimes } = bench;
  const work = 'rmi, 25,000 files';
  if (!isWanted(work)) return;
  const samples = noSamples(bench);
  for (let round = 0; round < (options.quick ? 1 : 5); round++) {
    for (const engine of engines) {
      await must(engine, [engine.pull(images.app)]);
      Bun.spawnSync(['sync']);
      samples.get(engine)?.push(await must(engine, [engine.command('rmi', images.app)]));
    }
  }
  addTimes({ work, bar: 0.6, cpuBar: 0.6 }, samples);
}
