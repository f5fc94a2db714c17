// How fast containers of one network talk to each other: the machine's iperf3, a server and a client each in the network namespace of a container.
import type { Bench } from '../bench.ts';
import type { Engine } from '../engines.ts';
import { median } from '../report.ts';

const NETWORK = 'traffic';
const GIGABYTES = 4;

/** The time that a container takes to send another 4 GB over one connection. */
export async function measureTraffic(bench: Bench): Promise<void> {
  const { skiff, podman, engines, options, images, isWanted, must, ask, add } = bench;
  const work = `${GIGABYTES} GB from container to container`;
  if (!isWanted(work)) return;
  const times = options.quick ? 3 : 7;
  const walls = new Map<Engine, number[]>(engines.map((engine) => [engine, []]));
  try {
    const pairs = new Map<Engine, Pair>();
    for (const engine of engines) pairs.set(engine, await prepare(engine));
    for (let round = 0; round < times; round++) {
      for (const engine of engines) {
        const { server, client } = pairs.get(engine) ?? { server: [], client: [] };
        // In the background; it ends after its one client.
        await must(engine, [server]);
        walls.get(engine)?.push(await sent(engine, client));
      }
    }
  } finally {
    for (const engine of engines) await ask(engine, [engine.remove('takes', 'sends'), engine.command('network', 'rm', NETWORK)]);
  }
  const [ours, theirs] = [median(walls.get(skiff) ?? []), median(walls.get(podman) ?? [])];
  add({ work, unit: 'ms', skiff: ours, podman: theirs, bar: 1, samples: times });

  // It may not listen yet, which the client tells with exit code 0.
  async function sent(engine: Engine, client: string[]): Promise<number> {
    let said = '';
    for (let attempt = 0; attempt < 100; attempt++) {
      ({ stdout: said } = await must(engine, [client]));
      const seconds = JSON.parse(said).end.sum_received?.seconds;
      if (seconds !== undefined) return seconds * 1000;
      await Bun.sleep(50);
    }
    throw new Error(`iperf3 in a container of ${engine.name}: ${said}`);
  }

  async function prepare(engine: Engine): Promise<Pair> {
    const run = (name: string) => engine.command('run', '-d', '--name', name, '--network', NETWORK, images.busybox, 'sleep', '100000');
    await must(engine, [engine.command('network', 'create', NETWORK), run('takes'), run('sends')]);
    const asked = (name: string, format: string) => must(engine, [engine.command('inspect', '--format', format, name)]);
    const { stdout: address } = await asked('takes', `{{(index .NetworkSettings.Networks "${NETWORK}").IPAddress}}`);
    const within = async (name: string) => {
      const { stdout: pid } = await asked(name, '{{.State.Pid}}');
      return ['nsenter', '--target', pid.trim(), '--user', '--preserve-credentials', '--net', 'iperf3'];
    };
    return {
      server: [...(await within('takes')), '--server', '--one-off', '--daemon'],
      client: [...(await within('sends')), '--client', address.trim(), '--bytes', `${GIGABYTES}G`, '--json'],
    };
  }
}

interface Pair {
  server: string[];
  client: string[];
}
