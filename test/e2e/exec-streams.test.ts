// What a program added by `exec` holds of its caller: pipes and nothing else, whatever the caller's own streams are.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';
import { surrounded } from './support/surrounded.ts';

const box = openSandbox();

beforeAll(async () => {
  await box.ok(['run', '-d', '--quiet', '--name', 'target', image('busybox'), 'sleep', '100000']);
});

const KINDS = `for fd in 0 1 2; do readlink /proc/self/fd/$fd | sed 's/:.*//'; done`;

test("without -t the caller's terminal does not get into the container, with -i or without", async () => {
  for (const [flags, stdin] of [[[], '/dev/null'] as const, [['-i'], 'pipe'] as const]) {
    const terminal = box.terminal([
      'exec',
      ...flags,
      'target',
      'sh',
      '-c',
      `for fd in 0 1 2; do readlink /proc/$$/fd/$fd | sed 's/:.*//'; done`,
    ]);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).toBe(`${stdin}\npipe\npipe\n`);
  }
});

test('what is typed at a terminal still arrives with -i', async () => {
  const terminal = box.terminal(['exec', '-i', 'target', 'sh', '-c', 'read line; echo "got $line"; exit 3']);
  terminal.type('words\n');
  await terminal.waitFor(/got words/);
  expect(await terminal.ended()).toBe(3);
});

test('a file that output is appended to cannot be read from inside', async () => {
  const file = join(box.files, 'out');
  writeFileSync(file, 'before\n');
  const { code } = await surrounded(
    box,
    `"$SKIFF" exec target sh -c 'timeout 1 cat /proc/$$/fd/1 2>/dev/null; readlink /proc/$$/fd/1 | sed "s/:.*//"' >>out 2>&1`,
  );
  expect({ code, text: readFileSync(file, 'utf8') }).toEqual({ code: 0, text: 'before\npipe\n' });
});

test('a file as input is copied from where the caller stands in it', async () => {
  writeFileSync(join(box.files, 'in'), `first\n${'line\n'.repeat(100_000)}`);
  const script = `{ read first; "$SKIFF" exec -i target sh -c 'readlink /proc/$$/fd/0 | sed "s/:.*//"; wc -c'; } <in`;
  expect(await surrounded(box, script)).toEqual({ stdout: 'pipe\n500000\n', stderr: '', code: 0 });
});

test('pipes are handed on as they are', async () => {
  const script = `printf typed | "$SKIFF" exec -i target sh -c '${KINDS}; cat' 2>&1 | cat`;
  expect((await surrounded(box, script)).stdout).toBe('pipe\npipe\npipe\ntyped');
});

test('all output arrives, and a process left behind with it does not hold exec up', async () => {
  const { stdout, stderr, code } = await box.skiff(['exec', 'target', 'sh', '-c', 'sleep 1000 & head -c 3000000 /dev/zero; echo end >&2']);
  expect({ bytes: stdout.length, stderr, code }).toEqual({ bytes: 3_000_000, stderr: 'end\n', code: 0 });
});

test('a program that never reads its input ends with its own code', async () => {
  expect((await box.skiff(['exec', '-i', 'target', 'sh', '-c', 'exit 4'], { stdin: 'x'.repeat(500_000) })).code).toBe(4);
});
