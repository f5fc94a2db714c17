// How fast a container's peers are found by name: skiff's resolver beside podman's aardvark-dns, each asked the same by dig(1) from within the
// network namespace of a container.
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';
import { median } from '../report.ts';

const LOOK_UPS = 2000;
const NETWORK = 'names';

/** The time that one client takes for 2,000 look-ups of one peer, one after another. */
export async function measureNames(bench: Bench): Promise<void> {
  const { skiff, podman, engines, options, images, isWanted, must, add } = bench;
  const work = `${LOOK_UPS} look-ups of a peer's name`;
  if (!isWanted(work)) return;
  const questions = join(tmpdir(), `skiff-bench-names-${process.pid}`);
  writeFileSync(questions, 'peer\n'.repeat(LOOK_UPS));
  chmodSync(questions, 0o644);
  const times = options.quick ? 3 : 7;
  const walls = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  try {
    const clients = new Map<Engine, string[]>();
    for (const engine of engines) clients.set(engine, await prepare(engine));
    for (let round = 0; round < times; round++) {
      for (const engine of engines) {
        const told = await must(engine, [clients.get(engine) ?? []]);
        const answers = told.stdout.split('\n').length;
        if (answers !== LOOK_UPS) throw new Error(`${engine.name} answered ${answers} of ${LOOK_UPS} questions`);
        walls.get(engine)?.push(told.wallMs);
      }
    }
  } finally {
    rmSync(questions);
    for (const engine of engines) {
      await bench.ask(engine, [engine.remove('peer', 'asks'), engine.command('network', 'rm', NETWORK)]);
    }
  }
  // CPU is not compared: dig's own is the same for both, and the servers' is nobody's child.
  const [ours, theirs] = [median(walls.get(skiff) ?? []), median(walls.get(podman) ?? [])];
  add({ work, unit: 'ms', skiff: ours, podman: theirs, bar: 1, samples: times });

  async function prepare(engine: Engine): Promise<string[]> {
    const run = (name: string) => engine.command('run', '-d', '--name', name, '--network', NETWORK, images.busybox, 'sleep', '100000');
    await must(engine, [engine.command('network', 'create', NETWORK), run('peer'), run('asks')]);
    const { stdout: pid } = await must(engine, [engine.command('inspect', '--format', '{{.State.Pid}}', 'asks')]);
    const { stdout: conf } = await must(engine, [engine.command('exec', 'asks', 'cat', '/etc/resolv.conf')]);
    const server = /^nameserver (\S+)/m.exec(conf)?.[1];
    const enter = ['nsenter', '--target', pid, '--user', '--preserve-credentials', '--net'];
    return [...enter, 'dig', `@${server}`, '+short', '+tries=1', '-f', questions];
  }
}
