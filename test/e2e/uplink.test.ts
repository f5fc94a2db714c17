// The shared uplink of the default network: containers that publish nothing have one pasta between them, reach each other by address, and lose it
// to no kill for long. Which of the machine's programs set the rules up is a ladder.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { eventually } from './support/eventually.ts';
import { holderOf, image, openSandbox, type Sandbox, uplinksOf } from './support/sandbox.ts';
import { rootOfRange, surrounded } from './support/surrounded.ts';

const busybox = image('busybox');
const SECOND_MS = 1000;

interface Process {
  pid: number;
  parent: number;
  group: number;
  args: string;
}

function processes(): Process[] {
  const { stdout } = Bun.spawnSync(['ps', '-u', String(process.getuid?.()), '-o', 'pid=,ppid=,pgid=,args=']);
  const lines = stdout.toString().split('\n').filter(Boolean);
  return lines.map((line) => {
    const [pid, parent, group, ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), group: Number(group), args: args.join(' ') };
  });
}

/** The pastas of the sandbox's uplink: in the group of its keeper. */
const pastasOf = (box: Sandbox): number[] => {
  const keepers = uplinksOf(box);
  return processes()
    .filter(({ group, args }) => keepers.includes(group) && /^\S*pasta /.test(args))
    .map(({ pid }) => pid);
};

const addressOf = (box: Sandbox, name: string) => box.ok(['inspect', '--format', '{{.NetworkSettings.IPAddress}}', name]);

describe('containers that publish nothing', () => {
  const box = openSandbox();
  const sleeper = (name: string, ...flags: string[]) => box.ok(['run', '-d', '--name', name, ...flags, busybox, 'sleep', '1000']);
  const inside = (name: string, script: string) => box.ok(['exec', name, 'sh', '-c', script]);
  const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);

  beforeAll(async () => {
    await box.ok(['pull', '--quiet', busybox]);
  });

  test('share one pasta, have addresses of one network, and reach each other by them', async () => {
    await sleeper('one');
    await box.ok(['run', '-d', '--name', 'two', busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
    expect(pastasOf(box)).toHaveLength(1);
    const [one, two] = [await addressOf(box, 'one'), await addressOf(box, 'two')];
    expect(new Set([one, two]).size).toBe(2);
    const gateway = await box.ok(['inspect', '--format', '{{.NetworkSettings.Gateway}}', 'one']);
    expect(await inside('one', 'ip route')).toContain(`default via ${gateway} dev eth0`);
    const get = () => inside('one', `timeout 5 wget -q -O - http://${two}/`);
    expect(await eventually('the other one answers', () => get().catch(() => undefined))).toBe('hello from the container');
    expect(await inside('one', 'tail -n 1 /etc/hosts')).toMatch(new RegExp(`^${one}\\t`));
    await remove('one', 'two');
  });

  test('reach the host, and those that publish ports reach them and are reached by them', async () => {
    const listener = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('hello from the host\n') });
    await box.ok(['run', '-d', '--name', 'web', '-p', '127.0.0.1::80', busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
    await sleeper('one');
    const web = await addressOf(box, 'web');
    const get = (name: string, url: string) =>
      eventually(`${url} answers`, () => inside(name, `timeout 5 wget -q -O - ${url}`).catch(() => undefined));
    expect(await get('one', `http://host.docker.internal:${listener.port}/`)).toBe('hello from the host');
    expect(await get('web', `http://host.docker.internal:${listener.port}/`)).toBe('hello from the host');
    expect(await get('one', `http://${web}/`)).toBe('hello from the container');
    const published = (await box.ok(['port', 'web', '80'])).trim();
    expect(await (await fetch(`http://${published}/`)).text()).toBe('hello from the container\n');
    listener.stop(true);
    await remove('web', 'one');
  });

  test('come with several flags as well: keep-id, another pid step, a container in the network of one, a restart', async () => {
    const listener = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('hello from the host\n') });
    const ask = `timeout 5 wget -q -O - http://host.docker.internal:${listener.port}/`;
    expect(await box.ok(['run', '--rm', '--userns', 'keep-id', busybox, 'sh', '-c', ask])).toBe('hello from the host');
    expect(await box.ok(['run', '--rm', '--pid', 'host', busybox, 'sh', '-c', ask])).toBe('hello from the host');
    await sleeper('owner');
    expect(await box.ok(['run', '--rm', '--network', 'container:owner', busybox, 'sh', '-c', ask])).toBe('hello from the host');
    await box.ok(['restart', '-t', '0', 'owner']);
    expect(await inside('owner', ask)).toBe('hello from the host');
    await box.ok(['pause', 'owner']);
    await box.ok(['unpause', 'owner']);
    expect(await inside('owner', ask)).toBe('hello from the host');
    listener.stop(true);
    await remove('owner');
  });

  test('are not let into networks of the user’s, whose containers are not let to them', async () => {
    await box.ok(['network', 'create', 'mine']);
    await sleeper('one');
    await box.ok(['run', '-d', '--name', 'apart', '--network', 'mine', busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
    const apart = await box.ok(['inspect', '--format', '{{.NetworkSettings.Networks.mine.IPAddress}}', 'apart']);
    expect(await inside('apart', `timeout 5 wget -q -O - http://${apart}/`)).toBe('hello from the container');
    const answers = await box.skiff(['exec', 'one', 'timeout', '2', 'wget', '-q', '-O', '-', `http://${apart}/`]);
    expect(answers).toMatchObject({ code: 143, stdout: '' });
    const gateway = await box.ok(['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', 'mine']);
    await box.ok(['run', '-d', '--name', 'listens', busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
    const listens = await addressOf(box, 'listens');
    // By the way that leads to the bridges.
    const roundabout = `ip route add ${listens}/32 via ${gateway}; timeout 2 wget -q -O - http://${listens}/`;
    await box.ok(['run', '-d', '--name', 'crafty', '--network', 'mine', '--cap-add', 'NET_ADMIN', busybox, 'sleep', '1000']);
    expect(await box.skiff(['exec', 'crafty', 'sh', '-c', roundabout])).toMatchObject({ stdout: '' });
    await remove('one', 'apart', 'listens', 'crafty');
    await box.ok(['network', 'rm', 'mine']);
  });

  test('what one sends right before it ends arrives whole', async () => {
    const received = Promise.withResolvers<number>();
    let size = 0;
    const listener = Bun.listen({
      hostname: '0.0.0.0',
      port: 0,
      socket: {
        data: (_, chunk) => {
          size += chunk.length;
        },
        close: () => received.resolve(size),
      },
    });
    const script = `head -c 5000000 /dev/zero | nc host.docker.internal ${listener.port}`;
    await box.ok(['run', '--rm', busybox, 'sh', '-c', script]);
    expect(await received.promise).toBe(5_000_000);
    listener.stop(true);
  });

  test('pasta killed is started again at once, which an event tells; connections between containers go on', async () => {
    const listener = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('hello from the host\n') });
    await box.ok(['run', '-d', '--name', 'server', busybox, 'sh', '-c', 'nc -l -p 7 -e cat']);
    const server = await addressOf(box, 'server');
    const talk = box.start(['run', '--rm', '-i', '--name', 'talker', busybox, 'nc', server, '7']);
    const reader = talk.stdout.getReader();
    const exchange = async (text: string) => {
      talk.stdin.write(text);
      await talk.stdin.flush();
      return Buffer.from((await reader.read()).value ?? []).toString();
    };
    expect(await exchange('before\n')).toBe('before\n');
    const [before] = pastasOf(box);
    if (before === undefined) throw new Error('There is no uplink');
    process.kill(before, 'SIGKILL');
    const after = await eventually('another pasta is there', () => pastasOf(box).find((pid) => pid !== before));
    expect(after).not.toBe(before);
    expect(await exchange('after\n')).toBe('after\n');
    const ask = () => box.ok(['exec', 'server', 'timeout', '2', 'wget', '-q', '-O', '-', `http://host.docker.internal:${listener.port}/`]);
    expect(await eventually('the uplink leads out again', () => ask().catch(() => undefined))).toBe('hello from the host');
    const events = [
      'events',
      '--since',
      '0',
      '--until',
      '0s',
      '--filter',
      'type=network',
      '--format',
      '{{.Action}} {{.Actor.Attributes.name}}',
    ];
    expect((await box.ok(events)).split('\n')).toContain('uplink_restart bridge');
    talk.kill('SIGKILL');
    listener.stop(true);
    await remove('server', 'talker');
  });

  test('its keeper killed, too, a supervisor has another one at once; and the next when that supervisor ends', async () => {
    const listener = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('hello from the host\n') });
    await sleeper('one');
    await sleeper('two');
    const [keeper] = uplinksOf(box);
    if (keeper === undefined) throw new Error('There is no uplink');
    process.kill(-keeper, 'SIGKILL');
    const ask = (name: string) =>
      eventually(`${name} has an uplink`, () =>
        inside(name, `timeout 2 wget -q -O - http://host.docker.internal:${listener.port}/`).catch(() => undefined),
      );
    expect(await ask('one')).toBe('hello from the host');
    expect(await ask('two')).toBe('hello from the host');
    await remove('one');
    expect(await ask('two')).toBe('hello from the host');
    listener.stop(true);
    await remove('two');
  });
});

describe('the uplink', () => {
  const box = openSandbox({ env: { SKIFF_UPLINK_LINGER: '1' } });

  beforeAll(async () => {
    await box.ok(['pull', '--quiet', busybox]);
  });

  test('ends of itself when nobody has used it for a while, and nothing of it stays; the next container has another', async () => {
    expect(await box.ok(['run', '--rm', busybox, 'echo', 'first'])).toBe('first');
    const [keeper] = uplinksOf(box);
    await eventually('nobody of its group is left', () => processes().every(({ group }) => group !== keeper));
    const holder = holderOf(box);
    const ours = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== holder && isOf(box, name));
    expect(ours).toEqual([]);
    expect(await box.ok(['run', '--rm', busybox, 'echo', 'second'])).toBe('second');
    expect(pastasOf(box)).toHaveLength(1);
  });

  test('ends too when the run folder is removed under its feet, as a logout does', async () => {
    const run = `${box.run}-2`;
    const env = { SKIFF_RUNROOT: run };
    await box.ok(['run', '--rm', busybox, 'true'], { env });
    const [keeper] = uplinksOf({ ...box, run });
    const holder = holderOf({ ...box, run });
    expect([keeper, holder]).toEqual([expect.any(Number), expect.any(Number)]);
    rmSync(run, { recursive: true });
    await eventually('nobody of its group is left', () => processes().every(({ group }) => group !== keeper));
    process.kill(holder ?? 0, 'SIGKILL');
  });

  test('stays as long as one container uses it, though its supervisor is killed and no command comes', async () => {
    await box.ok(['run', '-d', '--name', 'one', busybox, 'sleep', '1000']);
    const [pasta] = pastasOf(box);
    await Bun.sleep(3 * SECOND_MS);
    expect(pastasOf(box)).toEqual([pasta]);
    process.kill(Number(await box.ok(['inspect', '--format', '{{.State.Pid}}', 'one'])), 'SIGKILL');
    await eventually('it ends after the last container', () => pastasOf(box).length === 0);
    await box.ok(['rm', '-f', 'one']);
  });
});

function isOf(box: Sandbox, pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(box.run);
  } catch {
    return false;
  }
}

describe('the ladder', () => {
  const box = openSandbox();
  const format = '{{.Rootless.Network.Step}}: {{.Rootless.Network.Reason}}';
  const host = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
  /** Runs a script where programs are hidden until `show` is called; `ask` runs a container that asks the host, and counts its processes called pasta. */
  const where = async (hidden: string[], script: string) => {
    const listener = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('hello from the host') });
    const hide = hidden.map((name) => `mount --bind /dev/null $(readlink -f /usr/sbin/${name})`).join('\n');
    const show = hidden.map((name) => `umount $(readlink -f /usr/sbin/${name})`).join('\n');
    const ask = `"$SKIFF" run --rm ${busybox} timeout 5 wget -q -O - http://${host}:${listener.port}/; echo " $(ps -A -o args= | grep -c '^[^ ]*pasta ')"`;
    const functions = `hide() {\n${hide}\n:\n}\nshow() {\n${show}\n:\n}\nask() {\n${ask}\n}\nstep() { "$SKIFF" info --format '${format}'; }`;
    try {
      const { stdout, stderr } = await surrounded(box, `${functions}\nhide\n${script}`, { by: rootOfRange });
      return { lines: stdout.trim().split('\n'), stderr };
    } finally {
      listener.stop(true);
    }
  };
  const shared = (program: string) => `uplink: one pasta for all containers that publish nothing, rules by ${program}`;

  beforeAll(async () => {
    await box.ok(['pull', '--quiet', busybox]);
  });

  test('nft sets the rules', async () => {
    expect((await where([], 'step; ask')).lines).toEqual([shared('nft'), 'hello from the host 1']);
  });

  test('without nft iptables does', async () => {
    expect((await where(['nft'], 'ask; step')).lines).toEqual(['hello from the host 1', shared('iptables')]);
  });

  test('without both each container has a pasta of its own; what is installed later is used', async () => {
    const { lines } = await where(['nft', 'iptables-restore'], 'ask; step; show; step');
    expect(lines).toEqual(['hello from the host 0', 'own: neither nft nor iptables is installed', shared('nft')]);
  });

  test('a step can be asked for', async () => {
    const { lines } = await where([], 'export SKIFF_NETWORK_STEP=own; ask; step');
    expect(lines).toEqual(['hello from the host 0', 'own: asked for']);
    const refused = await where(['nft', 'iptables-restore'], `SKIFF_NETWORK_STEP=uplink "$SKIFF" run --rm ${busybox} true; echo $?`);
    expect(refused).toEqual({
      lines: ['125'],
      stderr:
        'skiff: Cannot take the network step "uplink" that SKIFF_NETWORK_STEP asks for: neither nft nor iptables is installed\n' +
        'Without it each container has a pasta of its own\n',
    });
    const unknown = await box.skiff(['run', '--rm', busybox, 'true'], { env: { SKIFF_NETWORK_STEP: 'both' } });
    expect(unknown).toEqual({
      code: 125,
      stdout: '',
      stderr: 'skiff: Unknown network step "both" in SKIFF_NETWORK_STEP\nUse one of: uplink, own\n',
    });
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });
});
