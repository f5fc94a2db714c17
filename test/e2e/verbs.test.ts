// Forms of the small verbs: kill by every name of a signal, port, rm -f -v, wait, rename, --pull, --cidfile.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const logged = (name: string, text: string) =>
  eventually(`"${text}" in the log of ${name}`, async () => (await box.skiff(['logs', name])).stdout.includes(text));

describe('kill -s', () => {
  beforeAll(async () => {
    const script = 'for s in 1 10 15 37 64; do trap "echo got $s" $s; done; echo ready; while :; do sleep 0.05; done';
    await box.ok(['run', '-d', '--name', 'target', busybox, 'sh', '-c', script]);
    await logged('target', 'ready');
  });
  afterAll(() => remove('target'));

  test.each([
    ['HUP', 1],
    ['SIGUSR1', 10],
    ['sigterm', 15],
    ['1', 1],
    ['RTMIN+3', 37],
    ['rtmin+3', 37],
    ['SIGRTMAX', 64],
    ['37', 37],
  ])('%s is signal %d', async (signal, number) => {
    const before = count(await box.ok(['logs', 'target']), number);
    expect(await box.ok(['kill', '-s', signal, 'target'])).toBe('target');
    await eventually('it is heard', async () => count(await box.ok(['logs', 'target']), number) === before + 1);
  });

  const count = (log: string, number: number) => log.split('\n').filter((line) => line === `got ${number}`).length;

  test.each(['NOPE', '0', '65', '-1', '9x', 'SIG', 'RTMIN+99', ''])('"%s" is refused', async (signal) => {
    const { stdout, stderr, code } = await box.skiff(['kill', `--signal=${signal}`, 'target']);
    expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual({ stdout: '', code: 1, first: `skiff: Invalid signal: ${signal}` });
  });

  test.each(['KILL', 'SIGKILL', '9'])('%s ends it', async (signal) => {
    await box.ok(['run', '-d', '--name', 'victim', busybox, 'sleep', '1000']);
    await box.ok(['kill', '-s', signal, 'victim']);
    expect(await box.ok(['wait', 'victim'])).toBe('137');
    const id = await box.ok(['inspect', '--format', '{{.Id}}', 'victim']);
    const { stderr, code } = await box.skiff(['kill', '-s', signal, 'victim']);
    expect([code, stderr]).toEqual([1, `skiff: Cannot kill container: victim: Container ${id} is not running\n`]);
    await remove('victim');
  });
});

describe('port', () => {
  beforeAll(async () => {
    const ports = ['-p', '127.0.0.1::80', '-p', '127.0.0.1::53/udp', '-p', '127.0.0.2::80'];
    await box.ok(['run', '-d', '--name', 'web', ...ports, '--expose', '9', busybox, 'sleep', '1000']);
  });
  afterAll(() => remove('web'));

  test('lists all, or those of one port, tcp unless it says otherwise', async () => {
    const all = (await box.ok(['port', 'web'])).split('\n');
    expect(all.map((line) => line.replace(/\d+$/, 'N')).sort()).toEqual([
      '53/udp -> 127.0.0.1:N',
      '80/tcp -> 127.0.0.1:N',
      '80/tcp -> 127.0.0.2:N',
    ]);
    const of80 = all.filter((line) => line.startsWith('80/')).map((line) => line.split(' ').at(-1));
    expect((await box.ok(['port', 'web', '80'])).split('\n')).toEqual(of80);
    expect((await box.ok(['port', 'web', '80/tcp'])).split('\n')).toEqual(of80);
    expect(await box.ok(['port', 'web', '53/udp'])).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await box.ok(['container', 'port', 'web', '80'])).toBe(of80.join('\n'));
  });

  test.each([
    [['web', '53'], "No public port '53' published for web"],
    [['web', '80/udp'], "No public port '80/udp' published for web"],
    [['web', '9'], "No public port '9' published for web"],
    [['web', 'http'], 'Invalid port (http): it must be a number up to 65535'],
    [['web', '70000'], 'Invalid port (70000): it must be a number up to 65535'],
    [['nobody'], 'No such container: nobody'],
  ])('%j is refused: %s', async (args, why) => {
    const { stdout, stderr, code } = await box.skiff(['port', ...args]);
    expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual({ stdout: '', code: 1, first: `skiff: ${why}` });
  });

  test('a container that is down publishes nothing', async () => {
    await box.ok(['create', '--name', 'down', '-p', '127.0.0.1::80', busybox, 'true']);
    expect(await box.ok(['port', 'down'])).toBe('');
    expect((await box.skiff(['port', 'down', '80'])).stderr).toContain("No public port '80' published for down");
    await remove('down');
  });
});

test('rm -f -v kills it and takes its anonymous volumes along, not those with a name', async () => {
  await box.ok([
    'run',
    '-d',
    '--name',
    'volumes',
    '-v',
    '/anonymous',
    '-v',
    'named:/named',
    busybox,
    'sh',
    '-c',
    'echo x >/named/x; sleep 1000',
  ]);
  const anonymous = await box.ok([
    'inspect',
    '--format',
    '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}',
    'volumes',
  ]);
  expect(existsSync(join(box.root, 'volumes', anonymous, '_data'))).toBe(true);
  await logged('volumes', '');
  expect(await box.ok(['rm', '-f', '-v', 'volumes'])).toBe('volumes');
  expect(existsSync(join(box.root, 'volumes', anonymous))).toBe(false);
  expect(existsSync(join(box.root, 'volumes/named/_data'))).toBe(true);
});

test('rm -f of what is not there says so and is no failure; rm without -f fails', async () => {
  expect(await box.skiff(['rm', '-f', 'nobody'])).toEqual({ stdout: '', stderr: 'skiff: No such container: nobody\n', code: 0 });
  expect((await box.skiff(['rm', 'nobody'])).code).toBe(1);
});

test('wait of several prints what it can and names what is not there', async () => {
  for (const code of [0, 3]) await box.ok(['create', '--name', `ends${code}`, busybox, 'sh', '-c', `exit ${code}`]);
  for (const code of [0, 3]) await box.ok(['start', `ends${code}`]);
  const { stdout, stderr, code } = await box.skiff(['wait', 'ends0', 'nobody', 'ends3']);
  expect({ stdout, code }).toEqual({ stdout: '0\n3\n', code: 1 });
  expect(stderr).toContain('No such container: nobody');
  await remove('ends0', 'ends3');
});

describe('rename', () => {
  test.each([
    ['ab cd', 'Invalid container name (ab cd), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
    ['-dash', "unknown shorthand flag: 'd' in -dash"],
    ['', 'Invalid container name (), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
  ])('to "%s" is refused, and the name stays', async (to, why) => {
    await box.ok(['create', '--name', 'keeps', busybox, 'true']);
    const { stderr, code } = await box.skiff(['rename', 'keeps', to]);
    expect(code).not.toBe(0);
    expect(stderr.split('\n')[0]).toContain(why);
    expect(await box.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('keeps');
    await remove('keeps');
  });

  test('to its own name is refused', async () => {
    const id = await box.ok(['create', '--name', 'same', busybox, 'true']);
    const { stderr, code } = await box.skiff(['rename', 'same', 'same']);
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'skiff: Renaming a container with the same name as its current name']);
    expect(id).not.toBe('');
    await remove('same');
  });
});

describe('--pull', () => {
  test('always asks the registry though the image is here; missing does not', async () => {
    const always = await box.skiff(['run', '--rm', '--pull', 'always', busybox, 'echo', 'ran']);
    expect([always.stdout, always.code]).toEqual(['ran\n', 0]);
    expect(always.stderr).toContain('Status: Image is up to date');
    expect(await box.skiff(['run', '--rm', '--pull=missing', busybox, 'echo', 'ran'])).toEqual({ stdout: 'ran\n', stderr: '', code: 0 });
  });

  test('always fails when the registry has no such image, though it is here', async () => {
    await box.ok(['tag', busybox, image('nowhere')]);
    const { stdout, stderr, code } = await box.skiff(['run', '--rm', '--pull', 'always', image('nowhere'), 'true']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
    expect(stderr).not.toMatch(/internal error/);
    expect((await box.skiff(['run', '--rm', image('nowhere'), 'echo', 'here'])).stdout).toBe('here\n');
    await box.ok(['rmi', image('nowhere')]);
  });
});

describe('--cidfile', () => {
  test('of create holds the id; a folder that is not there is refused and nothing is made', async () => {
    const id = await box.ok(['create', '--cidfile', 'created', '--name', 'noted', busybox, 'true']);
    expect(readFileSync(join(box.files, 'created'), 'utf8')).toBe(id);
    const { stdout, stderr, code } = await box.skiff(['create', '--cidfile', 'no/such/file', busybox, 'true']);
    expect([stdout, code]).toEqual(['', 125]);
    expect(stderr).toContain('no/such/file');
    expect(await box.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('noted');
    await remove('noted');
  });
});
