// kill -9 of what networks are held by: pasta, the namespace holder, supervisors. Who lives goes on, who is dead is not found, and what comes
// next finds everything in order.
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { family, supervisors } from './storm/processes.ts';
import { eventsOf } from './support/events.ts';
import { eventually } from './support/eventually.ts';
import { holderOf, image, openSandbox } from './support/sandbox.ts';
import { ipInSharedNetns } from './support/shared-netns.ts';

const box = openSandbox();
const busybox = image('busybox');
const HELLO = 'hello from the container\n';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['network', 'create', '--subnet', '172.29.1.0/24', 'blue']);
  await box.ok(['network', 'create', '--subnet', '172.29.2.0/24', 'green']);
});

const server = (name: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--name', name, ...flags, busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
afterEach(async () => {
  const left = (await box.ok(['ps', '-aq'])).split('\n').filter(Boolean);
  if (left.length > 0) await box.ok(['rm', '-f', ...left]);
});

const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const on = async (network: string, host: string) =>
  (await box.skiff(['run', '--rm', '--network', network, busybox, 'sh', '-c', `timeout 5 wget -q -O - http://${host}/ || false`])).stdout;
const id = (name: string) => box.ok(['inspect', '-f', '{{.Id}}', name]);
const members = async (network: string): Promise<{ Name: string; IPv4Address: string }[]> =>
  Object.values(JSON.parse(await box.ok(['network', 'inspect', '-f', '{{json .Containers}}', network])));

async function supervisorOf(name: string): Promise<number> {
  const wanted = await id(name);
  const found = supervisors(box.run).find(({ words }) => words[2] === wanted);
  if (!found) throw new Error(`No supervisor of ${name}`);
  return found.pid;
}

async function pastaOf(name: string): Promise<number | undefined> {
  const supervisor = await supervisorOf(name);
  return family(box.run).find(({ name: program, parent }) => /^pass?ta?/.test(program) && parent === supervisor)?.pid;
}

describe('pasta', () => {
  test.each([
    ['the default network', []],
    ["a network of the user's", ['--network', 'blue']],
  ])('on %s is started again at once, with its ports, and said so by an event', async (_, network) => {
    await server('web', ...network, '-p', '127.0.0.1::80');
    const [address = ''] = (await box.ok(['port', 'web', '80'])).split('\n');
    const first = (await pastaOf('web')) ?? 0;
    process.kill(first, 'SIGKILL');
    const second = await eventually('another pasta runs', async () => {
      const pid = await pastaOf('web');
      return pid !== first && pid;
    });
    expect(second).not.toBe(first);
    const answer = await eventually('the port answers', () => fetch(`http://${address}/`).catch(() => undefined));
    expect(await answer.text()).toBe(HELLO);
    const outside = await box.ok(['exec', 'web', 'ip', 'route']);
    expect(outside).toMatch(/^default via /m);
    const wanted = await id('web');
    await eventually('the event is there', () => eventsOf(box, wanted).some(([action]) => action === 'uplink_restart'));
    expect(eventsOf(box, wanted).filter(([action]) => action === 'uplink_restart')).toHaveLength(1);
    await remove('web');
  });

  test('of one container is nothing to the others, and peers talk on while it is away', async () => {
    await server('web', '--network', 'blue');
    await box.ok(['run', '-d', '--name', 'peer', '--network', 'blue', busybox, 'sleep', '100000']);
    const others = await pastaOf('peer');
    process.kill((await pastaOf('web')) ?? 0, 'SIGKILL');
    expect(await box.ok(['exec', 'peer', 'timeout', '5', 'wget', '-q', '-O', '-', 'http://web/'])).toBe(HELLO.trimEnd());
    expect(await pastaOf('peer')).toBe(others);
    await remove('web', 'peer');
  });
});

describe('the namespace holder', () => {
  test('killed while containers run: they go on, the next one finds them on the same network', async () => {
    await server('old', '--network', 'blue');
    await box.ok(['run', '-d', '--name', 'peer', '--network', 'blue', busybox, 'sleep', '100000']);
    const first = holderOf(box) ?? 0;
    const bridges = ipInSharedNetns(box, ['-o', 'link', 'show', 'type', 'bridge']);
    process.kill(first, 'SIGKILL');
    expect(await box.ok(['exec', 'peer', 'timeout', '5', 'wget', '-q', '-O', '-', 'http://old/'])).toBe(HELLO.trimEnd());
    expect(await on('blue', 'old')).toBe(HELLO);
    expect(holderOf(box)).not.toBe(first);
    expect(ipInSharedNetns(box, ['-o', 'link', 'show', 'type', 'bridge']).split('\n').length).toBe(bridges.split('\n').length);
    await server('new', '--network', 'blue');
    expect(await box.ok(['exec', 'peer', 'timeout', '5', 'wget', '-q', '-O', '-', 'http://new/'])).toBe(HELLO.trimEnd());
    await box.ok(['network', 'connect', 'green', 'old']);
    expect(await on('green', 'old')).toBe(HELLO);
    await remove('old', 'new', 'peer');
  });

  test('killed by many commands at once: they agree on one', async () => {
    await server('old', '--network', 'blue');
    process.kill(holderOf(box) ?? 0, 'SIGKILL');
    const names = Array.from({ length: 6 }, (_, index) => `new-${index}`);
    await Promise.all(names.map((name) => server(name, '--network', 'blue')));
    for (const name of ['old', ...names]) expect(await on('blue', name)).toBe(HELLO);
    const addresses = (await members('blue')).map(({ IPv4Address }) => IPv4Address);
    expect([addresses.length, new Set(addresses).size]).toEqual([7, 7]);
    await remove('old', ...names);
  });

  test('of an older build, without a namespace for networks: another takes its place in the same user namespace', async () => {
    await box.ok(['run', '-d', '--name', 'old', busybox, 'sleep', '100000']);
    const first = holderOf(box) ?? 0;
    const path = join(box.run, 'holder.json');
    const { netns: _, ...older } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(older));
    await server('new', '--network', 'blue');
    expect(await on('blue', 'new')).toBe(HELLO);
    const second = holderOf(box) ?? 0;
    expect(second).not.toBe(first);
    expect(readlinkSync(`/proc/${second}/ns/user`)).toBe(older.userns);
    expect(await box.ok(['exec', 'old', 'echo', 'still here'])).toBe('still here');
    await remove('old', 'new');
  });

  test('killed while nothing runs: networks are made anew', async () => {
    process.kill(holderOf(box) ?? 0, 'SIGKILL');
    await server('web', '--network', 'blue');
    expect(await on('blue', 'web')).toBe(HELLO);
    await remove('web');
  });
});

describe('a connect', () => {
  test('killed before it wrote the record: given again, also with other addresses, it completes', async () => {
    await server('web', '--network', 'blue');
    await box.ok(['network', 'connect', '--ip', '172.29.2.77', 'green', 'web']);
    const path = join(box.root, 'containers', await id('web'), 'config.json');
    const record = JSON.parse(readFileSync(path, 'utf8'));
    delete record.Endpoints.green;
    writeFileSync(path, JSON.stringify(record));
    await box.ok(['network', 'connect', '--ip', '172.29.2.88', 'green', 'web']);
    expect(await on('green', '172.29.2.88')).toBe(HELLO);
    expect((await members('green')).map(({ Name, IPv4Address }) => [Name, IPv4Address])).toEqual([['web', '172.29.2.88/24']]);
    const again = await box.skiff(['network', 'connect', 'green', 'web']);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('endpoint with name web already exists in network green')]);
    await box.ok(['restart', '-t', '0', 'web']);
    expect(await on('green', '172.29.2.88')).toBe(HELLO);
    await remove('web');
  });
});

describe('a supervisor', () => {
  test('killed: its container is found by nobody, its address is free, and nothing of it stands in the shared netns', async () => {
    await server('web', '--network', 'blue', '--ip', '172.29.1.99');
    const ports = () => ipInSharedNetns(box, ['-o', 'link', 'show', 'type', 'veth']).split('\n').filter(Boolean).length;
    // The kernel takes those of containers that ended before in its own time.
    await eventually('its interface is the only one', () => ports() === 1);
    process.kill(await supervisorOf('web'), 'SIGKILL');
    expect(await on('blue', 'web')).toBe('');
    expect(await members('blue')).toEqual([]);
    await eventually('its interface is gone', () => ports() === 0);
    await server('heir', '--network', 'blue', '--ip', '172.29.1.99');
    expect(await on('blue', '172.29.1.99')).toBe(HELLO);
    const { stderr } = await box.skiff(['start', 'web']);
    expect(stderr).toContain('Address already in use');
    await remove('web', 'heir');
  });

  test('killed on its way through a connect, at moments spread over it: the container starts again and is where its record says', async () => {
    await server('web', '--network', 'blue');
    for (const afterMs of [0, 5, 10, 20, 40, 80]) {
      const supervisor = await supervisorOf('web');
      const connecting = box.skiff(['network', 'connect', 'green', 'web']);
      await Bun.sleep(afterMs);
      process.kill(supervisor, 'SIGKILL');
      await connecting;
      await eventually('it has ended', async () => (await box.ok(['inspect', '-f', '{{.State.Status}}', 'web'])) === 'exited');
      await box.ok(['start', 'web']);
      const record = JSON.parse(readFileSync(join(box.root, 'containers', await id('web'), 'config.json'), 'utf8'));
      const wanted = Object.keys(record.Endpoints).sort();
      for (const network of ['blue', 'green']) {
        expect((await members(network)).map(({ Name }) => Name)).toEqual(wanted.includes(network) ? ['web'] : []);
      }
      expect(await on('blue', 'web')).toBe(HELLO);
      if (wanted.includes('green')) await box.ok(['network', 'disconnect', 'green', 'web']);
    }
    await remove('web');
  });
});
