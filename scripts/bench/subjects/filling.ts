// What brings the image of 25,000 files into a store that has nothing of it, or all of it but its name: pulls and a load.
import { join } from 'node:path';
import type { Told } from '../agent.ts';
import { type Bench, noSamples, peakUntil } from '../bench.ts';
import type { Engine } from '../engines.ts';
import type { Memory } from '../memory.ts';

interface Filling {
  work: string;
  image: string;
  bar: number;
  command: (engine: Engine) => string[];
}

export async function measureFillings(bench: Bench): Promise<void> {
  const { app, appZstd } = bench.images;
  await measureFilling(bench, { work: 'cold pull, gzip', image: app, bar: 0.45, command: (engine) => engine.pull(app) });
  await measureFilling(bench, { work: 'cold pull, zstd', image: appZstd, bar: 0.45, command: (engine) => engine.pull(appZstd) });
  await measurePullOfPresent(bench);
  await measureLoad(bench);
}

/** Of an archive that both engines read. */
async function measureLoad(bench: Bench): Promise<void> {
  const { skiff, engines, images, must } = bench;
  if (!bench.isWanted('load')) return;
  const archive = join(skiff.storage, 'app.tar');
  for (const engine of engines) await must(engine, [engine.pull(images.app)]);
  await must(skiff, [skiff.command('save', '-o', archive, images.app)]);
  const command = (engine: Engine) => engine.command('load', '--quiet', '-i', archive);
  await measureFilling(bench, { work: 'load', image: images.app, bar: 0.6, command });
}

async function measurePullOfPresent(bench: Bench): Promise<void> {
  const { engines, images, options, isWanted, must, addTimes } = bench;
  const work = 'pull, all layers present';
  if (!isWanted(work)) return;
  for (const engine of engines) await must(engine, [engine.pull(images.app)]);
  const samples = noSamples(bench);
  for (let round = 0; round < (options.quick ? 5 : 21); round++) {
    for (const engine of engines) samples.get(engine)?.push(await must(engine, [engine.pull(images.app)]));
  }
  addTimes({ work, bar: 0.4, cpuBar: 0.4 }, samples);
}

async function measureFilling(bench: Bench, { work, image, bar, command }: Filling): Promise<void> {
  const { skiff, engines, options, must, ask, add, addTimes } = bench;
  if (!bench.isWanted(work)) return;
  const times = options.quick ? 1 : 5;
  const samples: Map<Engine, Told[]> = noSamples(bench);
  let peak: Memory | undefined;
  for (let round = 0; round <= times; round++) {
    for (const engine of engines) {
      await ask(engine, [engine.command('rmi', '-f', image)]);
      Bun.spawnSync(['sync']);
      const filling = must(engine, [command(engine)]);
      // The last round is for memory alone: reading it takes time from the work.
      if (round < times) samples.get(engine)?.push(await filling);
      else if (engine === skiff) peak = await peakUntil(engine, filling);
      else await filling;
    }
  }
  addTimes({ work: `${work}, 25,000 files`, bar, cpuBar: bar }, samples);
  if (peak) add({ work: `${work}, peak memory`, unit: 'MB', skiff: peak.bytes / 1e6, bar: 150, absolute: true, samples: 1 });
  for (const engine of engines) await ask(engine, [engine.command('rmi', '-f', image)]);
}
