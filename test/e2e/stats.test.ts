// `stats`: real figures of what runs, also where no controller is delegated and they are added up over the processes.
import { totalmem } from 'node:os';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { rootOfRange, surrounded } from './support/surrounded.ts';

const box = openSandbox();
const busybox = image('busybox');
const header = /^CONTAINER ID {3}NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/;

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

type Row = Record<'ID' | 'Name' | 'Container' | 'CPUPerc' | 'MemUsage' | 'MemPerc' | 'NetIO' | 'BlockIO' | 'PIDs', string>;
const rows = async (...args: string[]): Promise<Row[]> => {
  const text = await box.ok(['stats', '--no-stream', '--format', 'json', ...args]);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
};

test('shows what runs, newest first, with figures that are true', async () => {
  await box.ok(['create', '--name', 'idle-one', busybox, 'true']);
  expect((await box.ok(['stats', '--no-stream'])).split('\n')).toEqual([expect.stringMatching(header)]);
  await box.ok(['run', '-d', '--name', 'three', '--network', 'none', busybox, 'sh', '-c', 'sleep 1000 & sleep 1000 & wait']);
  await box.ok(['run', '-d', '--name', 'busy', busybox, 'sh', '-c', 'while :; do :; done']);
  const id = await box.ok(['inspect', '--format', '{{.Id}}', 'busy']);
  await eventually('both programs of the shell run', async () => (await rows('three'))[0]?.PIDs === '3');
  const [busy, three, ...more] = await rows();
  expect(more).toEqual([]);
  expect(busy).toMatchObject({ Name: 'busy', ID: id.slice(0, 12), Container: id.slice(0, 12), PIDs: '1' });
  expect(three).toMatchObject({ Name: 'three', CPUPerc: expect.stringMatching(/^0\.\d\d%$/), NetIO: '0B / 0B', PIDs: '3' });
  // It takes what the machine leaves it, which is never nothing.
  expect(Number.parseFloat(busy?.CPUPerc ?? '')).toBeGreaterThan(1);
  const [used = '', limit = ''] = busy?.MemUsage.split(' / ') ?? [];
  expect(used).toMatch(/^[\d.]+(KiB|MiB)$/);
  expect(limit).toBe(`${Number((totalmem() / 2 ** 30).toPrecision(4))}GiB`);
});

test('counts what goes over the network of the container', async () => {
  // An address for documentation: nobody answers, the packets are sent all the same.
  const sent = 'for i in 1 2 3 4 5 6; do ping -q -c 1 -W 1 -s 60000 192.0.2.1 & done; sleep 1000';
  await box.ok(['run', '-d', '--name', 'talks', busybox, 'sh', '-c', sent]);
  const bytesSent = async () => {
    const [, amount = '', unit = ''] = /^([\d.]+)(\w+)$/.exec((await rows('talks'))[0]?.NetIO.split(' / ')[1] ?? '') ?? [];
    return Number(amount) * ({ B: 1, kB: 1e3, MB: 1e6 }[unit] ?? 0);
  };
  await eventually('300 kB are counted', async () => (await bytesSent()) >= 300_000);
  await box.ok(['rm', '-f', 'talks']);
});

test('names choose the containers and their order, --all adds those that do not run, and --no-trunc has whole ids', async () => {
  const id = await box.ok(['inspect', '--format', '{{.Id}}', 'three']);
  const [three, idle] = await rows('--no-trunc', 'three', 'idle-one');
  expect(three).toMatchObject({ Name: 'three', Container: 'three', ID: id });
  expect(idle).toMatchObject({ Name: 'idle-one', CPUPerc: '0.00%', MemUsage: '0B / 0B', MemPerc: '0.00%', NetIO: '0B / 0B', PIDs: '0' });
  expect((await rows('-a')).map(({ Name }) => Name)).toEqual(['busy', 'three', 'idle-one']);
  expect(await box.ok(['container', 'stats', '--no-stream', '--format', 'table {{.Name}}\\t{{.PIDs}}', 'three'])).toBe(
    'NAME      PIDS\nthree     3',
  );
});

test('an unknown name and a bad template are told before anything is shown', async () => {
  const unknown = await box.skiff(['stats', 'busy', 'nobody']);
  expect({ ...unknown, stderr: unknown.stderr.split('\n')[0] }).toEqual({
    stdout: '',
    stderr: 'skiff: No such container: nobody',
    code: 1,
  });
  const bad = await box.skiff(['stats', '--format', '{{.Name']);
  expect({ stdout: bad.stdout, code: bad.code }).toEqual({ stdout: '', code: 1 });
});

test('without a cgroup the figures come from the processes, those of exec among them', async () => {
  const script = [
    'mount -t tmpfs tmpfs /sys/fs/cgroup',
    `"$SKIFF" run -d --name bare --network none ${busybox} sh -c 'sleep 1000 & wait' >/dev/null`,
    '"$SKIFF" exec bare sleep 1000 &',
    `for i in $(seq 300); do [ "$("$SKIFF" stats --no-stream --format '{{.PIDs}}' bare)" = 3 ] && break; sleep 0.1; done`,
    `"$SKIFF" stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' bare`,
    '"$SKIFF" rm -f bare >/dev/null',
    'wait',
  ].join('\n');
  const { stdout } = await surrounded(box, script, { by: rootOfRange });
  expect(stdout).toMatch(/^bare 3 [\d.]+[KM]iB \/ [\d.]+GiB\n$/);
});

describe('the stream', () => {
  test('on a pipe is one frame after the other, from which a container that ends vanishes, until somebody interrupts it', async () => {
    await box.ok(['run', '-d', '--name', 'brief', '--network', 'none', busybox, 'sleep', '1000']);
    const child = box.start(['stats', '--format', 'table {{.Name}}']);
    let text = '';
    const frames = () => text.split(/^NAME\n/m).slice(1);
    const read = (async () => {
      for await (const chunk of child.stdout) text += Buffer.from(chunk).toString();
    })();
    await eventually('a frame with it', () => frames().some((frame) => frame.includes('brief\n')));
    await box.ok(['rm', '-f', 'brief']);
    await eventually('a frame without it', () => frames().length > 2 && !frames().at(-2)?.includes('brief\n'));
    expect(text).not.toContain('\x1b');
    child.kill('SIGINT');
    await child.exited;
    await read;
  });

  test('ends by itself when all containers that were named are removed', async () => {
    await box.ok(['run', '-d', '--name', 'brief', '--network', 'none', busybox, 'sleep', '1000']);
    const child = box.start(['stats', 'brief']);
    const reader = child.stdout.getReader();
    await reader.read();
    await box.ok(['rm', '-f', 'brief']);
    while (!(await reader.read()).done);
    expect(await child.exited).toBe(0);
  });

  test('on a terminal overwrites the frame before', async () => {
    const shown = box.terminal(['stats', 'three']);
    await eventually('two frames', () => shown.output().split('\x1b[H').length > 2);
    expect(shown.output()).toContain('\x1b[2J\x1b[HCONTAINER ID');
    expect(shown.output()).toContain('\x1b[K');
    shown.process.kill('SIGINT');
    await shown.process.exited;
    expect(shown.output().split('\x1b[2J')).toHaveLength(2);
  });

  test('on a terminal clears nothing where there is nothing to show', async () => {
    const shown = box.terminal(['stats', 'nobody']);
    expect(await shown.ended()).toBe(1);
    expect(shown.output()).toBe('skiff: No such container: nobody\nList what there is: skiff ps -a\n');
  });
});
