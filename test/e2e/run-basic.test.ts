// `run` without options worth a topic: output, exit codes, stdin, names, and what the image's configuration decides.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const shell = (script: string, ...flags: string[]) => box.skiff(['run', '--rm', ...flags, busybox, 'sh', '-c', script]);

test('standard output and standard error arrive apart, unchanged', async () => {
  const result = await shell('printf "to out"; printf "to err" >&2');
  expect(result).toEqual({ stdout: 'to out', stderr: 'to err', code: 0 });
});

test.each([0, 1, 42, 255])('the exit code %d of the container is that of run', async (code) => {
  expect(await shell(`exit ${code}`)).toEqual({ stdout: '', stderr: '', code });
});

test('a container killed by a signal ends run with 128 + n', async () => {
  const running = box.skiff(['run', '--rm', '--name', 'killed', busybox, 'sleep', '1000']);
  await eventually('it runs', async () => (await box.ok(['ps', '-q', '--filter', 'name=killed'])) !== '');
  await box.ok(['kill', 'killed']);
  expect((await running).code).toBe(137);
});

test('a command that does not exist ends with 127 and is named', async () => {
  const { stdout, stderr, code } = await box.skiff(['run', '--rm', busybox, 'no-such-command']);
  expect({ stdout, code }).toEqual({ stdout: '', code: 127 });
  expect(stderr).toContain('exec: "no-such-command": executable file not found in $PATH');
});

test.each(['/bin/not-executable', '/etc'])('%s cannot be executed: 126', async (path) => {
  const { stderr, code } = await box.skiff(['run', '--rm', busybox, path]);
  expect(code).toBe(126);
  expect(stderr).toContain(path);
  expect(stderr).toMatch(/permission denied|is a directory/);
});

test('with -i a megabyte of bytes goes through unchanged', async () => {
  const bytes = Buffer.alloc(1 << 20, 'every byte counts\0\n');
  const { stdout, code } = await box.skiff(['run', '--rm', '-i', busybox, 'md5sum'], { stdin: bytes });
  expect({ stdout, code }).toEqual({ stdout: `${new Bun.CryptoHasher('md5').update(bytes).digest('hex')}  -\n`, code: 0 });
});

test('without -i the container reads nothing', async () => {
  const { stdout, code } = await box.skiff(['run', '--rm', busybox, 'cat'], { stdin: 'must not arrive' });
  expect({ stdout, code }).toEqual({ stdout: '', code: 0 });
});

test('a large output arrives whole and in order', async () => {
  const { stdout, code } = await shell('seq 1 200000');
  expect(code).toBe(0);
  expect(stdout).toBe(`${Array.from({ length: 200_000 }, (_, line) => line + 1).join('\n')}\n`);
});

test('-d prints the id, and --cidfile keeps it', async () => {
  const file = join(box.files, 'cid');
  const id = await box.ok(['run', '-d', '--cidfile', file, '--name', 'detached', busybox, 'sleep', '1000']);
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(readFileSync(file, 'utf8')).toBe(id);
  expect(await box.ok(['ps', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}'])).toBe(`${id} detached running`);
  const again = await box.skiff(['run', '--cidfile', file, busybox, 'true']);
  expect(again.code).toBe(125);
  expect(again.stderr).toContain(file);
  expect(await box.ok(['rm', '-f', 'detached'])).toBe('detached');
});

test('without --rm the container stays, with its exit code; with it nothing stays', async () => {
  await box.skiff(['run', '--name', 'kept', busybox, 'sh', '-c', 'exit 3']);
  expect(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}} {{.Status}}'])).toMatch(/^kept exited Exited \(3\) .+ ago$/);
  await box.ok(['rm', 'kept']);
  await box.ok(['run', '--rm', '--name', 'gone', busybox, 'true']);
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('a name in use is refused, and whose it is said', async () => {
  const id = await box.ok(['create', '--name', 'taken', busybox, 'true']);
  const { stdout, stderr, code } = await box.skiff(['run', '--name', 'taken', busybox, 'true']);
  expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
  expect(stderr).toContain(`Conflict. The container name "/taken" is already in use by container "${id}"`);
  await box.ok(['rm', 'taken']);
});

test('hostname is the short id, or what --hostname says; /etc/hosts knows it', async () => {
  expect((await shell('hostname')).stdout).toMatch(/^[0-9a-f]{12}\n$/);
  const named = await shell('hostname; cat /etc/hostname; grep -o "[[:space:]]ship$" /etc/hosts | sort -u | wc -l', '--hostname', 'ship');
  expect(named).toEqual({ stdout: 'ship\nship\n1\n', stderr: '', code: 0 });
});

test("what the container writes is its own, the image's files are everyone's", async () => {
  expect(await shell('echo mine >/new; echo changed >/etc/group; rm /etc/passwd; cat /new')).toMatchObject({ stdout: 'mine\n', code: 0 });
  expect(await shell('ls /new /etc/passwd 2>&1; head -n 1 /etc/group')).toEqual({
    stdout: 'ls: /new: No such file or directory\n/etc/passwd\nroot:x:0:\n',
    stderr: '',
    code: 0,
  });
});

test('--quiet prints no progress of a pull; --pull never does not pull', async () => {
  await box.ok(['rmi', '-f', busybox]);
  const refused = await box.skiff(['run', '--rm', '--pull', 'never', busybox, 'true']);
  expect({ stdout: refused.stdout, code: refused.code }).toEqual({ stdout: '', code: 125 });
  expect(refused.stderr).toContain(`No such image: ${busybox}`);
  expect(await box.skiff(['run', '--rm', '--quiet', busybox, 'echo', 'pulled'])).toEqual({ stdout: 'pulled\n', stderr: '', code: 0 });
});

test('run pulls an image that is missing, and says so on standard error', async () => {
  await box.ok(['rmi', '-f', busybox]);
  const { stdout, stderr, code } = await box.skiff(['run', '--rm', busybox, 'echo', 'pulled']);
  expect({ stdout, code }).toEqual({ stdout: 'pulled\n', code: 0 });
  expect(stderr).toContain(`Unable to find image '${busybox}:latest' locally`);
});

describe('the configuration of the image', () => {
  const features = image('features');
  beforeAll(async () => {
    await box.ok(['pull', '--quiet', features]);
  });
  const run = (...args: string[]) => box.skiff(['run', '--rm', ...args]);

  test('ENTRYPOINT and CMD, each replaced by its own means', async () => {
    expect((await run(features)).stdout).toBe('entry one two\n');
    expect((await run(features, 'three')).stdout).toBe('entry three\n');
    expect((await run('--entrypoint', 'echo', features)).stdout).toBe('\n');
    expect((await run('--entrypoint', 'echo', features, 'other')).stdout).toBe('other\n');
    expect((await run('--entrypoint', '', features, 'echo', 'none')).stdout).toBe('none\n');
  });

  test('USER, WORKDIR (made if missing, and owned by root) and ENV', async () => {
    const script = 'id; pwd; stat -c %u:%a .; env | grep -e ^GREETING= -e ^EMPTY= -e ^HOME= | sort';
    const { stdout } = await run('--entrypoint', 'sh', features, '-c', script);
    expect(stdout).toBe(
      'uid=1000(app) gid=1000(app) groups=50(staff),1000(app)\n/srv/made/by/run\n0:755\nEMPTY=\nGREETING=hello\nHOME=/home/app\n',
    );
  });

  test('VOLUME: the content of the image is there, owners too, and --rm takes the volume along', async () => {
    const { stdout } = await run(
      '--entrypoint',
      'sh',
      features,
      '-c',
      'cat /data/seed; stat -c "%u %a" /data/seed /cache; echo new >/data/new',
    );
    expect(stdout).toBe('from the image\n1000 644\n1000 700\n');
    expect((await run('--entrypoint', 'ls', features, '/data')).stdout).toBe('seed\n');
    expect(existsSync(join(box.root, 'volumes')) ? await box.ok(['ps', '-aq']) : '').toBe('');
  });

  test('STOPSIGNAL, EXPOSE, HEALTHCHECK and labels are kept by create', async () => {
    await box.ok(['create', '--name', 'kept', '--label', 'mine=1', '--label', 'test.keep=no', features]);
    const format = '{{.Config.StopSignal}} {{json .Config.ExposedPorts}} {{json .Config.Healthcheck.Test}} {{json .Config.Labels}}';
    expect(await box.ok(['inspect', '--format', format, 'kept'])).toBe(
      'SIGUSR1 {"53/udp":{},"8080/tcp":{}} ["CMD-SHELL","test -e /data/seed"] {"mine":"1","test.image":"features","test.keep":"no"}',
    );
    await box.ok(['rm', '-v', 'kept']);
  });
});
