// How much goes into a published port: the machine's iperf3(1), the server shown to the container by mounts, the client on the host.
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';
import { median } from '../report.ts';

const PROGRAMS = ['/usr', '/lib', '/lib64'].flatMap((path) => ['-v', `${path}:${path}:ro`]);

/** The time that the host takes to send another gigabyte over one connection. */
export async function measurePublished(bench: Bench): Promise<void> {
  const { skiff, podman, engines, options, images, isWanted, must, ask, add } = bench;
  const work = '1 GB into a published port';
  if (!isWanted(work)) return;
  const times = options.quick ? 3 : 7;
  const samples = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  try {
    const ports = new Map<Engine, string>();
    for (const engine of engines) ports.set(engine, await serve(engine));
    await Bun.sleep(1000);
    for (let round = 0; round < times; round++) {
      for (const engine of engines) {
        const { stdout } = await must(engine, [['iperf3', '-c', '127.0.0.1', '-p', ports.get(engine) ?? '', '-n', '1G', '-J']]);
        samples.get(engine)?.push(JSON.parse(stdout).end.sum_received.seconds * 1000);
      }
    }
  } finally {
    for (const engine of engines) await ask(engine, [engine.remove('server')]);
  }
  const [ours, theirs] = [median(samples.get(skiff) ?? []), median(samples.get(podman) ?? [])];
  add({ work, unit: 'ms', skiff: ours, podman: theirs, bar: 1, samples: times });

  async function serve(engine: Engine): Promise<string> {
    await must(engine, [
      engine.command('run', '-d', '--name', 'server', '-p', '127.0.0.1::5201', ...PROGRAMS, images.busybox, '/usr/bin/iperf3', '-s'),
    ]);
    const { stdout } = await must(engine, [engine.command('port', 'server')]);
    return stdout.trim().split(':').at(-1) ?? '';
  }
}
