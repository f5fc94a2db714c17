// `logs`: Docker's json-file lines, from the end backwards, followed across rotation.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.skiff(['run', '--name', 'both', busybox, 'sh', '-c', 'echo one; echo two >&2; printf three']);
});

test('both streams come back as they were, apart', async () => {
  expect(await box.skiff(['logs', 'both'])).toEqual({ stdout: 'one\nthree', stderr: 'two\n', code: 0 });
});

test("each line on the disk is one of Docker's json-file", async () => {
  const id = await box.ok(['inspect', '--format', '{{.Id}}', 'both']);
  const path = await box.ok(['inspect', '--format', '{{.LogPath}}', 'both']);
  expect(path).toBe(join(box.root, 'containers', id, `${id}-json.log`));
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ log, stream }) => ({ log, stream }))).toEqual(
    expect.arrayContaining([
      { log: 'one\n', stream: 'stdout' },
      { log: 'two\n', stream: 'stderr' },
      { log: 'three', stream: 'stdout' },
    ]),
  );
  for (const { time } of lines) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z$/);
});

test('-t puts the time before each line; --since and --until cut by it', async () => {
  await box.skiff(['run', '--name', 'timed', busybox, 'sh', '-c', 'echo first; sleep 1.2; echo second; sleep 1.2; echo third']);
  const stamped = (await box.ok(['logs', '-t', 'timed'])).split('\n');
  expect(stamped.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /, ''))).toEqual(['first', 'second', 'third']);
  const second = stamped[1]?.split(' ')[0] ?? '';
  expect(await box.ok(['logs', '--since', second, 'timed'])).toBe('second\nthird');
  expect(await box.ok(['logs', '--until', second, 'timed'])).toMatch(/^first(\nsecond)?$/);
  expect(await box.ok(['logs', '--since', '1h', 'timed'])).toBe('first\nsecond\nthird');
  expect(await box.ok(['logs', '--until', '1h', 'timed'])).toBe('');
});

test.each([
  ['0', ''],
  ['2', '9\n10'],
  ['100', Array.from({ length: 10 }, (_, line) => line + 1).join('\n')],
  ['all', Array.from({ length: 10 }, (_, line) => line + 1).join('\n')],
])('--tail %s', async (count, expected) => {
  const name = `tail-${count}`;
  await box.skiff(['run', '--name', name, busybox, 'seq', '1', '10']);
  expect(await box.ok(['logs', '--tail', count, name])).toBe(expected);
});

test('-f follows until the container ends, from the tail on', async () => {
  const script = 'echo old; while [ ! -e /go ]; do sleep 0.1; done; for n in 1 2 3; do echo $n; sleep 0.1; done';
  await box.ok(['run', '-d', '--name', 'followed', busybox, 'sh', '-c', script]);
  const following = box.skiff(['logs', '-f', '--tail', '0', 'followed']);
  await box.ok(['exec', 'followed', 'sh', '-c', 'sleep 0.5; touch /go']);
  expect(await following).toEqual({ stdout: '1\n2\n3\n', stderr: '', code: 0 });
  expect(await box.ok(['logs', 'followed'])).toBe('old\n1\n2\n3');
});

test('-f of a container that has ended prints and ends', async () => {
  expect(await box.skiff(['logs', '-f', 'both'])).toEqual({ stdout: 'one\nthree', stderr: 'two\n', code: 0 });
});

test('a log stays small: three files of at most ten megabytes, followed across rotation', async () => {
  const lines = 400_000;
  const line = '"a line that makes the log grow until it has to be rotated, number " n';
  await box.ok(['create', '--name', 'long', busybox, 'awk', `BEGIN { for (n = 1; n <= ${lines}; n++) print ${line} }`]);
  await box.ok(['start', 'long']);
  const followed = await box.skiff(['logs', '-f', 'long'], { timeoutMs: 120_000 });
  expect(followed.code).toBe(0);
  expect(followed.stdout.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`number ${lines}$`));
  const path = await box.ok(['inspect', '--format', '{{.LogPath}}', 'long']);
  const folder = path.slice(0, path.lastIndexOf('/'));
  const files = readdirSync(folder).filter((name) => name.includes('-json.log'));
  expect(files.length).toBe(3);
  for (const file of files) expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(10 * 1024 * 1024 + 4096);
  const kept = (await box.ok(['logs', 'long'], { timeoutMs: 120_000 }))
    .split('\n')
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  expect(kept.at(-1)).toBe(lines);
  expect(kept.every((number, index) => index === 0 || number === (kept[index - 1] ?? 0) + 1)).toBe(true);
});

test('a very long line without an end survives in pieces', async () => {
  const { code } = await box.skiff(['run', '--name', 'wide', busybox, 'sh', '-c', 'head -c 200000 /dev/zero | tr "\\0" x']);
  expect(code).toBe(0);
  expect((await box.ok(['logs', 'wide'])).match(/^x*$/)?.[0].length).toBe(200_000);
});

test('logs of what does not exist', async () => {
  const { stderr, code } = await box.skiff(['logs', 'nobody']);
  expect(code).toBe(1);
  expect(stderr).toContain('No such container: nobody');
});

test('logs of a container that never ran are empty', async () => {
  await box.ok(['create', '--name', 'fresh', busybox, 'true']);
  expect(await box.skiff(['logs', 'fresh'])).toEqual({ stdout: '', stderr: '', code: 0 });
});
