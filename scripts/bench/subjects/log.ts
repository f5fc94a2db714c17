// How fast a container's output reaches its log.
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';
import { median } from '../report.ts';

/** 150 MB/s, in milliseconds for a gigabyte. */
const LOG_BAR_MS = 6667;

/** A container prints a gigabyte, in lines of a hundred bytes, to its log: the time from its first byte to its end. */
export async function measureLog(bench: Bench): Promise<void> {
  const { skiff, podman, engines, options, images, isWanted, must, add } = bench;
  const work = 'a container logs 1 GB';
  if (!isWanted(work)) return;
  const times = options.quick ? 1 : 3;
  const line = 'a line of a hundred bytes as a program might print it, with a number in it and some more: 1234567890'.slice(0, 99);
  const script = `yes '${line}' | head -c 50000000 >/f; while [ ! -e /go ]; do sleep 0.05; done; for n in $(seq 20); do cat /f; done`;
  const walls = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  for (let round = 0; round < times; round++) {
    for (const engine of engines) {
      await must(engine, [engine.command('run', '-d', '--name', 'prints', images.busybox, 'sh', '-c', script)]);
      await Bun.sleep(2000);
      const told = await must(engine, [engine.command('exec', 'prints', 'touch', '/go'), engine.command('wait', 'prints')]);
      walls.get(engine)?.push(told.wallMs);
      await must(engine, [engine.remove('prints')]);
    }
  }
  const [ours, theirs] = [median(walls.get(skiff) ?? []), median(walls.get(podman) ?? [])];
  add({ work, unit: 'ms', skiff: ours, podman: theirs, bar: LOG_BAR_MS, absolute: true, samples: times });
}
