// What a container changed, with every storage driver, while it runs, is paused, and is stopped.
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const CHANGES = [
  'mkdir -p /made/deep',
  'echo new >/made/deep/file',
  'ln /made/deep/file /made/link',
  'rm /etc/passwd',
  'echo more >>/etc/group',
  'rm -r /home',
  'chmod 700 /tmp',
  'touch /var /usr',
  'rm -rf /var/tmp; mkdir /var/tmp; echo x >/var/tmp/x',
  'touch /etc/removed-again; rm /etc/removed-again',
  'touch "/made/two words"; touch "$(printf "/made/caf\\351")"',
].join('; ');
const EXPECTED = [
  'C /etc',
  'C /etc/group',
  'D /etc/passwd',
  'D /home',
  'A /made',
  'A /made/caf\xe9',
  'A /made/deep',
  'A /made/deep/file',
  'A /made/link',
  'A /made/two words',
  'C /tmp',
  'C /var',
  'C /var/tmp',
  'A /var/tmp/x',
];

async function diff(name: string): Promise<string[]> {
  const child = box.start(['diff', name]);
  const lines = Buffer.from(await new Response(child.stdout).arrayBuffer())
    .toString('latin1')
    .split('\n')
    .filter(Boolean);
  expect(await child.exited).toBe(0);
  return lines;
}

describe.each(['overlay', 'fuse-overlayfs', 'copy'])('with the storage driver %s', (driver) => {
  const name = `changes-${driver}`;

  test('tells what was added, changed and deleted, by the tree', async () => {
    await box.ok(['run', '--network', 'none', '--storage-driver', driver, '--name', name, busybox, 'sh', '-c', CHANGES]);
    expect(await diff(name)).toEqual(EXPECTED);
  });

  test('tells nothing of a container that changed nothing', async () => {
    await box.ok(['run', '--network', 'none', '--storage-driver', driver, '--name', `${name}-none`, busybox, 'true']);
    expect(await box.ok(['diff', `${name}-none`])).toBe('');
    await box.ok(['create', '--storage-driver', driver, '--name', `${name}-fresh`, busybox, 'true']);
    expect(await box.ok(['container', 'diff', `${name}-fresh`])).toBe('');
  });
});

test('tells the same while the container runs, and while it is paused', async () => {
  await box.ok(['run', '-d', '--network', 'none', '--name', 'live', busybox, 'sh', '-c', `${CHANGES}; touch /done; exec sleep 1000`]);
  await box.ok(['exec', 'live', 'sh', '-c', 'while [ ! -e /done ]; do sleep 0.1; done']);
  const expected = [...EXPECTED, 'A /done'].toSorted((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
  expect(await diff('live')).toEqual(expected);
  await box.ok(['pause', 'live']);
  expect(await diff('live')).toEqual(expected);
  await box.ok(['unpause', 'live']);
});

test('shows mount points that were made for a mount of the user, and nothing of what is in it', async () => {
  const flags = ['-v', '/data', '--tmpfs', '/scratch', '-w', '/work', '-v', `${box.files}:/shared`];
  await box.ok([
    'run',
    '--network',
    'none',
    '--name',
    'mounts',
    ...flags,
    busybox,
    'touch',
    '/data/x',
    '/scratch/y',
    '/shared/z',
    '/dev/shm/q',
  ]);
  expect(await diff('mounts')).toEqual(['A /data', 'A /scratch', 'A /shared', 'A /work']);
});

test('goes through a large change', async () => {
  const script =
    'mkdir /many; cd /many; i=0; while [ $i -lt 40 ]; do mkdir $i; for j in 0 1 2 3 4 5 6 7 8 9; do : >$i/$j$j; : >$i/x$j; : >$i/y$j; : >$i/z$j; done; i=$((i+1)); done';
  await box.ok(['run', '--network', 'none', '--name', 'many', busybox, 'sh', '-c', script]);
  const lines = await diff('many');
  expect(lines.length).toBe(1 + 40 + 40 * 40);
  expect(new Set(lines.map((line) => line[0]))).toEqual(new Set(['A']));
});

test.each([
  [['diff', 'nobody'], 'No such container: nobody'],
  [['diff'], "'skiff diff' requires 1 argument"],
  [['diff', 'live', 'mounts'], "'skiff diff' requires 1 argument"],
])('refuses %p in one sentence', async (args, said) => {
  const { stdout, stderr, code } = await box.skiff(args);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(stderr).toContain(said);
});
