// What containers that do nothing cost: memory and CPU.
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';
import { describe, memoryOf, supervisorTicks } from '../memory.ts';

export async function measureIdleContainers(bench: Bench): Promise<void> {
  await measureMemory(bench);
  await measureIdle(bench);
}

async function measureMemory(bench: Bench): Promise<void> {
  const { skiff, podman, isWanted, add } = bench;
  if (!isWanted('memory of a running container')) return;
  const none = ['--network', 'none'];
  const [ours, theirs] = [await memoryPerContainer(bench, skiff, none), await memoryPerContainer(bench, podman, none)];
  const work = 'memory of a running container';
  add({ work: `${work}, network none`, unit: 'MB', skiff: ours, podman: theirs, bar: 8, absolute: true, samples: 1 });
  await Bun.sleep(12_000); // the uplink of what ran before has ended
  const connected = await memoryPerContainer(bench, skiff, []);
  add({ work: `${work}, default network`, unit: 'MB', skiff: connected, bar: 9, absolute: true, samples: 1 });
  const withPasta = theirs + (await memoryOfPodmansPasta(bench));
  add({ work: `${work}, podman with pasta`, unit: 'MB', skiff: connected, podman: withPasta, bar: 1, samples: 1 });
  const slirp = await memoryPerContainer(bench, podman, []);
  add({ work: `${work}, podman with slirp4netns`, unit: 'MB', skiff: connected, podman: slirp, samples: 1 });
}

/** Megabytes for each of twenty idle containers. */
async function memoryPerContainer({ must, images }: Bench, engine: Engine, flags: string[]): Promise<number> {
  const count = 20;
  const names = Array.from({ length: count }, (_, index) => `idle-${index}`);
  const before = memoryOf(engine);
  const starts = names.map((name) => engine.command('run', '-d', '--name', name, ...flags, images.busybox, 'sleep', '100000'));
  await must(engine, starts, 4);
  await Bun.sleep(8000); // supervisors tidy up five seconds after the start
  const after = memoryOf(engine);
  console.error(`  ${engine.name} ${flags.join(' ')}: ${describe(after)}`);
  await must(engine, [engine.remove(...names)]);
  return (after.bytes - before.bytes) / count / 1e6;
}

/** Megabytes of one pasta as podman starts it, on a namespace of its own. */
async function memoryOfPodmansPasta({ podman, must }: Bench): Promise<number> {
  // Debian's podman is too old to call pasta; later ones call it so (podman-run(1), --network pasta, and its defaults).
  const pasta = 'exec pasta --config-net -t none -u none -T none -U none --no-map-gw --quiet --foreground';
  const script = `unshare --user --map-root-user --net sleep 60 & sleep 0.5; (${pasta} $!) & sleep 0.2`;
  await must(podman, [['setsid', 'sh', '-c', `{ ${script}; } >/dev/null 2>&1 &`]]);
  await Bun.sleep(3000);
  const { byName } = memoryOf(podman);
  const bytes = Object.entries(byName).reduce((sum, [name, size]) => (/^pas[st]/.test(name) ? sum + size : sum), 0);
  await must(podman, [['sh', '-c', 'pkill -f "^pasta --config-net -t none" ; pkill -xf "sleep 60"; true']]);
  return bytes / 1e6;
}

async function measureIdle({ skiff, images, isWanted, must, add }: Bench): Promise<void> {
  const work = 'an idle container for a minute, CPU of its supervisor';
  if (!isWanted(work)) return;
  await must(skiff, [skiff.command('run', '-d', '--name', 'idle', images.busybox, 'sleep', '100000')]);
  await Bun.sleep(15_000); // it tidies up once after the start
  const before = supervisorTicks(skiff);
  if (before.supervisors !== 1) throw new Error(`${before.supervisors} supervisors of one container`);
  await Bun.sleep(60_000);
  const after = supervisorTicks(skiff);
  add({ work, unit: 'ms', skiff: (after.ticks - before.ticks) * 10, bar: 0, absolute: true, samples: 1 });
  await must(skiff, [skiff.remove('idle')]);
}
