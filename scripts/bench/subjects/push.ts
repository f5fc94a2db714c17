// What sending the image of 25,000 files costs: each engine pushes to a registry of its own that is empty, and then again to the same.
import { startEmptyRegistry } from '../../../test/e2e/support/empty-registry.ts';
import { type Bench, noSamples, peakUntil } from '../bench.ts';
import type { Memory } from '../memory.ts';

export async function measurePush(bench: Bench): Promise<void> {
  const { skiff, engines, options, images, must, add, addTimes } = bench;
  if (!bench.isWanted('push')) return;
  const times = options.quick ? 2 : 7;
  const [empty, full] = [noSamples(bench), noSamples(bench)];
  let peak: Memory | undefined;
  for (const engine of engines) await must(engine, [engine.pull(images.app)]);
  for (let round = 0; round <= times; round++) {
    for (const engine of engines) {
      const target = await startEmptyRegistry();
      try {
        const name = `${target.address}/app:latest`;
        await must(engine, [engine.command('tag', images.app, name)]);
        const pushing = must(engine, [engine.push(name)]);
        // The last round is for memory alone: reading it takes time from the push.
        if (round < times) {
          empty.get(engine)?.push(await pushing);
          full.get(engine)?.push(await must(engine, [engine.push(name)]));
        } else if (engine === skiff) peak = await peakUntil(engine, pushing);
        else await pushing;
        await must(engine, [engine.command('rmi', name)]);
      } finally {
        target.stop();
      }
    }
  }
  addTimes({ work: 'push to an empty registry', bar: 0.6, cpuBar: 0.6 }, empty);
  addTimes({ work: 'push to a registry that has it', bar: 0.4, cpuBar: 0.4 }, full);
  if (peak) add({ work: 'push, peak memory', unit: 'MB', skiff: peak.bytes / 1e6, bar: 150, absolute: true, samples: 1 });
}
