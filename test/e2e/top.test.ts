// `top`: the processes of one container as the machine's ps tells of them, or as /proc does where there is none.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { surrounded } from './support/surrounded.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['run', '-d', '--name', 'busy', busybox, 'sh', '-c', 'sleep 1001 & sleep 1002']);
  await box.ok(['run', '-d', '--name', 'other', busybox, 'sleep', '2000']);
  await box.ok(['exec', '-d', 'busy', 'sleep', '1003']);
  await eventually('the command of exec has begun', async () => (await box.ok(['top', 'busy'])).includes('sleep 1003'));
});

const table = async (...args: string[]) => (await box.ok(['top', ...args])).split('\n').map((line) => line.trim().split(/ {3,}/));
const commands = (rows: string[][]) =>
  rows
    .slice(1)
    .map((cells) => cells.at(-1))
    .sort();

test('shows every process of the container, those of exec too, in the columns of ps -ef', async () => {
  const rows = await table('busy');
  expect(rows[0]).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
  expect(commands(rows)).toEqual(['sleep 1001', 'sleep 1002', 'sleep 1003']);
  const pids = rows.slice(1).map((cells) => cells[1]);
  const init = await box.ok(['inspect', '--format', '{{.State.Pid}}', 'busy']);
  expect(pids).toContain(init);
  for (const pid of pids) expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^sleep.100[123].$/s);
});

test("lines up in columns of at least twenty, as Docker's", async () => {
  const [titles = ''] = (await box.ok(['top', 'busy', '-o', 'pid,comm'])).split('\n');
  expect(titles).toBe('PID                 COMMAND');
});

test('takes the options of ps, together or apart, with dashes or without', async () => {
  expect((await table('busy', '-o', 'pid,args'))[0]).toEqual(['PID', 'COMMAND']);
  expect(commands(await table('busy', 'aux'))).toEqual(['sleep 1001', 'sleep 1002', 'sleep 1003']);
  expect(commands(await table('busy', '-eo pid,comm'))).toEqual(['sleep', 'sleep', 'sleep']);
  // ps takes no list of processes with "f": they are picked out of all there are.
  expect((await table('busy', 'f', '-eo', 'pid,args')).length).toBe(4);
});

test('long command lines are not cut off at the width of the terminal', async () => {
  const long = 'x'.repeat(300);
  await box.ok(['run', '-d', '--name', 'long', busybox, 'sh', '-c', `sleep 1000; : ${long}`]);
  expect(await box.ok(['top', 'long', '-o', 'pid,args'], { env: { COLUMNS: '40' } })).toContain(long);
});

test('of a paused container too, and told of by an event', async () => {
  await box.ok(['pause', 'other']);
  expect(commands(await table('other'))).toEqual(['sleep 2000']);
  await box.ok(['unpause', 'other']);
  expect(await box.ok(['events', '--since', '10m', '--until', '0s', '--filter', 'container=other', '--format', '{{.Action}}'])).toContain(
    'top',
  );
});

test.each([
  [['nobody'], 'No such container: nobody'],
  [['busy', '-o', 'user'], "Couldn't find PID field in ps output"],
  [['busy', '-o', 'uid=PID'], 'specifying "uid=PID" is not allowed'],
  [['busy', '--no-such-option'], 'error: unknown gnu long option'],
])('%j is refused: %s', async (args, why) => {
  const { stdout, stderr, code } = await box.skiff(['top', ...args]);
  expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual({ stdout: '', code: 1, first: `skiff: ${why}` });
});

test('a container that does not run has no processes to show', async () => {
  const id = await box.ok(['create', '--name', 'still', busybox, 'true']);
  const { stderr, code } = await box.skiff(['top', 'still']);
  expect([code, stderr]).toEqual([1, `skiff: container ${id} is not running\nskiff start still\n`]);
});

test('without a ps the default columns are there all the same, and options are refused', async () => {
  const bin = join(box.files, 'bin');
  mkdirSync(bin);
  for (const program of ['sh', 'nsenter', 'unshare']) symlinkSync(Bun.which(program) ?? '', join(bin, program));
  const shown = await surrounded(box, '"$SKIFF" top busy', { env: { PATH: bin } });
  const rows = shown.stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {3,}/));
  expect(rows[0]).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
  expect(commands(rows)).toEqual(['sleep 1001', 'sleep 1002', 'sleep 1003']);
  const refused = await surrounded(box, '"$SKIFF" top busy aux', { env: { PATH: bin } });
  expect([refused.code, refused.stderr.split('\n')[0]]).toEqual([1, 'skiff: Cannot find the program "ps", which top with options needs']);
});
