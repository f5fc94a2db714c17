// clone, rename, snapshot and restore: everything that a file is comes along, and what was there before can be had back.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const inside = (volume: string, script: string) =>
  box.ok(['run', '--rm', '--network', 'none', '-v', `${volume}:/d`, busybox, 'sh', '-c', script]);
const names = async () => (await box.ok(['volume', 'ls', '-q'])).split('\n').filter(Boolean);
const UNUSUAL = [
  'mkdir -p /d/sub/deeper && chmod 1777 /d/sub && chmod 750 /d/sub/deeper',
  'echo text >/d/sub/file && chown 33:44 /d/sub/file && chmod 4711 /d/sub/file',
  'ln /d/sub/file /d/hard && ln -s ../../etc/passwd /d/soft && mkfifo -m 640 /d/pipe',
  'dd if=/dev/zero of=/d/sparse bs=1k seek=8192 count=1 2>/dev/null',
  `touch -d 2001-02-03T04:05:06 /d/sub/file /d/sub`,
  String.raw`printf x >"$(printf '/d/odd \377 name')"`,
  'chown 7:8 /d && chmod 2755 /d',
].join('; ');
/** A line for everything there is: name, type, owner, mode, time, size, number of links. */
const described = (volume: string) =>
  inside(
    volume,
    'cd /d && find . | sort | while IFS= read -r f; do stat -c "%n %F %u:%g %a %Y %s %h" "$f"; done; readlink soft; cat sub/file',
  );
const blocks = (volume: string) => inside(volume, 'stat -c %b /d/sparse');
afterEach(async () => {
  const all = await names();
  if (all.length > 0) await box.ok(['volume', 'rm', '--purge', ...all]);
  await box.ok(['system', 'prune', '-f', '--trash']);
});
const refused = async (args: string[], exitCode = 1) => {
  const { stdout, stderr, code } = await box.skiff(['volume', ...args]);
  expect({ stdout, code }).toEqual({ stdout: '', code: exitCode });
  return stderr;
};

describe('clone', () => {
  test('owners, modes, times, links, holes and strange names come along; labels too; then the two are two', async () => {
    await box.ok(['volume', 'create', '--label', 'a=1', 'data']);
    await inside('data', UNUSUAL);
    expect(await box.ok(['volume', 'clone', 'data', 'copy'])).toBe('copy');
    const before = await described('data');
    expect(before.split('\n').length).toBeGreaterThan(9);
    expect(await described('copy')).toBe(before);
    expect(Number(await blocks('copy'))).toBeLessThan(1000);
    expect(await box.ok(['volume', 'inspect', '-f', '{{json .Labels}} {{.Options}}', 'copy'])).toBe('{"a":"1"} map[]');
    await inside('copy', 'echo other >/d/sub/file; rm /d/soft');
    expect(await described('data')).toBe(before);
  });

  test('an anonymous volume’s clone is not anonymous, and a folder’s clone is a volume of its own', async () => {
    const anonymous = await box.ok(['volume', 'create']);
    await box.ok(['volume', 'clone', anonymous, 'kept']);
    expect(await box.ok(['volume', 'prune', '-f'])).toContain(anonymous);
    expect(await names()).toEqual(['kept']);
    await box.ok(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', `device=${box.files}`, 'folder']);
    await Bun.write(join(box.files, 'here'), 'here\n');
    await box.ok(['volume', 'clone', 'folder', 'copy']);
    expect(await inside('copy', 'cat /d/here')).toBe('here');
    expect(await box.ok(['volume', 'inspect', '-f', '{{json .Options}}', 'copy'])).toBe('null');
  });

  test('of a volume that a container runs with: a line says so; --pause holds the container', async () => {
    await box.ok([
      'run',
      '-d',
      '--name',
      'writer',
      '--network',
      'none',
      '-v',
      'data:/d',
      busybox,
      'sh',
      '-c',
      'while :; do date >>/d/log; done',
    ]);
    const { stdout, stderr, code } = await box.skiff(['volume', 'clone', 'data', 'one']);
    expect({ stdout, code }).toEqual({ stdout: 'one\n', code: 0 });
    expect(stderr).toContain('Container "writer" runs with the volume: its files are taken as a power cut would leave them');
    const paused = await box.skiff(['volume', 'clone', '--pause', 'data', 'two']);
    const actions = await box.ok(['events', '--since', '1h', '--until', '0s', '--filter', 'container=writer', '--format', '{{.Action}}']);
    if (paused.code === 0) expect(actions.split('\n').slice(-2)).toEqual(['pause', 'unpause']);
    else expect(paused.stderr).toContain('cgroup');
    expect(await box.ok(['inspect', '-f', '{{.State.Status}}', 'writer'])).toBe('running');
    await box.ok(['rm', '-f', 'writer']);
  });

  test.each([
    [['clone', 'nope', 'copy'], 'get nope: no such volume'],
    [['clone', 'data', 'other'], 'create other: a volume with that name already exists'],
    [['clone', 'data', '../copy'], 'create ../copy: "../copy" includes invalid characters for a local volume name'],
    [['clone', 'memory', 'copy'], 'Cannot clone the volume "memory": it is a tmpfs'],
    [['rename', 'nope', 'copy'], 'get nope: no such volume'],
    [['rename', 'data', 'other'], 'create other: a volume with that name already exists'],
    [['rename', 'data', 'a/b'], 'create a/b: "a/b" includes invalid characters for a local volume name'],
    [['snapshot', 'nope'], 'get nope: no such volume'],
    [['snapshot', 'data', '../x'], 'Invalid snapshot name "../x"'],
    [['snapshot', 'folder'], 'Cannot snapshot the volume "folder": its files are those of "/tmp"'],
    [['snapshot', '--rm', 'data', 'nope'], 'The volume "data" has no snapshot "nope"'],
    [['restore', 'data', 'nope'], 'The volume "data" has no snapshot "nope"'],
    [['restore', 'data', '../../other'], 'The volume "data" has no snapshot "../../other"'],
    [['restore', 'nope', 'x'], 'get nope: no such volume'],
  ])('%j is refused in one sentence, and nothing is changed', async (args, sentence) => {
    for (const name of ['data', 'other']) await box.ok(['volume', 'create', name]);
    await box.ok(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'memory']);
    await box.ok(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/tmp', 'folder']);
    expect(await refused(args)).toContain(`skiff: ${sentence}`);
    expect(await names()).toEqual(['data', 'folder', 'memory', 'other']);
  });

  test.each([
    [['clone', 'data'], 1, "'skiff volume clone' requires 2 arguments"],
    [['snapshot', '--list', '--rm', 'data'], 125, 'With --list only a volume is named'],
    [['snapshot', '--rm', 'data'], 125, 'With --rm a snapshot is named, too'],
  ])('the call %j is refused', async (args, exitCode, sentence) => {
    expect(await refused(args, exitCode)).toContain(sentence);
  });
});

describe('rename', () => {
  test('files, labels and snapshots go along; an anonymous volume has a name then', async () => {
    const anonymous = await box.ok(['volume', 'create', '--label', 'a=1']);
    await inside(anonymous, 'echo text >/d/file');
    await box.ok(['volume', 'snapshot', anonymous, 'first']);
    await box.ok(['volume', 'rename', anonymous, 'data']);
    expect(await names()).toEqual(['data']);
    expect(await inside('data', 'cat /d/file')).toBe('text');
    expect(await box.ok(['volume', 'inspect', '-f', '{{json .Labels}}', 'data'])).toBe('{"a":"1"}');
    expect(await box.ok(['volume', 'snapshot', '--list', 'data'])).toMatch(/^SNAPSHOT +CREATED\nfirst +/);
    expect(await box.ok(['volume', 'prune', '-f'])).toBe('Total reclaimed space: 0B');
  });

  test('while a container names it, running or not, it keeps its name', async () => {
    const id = await box.ok(['create', '--name', 'user', '-v', 'data:/d', busybox, 'true']);
    expect(await refused(['rename', 'data', 'other'])).toContain(`skiff: rename data: volume is in use - [${id}]`);
    expect(await names()).toEqual(['data']);
    await box.ok(['rm', 'user']);
  });
});

describe('snapshot and restore', () => {
  test('a volume gets the files back that it had, all that they are; what it had since is in the trash', async () => {
    await inside('data', UNUSUAL);
    const before = await described('data');
    expect(await box.ok(['volume', 'snapshot', 'data', 'first'])).toBe('first');
    await inside('data', 'rm -rf /d/*; echo later >/d/later');
    expect(await box.ok(['volume', 'restore', 'data', 'first'])).toBe('data');
    expect(await described('data')).toBe(before);
    expect(await box.ok(['system', 'undo', '--list'])).toMatch(/the former files of data$/);
    expect(await box.ok(['system', 'undo'])).toBe('data');
    expect(await inside('data', 'ls /d; cat /d/later')).toBe('later\nlater');
    expect((await box.skiff(['system', 'undo'])).stderr).toContain('Nothing to undo');
    await box.ok(['volume', 'restore', '--purge', 'data', 'first']);
    expect(await described('data')).toBe(before);
  });

  test('several are kept, the oldest first; a name is made of the time; a taken one is refused; --rm removes one', async () => {
    await box.ok(['volume', 'create', 'data']);
    for (const name of ['first', 'second']) await box.ok(['volume', 'snapshot', 'data', name]);
    const timed = await box.ok(['volume', 'snapshot', 'data']);
    expect(timed).toMatch(/^\d{8}-\d{6}$/);
    expect(await refused(['snapshot', 'data', 'first'])).toContain('The volume "data" has a snapshot "first" already');
    await box.ok(['volume', 'snapshot', '--rm', 'data', 'first']);
    const listed = (await box.ok(['volume', 'snapshot', '--list', 'data'])).split('\n').map((line) => line.split(/ +/)[0]);
    expect(listed).toEqual(['SNAPSHOT', 'second', timed]);
  });

  test('a volume that a container runs with is not restored; one whose container is down is, and the container sees it', async () => {
    await inside('data', 'echo old >/d/file');
    await box.ok(['volume', 'snapshot', 'data', 'first']);
    const id = await box.ok([
      'run',
      '-d',
      '--name',
      'user',
      '--network',
      'none',
      '-v',
      'data:/d',
      busybox,
      'sh',
      '-c',
      'cat /d/file; echo new >/d/file; exec sleep 1000',
    ]);
    expect(await refused(['restore', 'data', 'first'])).toContain(`skiff: restore data: volume is in use - [${id}]`);
    await box.ok(['kill', 'user']);
    await box.ok(['wait', 'user']);
    expect(await inside('data', 'cat /d/file')).toBe('new');
    await box.ok(['volume', 'restore', 'data', 'first']);
    await box.ok(['start', 'user']);
    expect(await box.ok(['logs', 'user'])).toBe('old\nold');
    await box.ok(['rm', '-f', 'user']);
  });

  test('a removed volume takes its snapshots along, and brings them back', async () => {
    await box.ok(['volume', 'create', 'data']);
    await box.ok(['volume', 'snapshot', 'data', 'first']);
    await box.ok(['volume', 'rm', 'data']);
    await box.ok(['system', 'undo']);
    expect(await box.ok(['volume', 'restore', 'data', 'first'])).toBe('data');
  });
});

test('a terminal is left with the result alone; elsewhere plain lines tell of what takes long', async () => {
  await inside('data', 'dd if=/dev/urandom of=/d/big bs=1M count=60 2>/dev/null');
  const terminal = box.terminal(['volume', 'clone', 'data', 'copy']);
  await terminal.waitFor(/(?:^|2K)copy\r?\n$/);
  expect(await terminal.ended()).toBe(0);
  const { stdout, stderr, code } = await box.skiff(['volume', 'clone', 'data', 'other']);
  expect({ stdout, code }).toEqual({ stdout: 'other\n', code: 0 });
  expect(stderr).toMatch(/^(?:Cloning data: [\d.]+[kM]?B of [\d.]+MB\n)*$/);
}, 120_000);

const disk = process.env.SKIFF_TEST_SMALL_DISK;
(disk ? test : test.skip)('a copy that does not fit says so, and leaves nothing (needs root to make a small disk)', async () => {
  const big = join(disk ?? '', `clone-${process.pid}`);
  const small = { env: { SKIFF_ROOT: big } };
  try {
    await box.ok(['pull', '--quiet', busybox], small);
    await box.ok(
      ['run', '--rm', '--network', 'none', '-v', 'data:/d', busybox, 'dd', 'if=/dev/urandom', 'of=/d/f', 'bs=1M', 'count=11'],
      small,
    );
    for (const args of [
      ['clone', 'data', 'copy'],
      ['snapshot', 'data', 'first'],
    ]) {
      const { stdout, stderr, code } = await box.skiff(['volume', ...args], small);
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toMatch(/^skiff: .*no space left/i);
    }
    expect(await box.ok(['volume', 'ls', '-q'], small)).toBe('data');
    expect(readdirSync(join(big, 'tmp')).filter((name) => name !== 'claims')).toEqual([]);
  } finally {
    Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'rm', '-rf', big], { stdin: 'ignore' });
  }
});
