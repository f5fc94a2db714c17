// How long a container takes that is the first to use a volume, which its image fills with 2,000 files.
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';

const IMAGE = 'localhost/bench-copy-up';
const MAKE =
  'for d in $(seq 40); do mkdir -p /filled/$d; for f in $(seq 50); do head -c $((f * 200)) /bin/busybox >/filled/$d/$f; done; done';

export async function measureCopyUp(bench: Bench): Promise<void> {
  const { engines, options, images, isWanted, must, compare } = bench;
  const work = 'copy-up of 2,000 files into a new volume';
  if (!isWanted(work)) return;
  for (const engine of engines) {
    await must(engine, [
      engine.command('run', '--name', 'fills', images.busybox, 'sh', '-c', MAKE),
      engine.command('commit', 'fills', IMAGE),
      engine.remove('fills'),
    ]);
  }
  let round = 0;
  await compare({ work, bar: 0.6, times: options.quick ? 5 : 15 }, (engine: Engine) => [
    engine.command('run', '--rm', '-v', `bench-${round++}:/filled`, IMAGE, 'true'),
  ]);
}
