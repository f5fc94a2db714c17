// What lists of containers cost.
import type { Told } from '../agent.ts';
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';
import { median } from '../report.ts';

export async function measureLists(bench: Bench): Promise<void> {
  await measureShortLists(bench);
  await measureStats(bench);
  await measureLongList(bench);
}

async function measureShortLists(bench: Bench): Promise<void> {
  const { engines, options, isWanted, must, compare } = bench;
  const image = bench.images.busybox;
  if (!isWanted('ps -a')) return;
  const times = options.quick ? 5 : 21;
  const list = (engine: Engine) => [engine.command('ps', '-a')];
  await compare({ work: 'ps -a, 0 containers', bar: 0.5, times }, list);
  const names = Array.from({ length: 100 }, (_, index) => `list-${index}`);
  for (const engine of engines) {
    await must(
      engine,
      names.map((name) => engine.command('create', '--name', name, image, 'true')),
      4,
    );
  }
  await compare({ work: 'ps -a, 100 containers', bar: 0.5, times }, list);
  for (const engine of engines) await must(engine, [engine.remove(...names)]);
}

async function measureStats(bench: Bench): Promise<void> {
  const { engines, options, isWanted, must, compare } = bench;
  const image = bench.images.busybox;
  const work = 'stats --no-stream, 50 containers';
  if (!isWanted(work)) return;
  const names = Array.from({ length: 50 }, (_, index) => `busy-${index}`);
  for (const engine of engines) {
    const starts = names.map((name) => engine.command('run', '-d', '--name', name, '--network', 'none', image, 'sleep', '100000'));
    await must(engine, starts, 4);
  }
  await compare({ work, bar: 0.5, times: options.quick ? 3 : 11 }, (engine) => [engine.command('stats', '--no-stream')]);
  for (const engine of engines) await must(engine, [engine.remove(...names)]);
}

/** What podman takes for it is not asked: making a thousand containers costs it minutes. */
async function measureLongList(bench: Bench): Promise<void> {
  const { skiff, options, isWanted, must, add } = bench;
  const image = bench.images.busybox;
  const work = 'ps -a, 1,000 containers, CPU';
  if (!isWanted(work)) return;
  const names = Array.from({ length: 1000 }, (_, index) => `long-${index}`);
  await must(
    skiff,
    names.map((name) => skiff.command('create', '--name', name, image, 'true')),
    4,
  );
  const told: Told[] = [];
  for (let round = 0; round < (options.quick ? 5 : 21); round++) told.push(await must(skiff, [skiff.command('ps', '-a')]));
  const cpu = median(told.map((one) => one.cpuMs));
  add({ work, unit: 'ms', skiff: cpu, bar: 150, absolute: true, samples: told.length });
  await must(skiff, [skiff.remove(...names)]);
}
