// What the command itself costs, before it does anything.
import type { Told } from '../agent.ts';
import type { Bench } from '../bench.ts';
import { median } from '../report.ts';

export async function measureVersion({ skiff, options, isWanted, must, add }: Bench): Promise<void> {
  if (!isWanted('--version')) return;
  const told: Told[] = [];
  for (let round = 0; round < (options.quick ? 5 : 21); round++) told.push(await must(skiff, [skiff.command('--version')]));
  add({
    work: 'skiff --version, CPU',
    unit: 'ms',
    skiff: median(told.map((one) => one.cpuMs)),
    bar: 25,
    absolute: true,
    samples: told.length,
  });
}
