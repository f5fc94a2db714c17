// kill -9 of any part, at any moment: afterwards `ps` tells the truth, `rm -f` removes, a new pull completes, and nothing is left
// (the sandbox looks, at its end, for processes, mounts and files). And many at once: all right, nothing fetched twice.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { eventually } from './support/eventually.ts';
import { startFakeRegistry } from './support/fake-registry.ts';
import { makeCatalogue } from './support/images/catalogue.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const state = (name: string, format = '{{.State.Status}}') => box.ok(['inspect', '--format', format, name]);
const start = (name: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--name', name, ...flags, busybox, 'sh', '-c', 'echo ready; exec sleep 100000']);

/** Host pids whose command line matches, among those that carry the sandbox's run folder in their environment or below one that does. */
function pidsOf(pattern: RegExp): number[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(pid, 'environ').includes(`SKIFF_RUNROOT=${box.run}`) || read(pid, 'cmdline').includes(box.run))
    .filter((pid) => pattern.test(read(pid, 'cmdline').replaceAll('\0', ' ')))
    .map(Number);
}

async function expectGoneAndUsable(name: string): Promise<void> {
  await eventually(`${name} is seen to have ended`, async () => (await state(name)) !== 'running');
  expect(await box.ok(['ps', '-q'])).toBe('');
  expect((await box.skiff(['exec', name, 'true'])).code).toBe(1);
  expect(await box.ok(['start', name])).toBe(name);
  expect(await state(name)).toBe('running');
  expect(await box.ok(['rm', '-f', name])).toBe(name);
  expect(await box.ok(['ps', '-aq'])).toBe('');
}

describe('kill -9', () => {
  test('of the supervisor takes the whole container along', async () => {
    await start('victim', '-p', '127.0.0.1::80');
    const supervisors = pidsOf(/__supervise/);
    expect(supervisors.length).toBeGreaterThan(0);
    for (const pid of supervisors) process.kill(pid, 'SIGKILL');
    await expectGoneAndUsable('victim');
  });

  test("of the container's first process is an exit with 137", async () => {
    await start('victim');
    process.kill(Number(await state('victim', '{{.State.Pid}}')), 'SIGKILL');
    expect(await box.ok(['wait', 'victim'])).toBe('137');
    expect(await state('victim', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 137');
    await expectGoneAndUsable('victim');
  });

  test('of pasta leaves a container that can be stopped and removed', async () => {
    await start('victim', '-p', '127.0.0.1::80');
    const pids = pidsOf(/^(\S*\/)?pasta/);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    expect((await box.skiff(['exec', 'victim', 'echo', 'alive'])).stdout).toBe('alive\n');
    await box.ok(['stop', '-t', '0', 'victim']);
    await expectGoneAndUsable('victim');
  });

  test('of the front leaves a container in the foreground to itself', async () => {
    const front = box.start(['run', '--name', 'victim', busybox, 'sh', '-c', 'echo ready; exec sleep 100000']);
    await eventually('it runs', async () => (await box.skiff(['logs', 'victim'])).stdout === 'ready\n');
    front.kill('SIGKILL');
    await front.exited;
    expect(await state('victim')).toBe('running');
    await box.ok(['stop', '-t', '0', 'victim']);
    await expectGoneAndUsable('victim');
  });

  test('of the front of run --rm: the container ends by itself and is removed all the same', async () => {
    const front = box.start(['run', '--rm', '--name', 'victim', busybox, 'sh', '-c', 'echo ready; while [ ! -e /go ]; do sleep 0.1; done']);
    await eventually('it runs', async () => (await box.skiff(['logs', 'victim'])).stdout === 'ready\n');
    front.kill('SIGKILL');
    await front.exited;
    await box.ok(['exec', 'victim', 'touch', '/go']);
    await eventually('it is removed', async () => (await box.ok(['ps', '-aq'])) === '');
  });

  test('of a front on its way, at moments spread over a start: no half container stays that rm -f cannot remove', async () => {
    for (let afterMs = 0; afterMs <= 120; afterMs += 6) {
      const front = box.start(['run', '-d', busybox, 'sleep', '100000']);
      await Bun.sleep(afterMs);
      front.kill('SIGKILL');
      await front.exited;
    }
    const ids = (await box.ok(['ps', '-aq'])).split('\n').filter(Boolean);
    if (ids.length > 0) await box.ok(['rm', '-f', ...ids]);
    expect(await box.ok(['ps', '-aq'])).toBe('');
    expect((await box.skiff(['run', '--rm', busybox, 'echo', 'fine'])).stdout).toBe('fine\n');
  });

  test('of everything on its way, at moments spread over a start', async () => {
    for (let afterMs = 5; afterMs <= 105; afterMs += 10) {
      const front = box.start(['run', '--name', `moment-${afterMs}`, busybox, 'sleep', '100000']);
      await Bun.sleep(afterMs);
      for (const pid of pidsOf(/__supervise|crun|pasta|__work/)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
      front.kill('SIGKILL');
      await front.exited;
    }
    const ids = (await box.ok(['ps', '-aq'])).split('\n').filter(Boolean);
    if (ids.length > 0) await box.ok(['rm', '-f', ...ids]);
    expect((await box.skiff(['run', '--rm', busybox, 'echo', 'fine'])).stdout).toBe('fine\n');
  });

  test('of the worker in mid-pull: the next pull completes, and takes up what was there', async () => {
    const app = image('app');
    for (const afterMs of [50, 200, 500, 900]) {
      const front = box.start(['pull', '--quiet', app]);
      await Bun.sleep(afterMs);
      for (const pid of pidsOf(/__work/)) process.kill(pid, 'SIGKILL');
      const code = await front.exited;
      expect([0, 1]).toContain(code);
      if (code === 0) await box.ok(['rmi', app]);
    }
    await box.ok(['pull', '--quiet', app], { timeoutMs: 120_000 });
    expect(await box.ok(['run', '--rm', app, 'sh', '-c', 'find /app -type f | wc -l'])).toBe('25000');
    await box.ok(['rmi', app]);
  });

  test('of the front in mid-pull takes the worker along', async () => {
    const app = image('app');
    const front = box.start(['pull', '--quiet', app]);
    await eventually('the worker is at work', () => pidsOf(/__work/).length > 0);
    front.kill('SIGKILL');
    await eventually('the worker has ended', () => pidsOf(/__work/).length === 0);
    await box.ok(['pull', '--quiet', app], { timeoutMs: 120_000 });
    await box.ok(['rmi', app]);
  });

  test('of the namespace holder, while nothing runs: the next command makes another', async () => {
    const { pid } = JSON.parse(readFileSync(`${box.run}/holder.json`, 'utf8'));
    process.kill(pid, 'SIGKILL');
    expect((await box.skiff(['run', '--rm', busybox, 'echo', 'fine'])).stdout).toBe('fine\n');
  });

  test('of the namespace holder, while a container runs: the next command makes one in the same namespaces', async () => {
    const holder = () => JSON.parse(readFileSync(`${box.run}/holder.json`, 'utf8'));
    const name = 'survivor';
    await start(name);
    const before = holder();
    process.kill(before.pid, 'SIGKILL');
    expect(await box.ok(['exec', name, 'echo', 'well'])).toBe('well');
    expect(await box.ok(['run', '--rm', busybox, 'echo', 'fine'])).toBe('fine');
    const { pid, userns, netns } = holder();
    expect([pid === before.pid, userns, netns]).toEqual([false, before.userns, before.netns]);
    const links = ['user', 'net'].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
    expect(links).toEqual([before.userns, before.netns]);
    await box.ok(['rm', '-f', name]);
  });

  test('after all of it the store is whole', async () => {
    const { stdout, stderr, code } = await box.skiff(['system', 'check']);
    expect({ code, stderr, stdout }).toMatchObject({ code: 0, stderr: '' });
    // What the dead left (a reserved name, a partial blob) is in nobody's way; this sweeps it.
    expect(await box.ok(['system', 'check', '--repair'])).toMatch(/ 0 problems$/);
    expect(await box.ok(['system', 'check'])).toMatch(/^\d+ objects checked, 0 problems$/);
  });
});

describe('many at once', () => {
  test('fifty run --rm, eight at a time, each with its own output', async () => {
    const waiting = Array.from({ length: 50 }, (_, number) => number);
    const results: string[] = [];
    const lane = async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
        const { stdout, stderr, code } = await box.skiff(['run', '--rm', busybox, 'echo', String(number)]);
        results[number] = `${code} ${stdout}${stderr}`;
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    expect(results).toEqual(Array.from({ length: 50 }, (_, number) => `0 ${number}\n`));
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });

  test('eight pulls of one image: all end well, and no blob is fetched twice', async () => {
    const make = makeCatalogue().unusual;
    if (!make) throw new Error('unreachable');
    const registry = startFakeRegistry(
      { unusual: make() },
      { answer: (request, honest) => (request.path.includes('/blobs/') ? Bun.sleep(200).then(honest) : undefined) },
    );
    try {
      await box.ok(['rmi', '-f', busybox]); // its layer is one of this image's
      const pulls = Array.from({ length: 8 }, () => box.skiff(['pull', '--quiet', `${registry.address}/unusual`]));
      for (const { code, stderr } of await Promise.all(pulls)) expect({ code, stderr }).toMatchObject({ code: 0 });
      const blobs = registry.requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')).map(({ path }) => path);
      expect(blobs.sort()).toEqual([...new Set(blobs)].sort());
      expect(blobs.length).toBe(4);
    } finally {
      registry.stop();
    }
  });
});

describe('a reboot', () => {
  test('another boot id turns what ran into exited, with its log, and it starts again', async () => {
    await box.ok(['pull', '--quiet', busybox]);
    await start('before');
    await eventually('it is ready', async () => (await box.ok(['logs', 'before'])) === 'ready');
    for (const pid of pidsOf(/__supervise/)) process.kill(pid, 'SIGKILL');
    const env = { SKIFF_BOOT_ID: '00000000-0000-4000-8000-000000000001' };
    expect(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}'], { env })).toBe('before exited');
    expect(await box.ok(['logs', 'before'], { env })).toBe('ready');
    expect(await box.ok(['start', 'before'], { env })).toBe('before');
    expect(await box.ok(['rm', '-f', 'before'], { env })).toBe('before');
  });
});
