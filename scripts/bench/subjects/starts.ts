// How long it takes until a program runs in a container.
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';

export async function measureStarts(bench: Bench): Promise<void> {
  const { engines, options, isWanted, must, compare } = bench;
  const image = bench.images.busybox;
  const times = options.quick ? 5 : 21;
  const run =
    (...flags: string[]) =>
    (engine: Engine) => [engine.command('run', '--rm', ...flags, image, 'true')];
  await compare({ work: 'run --rm IMG true', bar: 0.42, times }, run());
  await compare({ work: 'run --rm --network none IMG true', bar: 0.45, times }, run('--network', 'none'));
  const onNetwork = 'run --rm --network NET IMG true';
  if (isWanted(onNetwork)) {
    for (const engine of engines) await must(engine, [engine.command('network', 'create', 'starts')]);
    await compare({ work: onNetwork, bar: 0.5, times }, run('--network', 'starts'));
    for (const engine of engines) await must(engine, [engine.command('network', 'rm', 'starts')]);
  }
  await compare({ work: 'run -d + rm -f', bar: 0.45, times }, (engine) => [
    engine.command('run', '-d', '--name', 'bench', image, 'sleep', '1000'),
    engine.remove('bench'),
  ]);
  if (!isWanted('exec') && !isWanted('starts')) return;
  for (const engine of engines) await must(engine, [engine.command('run', '-d', '--name', 'target', image, 'sleep', '100000')]);
  await compare({ work: 'exec C true', bar: 0.5, times }, (engine) => [engine.command('exec', 'target', 'true')]);
  for (const engine of engines) await must(engine, [engine.remove('target')]);
  const twenty = (engine: Engine) => Array.from({ length: 20 }, () => engine.command('run', '--rm', image, 'true'));
  await compare({ work: '20 starts, eight at a time', bar: 0.45, times: options.quick ? 2 : 5, parallel: 8 }, twenty);
}
