// `exec`: a second process in a running container. No supervisor takes part: the front becomes the way in.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok([
    'run',
    '-d',
    '--quiet',
    '--name',
    'target',
    '-e',
    'FROM_RUN=1',
    '-w',
    '/tmp',
    '--hostname',
    'target',
    busybox,
    'sleep',
    '100000',
  ]);
});

const exec = (...args: string[]) => box.skiff(['exec', ...args]);

test('output, error and exit code are those of the process', async () => {
  expect(await exec('target', 'sh', '-c', 'echo out; echo err >&2; exit 9')).toEqual({ stdout: 'out\n', stderr: 'err\n', code: 9 });
});

test('it is in the container: its processes, host name, folder and environment', async () => {
  const { stdout } = await exec('target', 'sh', '-c', 'cat /proc/1/cmdline | tr "\\0" " "; echo; hostname; pwd; echo "$FROM_RUN $HOME"');
  expect(stdout).toBe('sleep 100000 \ntarget\n/tmp\n1 /root\n');
});

test('it has the capabilities and the filter of the container, no more', async () => {
  const { stdout } = await exec('target', 'sh', '-c', 'grep -e ^CapEff -e ^Seccomp: /proc/self/status | cut -f2');
  expect(stdout).toBe('00000000a80425fb\n2\n');
});

test('-e, -u and -w are for this process alone', async () => {
  const { stdout } = await exec(
    '-e',
    'MORE=two words',
    '-u',
    'app',
    '-w',
    '/home/app',
    'target',
    'sh',
    '-c',
    'id -un; pwd; echo "$MORE,$FROM_RUN"',
  );
  expect(stdout).toBe('app\n/home/app\ntwo words,1\n');
  expect((await exec('target', 'sh', '-c', 'env | grep -c ^MORE=')).stdout).toBe('0\n');
});

test('-u 1000:1 takes both numbers', async () => {
  expect((await exec('-u', '1000:1', 'target', 'id')).stdout).toBe('uid=1000(app) gid=1(daemon) groups=1(daemon)\n');
});

test('-i passes standard input on, to its end', async () => {
  const bytes = Buffer.alloc(300_000, 'abc\n');
  const { stdout, code } = await box.skiff(['exec', '-i', 'target', 'wc', '-c'], { stdin: bytes });
  expect({ stdout, code }).toEqual({ stdout: '300000\n', code: 0 });
});

test('without -i nothing is read', async () => {
  expect(await box.skiff(['exec', 'target', 'cat'], { stdin: 'must not arrive' })).toEqual({ stdout: '', stderr: '', code: 0 });
});

test('-d returns at once, and the process goes on', async () => {
  expect((await exec('-d', 'target', 'sh', '-c', 'echo done >/tmp/by-exec; sleep 1000')).code).toBe(0);
  await eventually('the detached process wrote its file', async () => (await exec('target', 'cat', '/tmp/by-exec')).stdout === 'done\n');
  expect((await exec('target', 'sh', '-c', 'ps | grep -c "[s]leep 1000$"')).stdout).toBe('1\n');
});

test('-t gives a terminal, with its size', async () => {
  const terminal = box.terminal(['exec', '-it', 'target', 'sh'], { columns: 91, rows: 33 });
  terminal.type('stty size; tty; echo "$TERM"\n');
  await terminal.waitFor(/33 91/);
  await terminal.waitFor(/\/dev\/(pts\/\d+|console)/);
  await terminal.waitFor(/xterm/);
  terminal.type('exit 5\n');
  expect(await terminal.ended()).toBe(5);
});

test('a terminal that changes its size is followed', async () => {
  const terminal = box.terminal(['exec', '-it', 'target', 'sh'], { columns: 80, rows: 24 });
  terminal.type('stty size\n');
  await terminal.waitFor(/24 80/);
  terminal.resize(132, 50);
  await eventually('the container sees the new size', async () => {
    terminal.type('stty size\n');
    return terminal.waitFor(/50 132/, 500).catch(() => undefined);
  });
  terminal.type('exit\n');
  expect(await terminal.ended()).toBe(0);
});

test('-t without a terminal to give is refused', async () => {
  const { code, stderr } = await exec('-it', 'target', 'true');
  expect(code).toBe(1);
  expect(stderr).toContain('the input device is not a TTY');
});

test('a command that is not there is 127, one that cannot run is 126', async () => {
  const missing = await exec('target', 'no-such-command');
  expect(missing.code).toBe(127);
  expect(missing.stderr).toMatch(
    /^skiff: OCI runtime exec failed: exec failed: unable to start container process: exec: "no-such-command": executable file not found in \$PATH\n/,
  );
  const refused = await exec('target', '/bin/not-executable');
  expect(refused.code).toBe(126);
  expect(refused.stderr).toContain('permission denied');
});

test('a signal that ends the process gives 128 + n', async () => {
  expect((await exec('target', 'sh', '-c', 'kill -9 $$')).code).toBe(137);
});

test('a container is found by name, by id and by a prefix of it', async () => {
  const id = await box.ok(['inspect', '--format', '{{.Id}}', 'target']);
  for (const name of [id, id.slice(0, 12), id.slice(0, 5)]) expect((await exec(name, 'echo', 'found')).stdout).toBe('found\n');
});

test('a container that does not run, or does not exist, is said so', async () => {
  const id = await box.ok(['create', '--name', 'still', busybox, 'true']);
  const stopped = await exec('still', 'true');
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toContain(`container ${id} is not running`);
  const unknown = await exec('no-such-container', 'true');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('No such container: no-such-container');
  await box.ok(['rm', 'still']);
});

test('twenty at once, all right', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, number) => exec('target', 'echo', String(number))));
  expect(all.map(({ stdout, code }) => `${code} ${stdout}`)).toEqual(Array.from({ length: 20 }, (_, number) => `0 ${number}\n`));
});
