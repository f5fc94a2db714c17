// What `exec` and `run` say, and with which code, when the folder, the program or the user does not fit.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['run', '-d', '--quiet', '--name', 'target', busybox, 'sleep', '100000']);
  const setUp =
    'mkdir /priv /l; cp /bin/busybox /priv/echo; cp /bin/busybox /l/echo; chmod 700 /l/echo; chown -R 1000 /priv; chmod 700 /priv';
  await box.ok(['exec', 'target', 'sh', '-c', setUp]);
});

test('exec -w with a folder that is missing, or a relative one', async () => {
  const missing = await box.skiff(['exec', '-w', '/nonexist', 'target', 'true']);
  expect(missing.code).toBe(127);
  expect(missing.stderr).toContain('chdir to cwd ("/nonexist") set in config.json failed: no such file or directory');
  const relative = await box.skiff(['exec', '-w', 'rel', 'target', 'true']);
  expect(relative.code).toBe(126);
  expect(relative.stderr).toContain('Cwd must be an absolute path');
});

test('exec of a program that only its owner may execute, as the owner and as another', async () => {
  expect(await box.skiff(['exec', '-u', '1000', 'target', '/priv/echo', 'hello'])).toEqual({ stdout: 'hello\n', stderr: '', code: 0 });
  for (const path of ['/priv/echo', '/l/echo']) {
    const refused = await box.skiff(['exec', '-u', '1001', 'target', path]);
    expect(refused.code).toBe(126);
    expect(refused.stderr).toContain(`exec: "${path}": permission denied`);
  }
});

test('run of a program that the user may not execute is 126', async () => {
  const folder = join(box.files, 'closed');
  mkdirSync(folder);
  writeFileSync(join(folder, 'prog'), '#!/bin/sh\necho ran\n');
  chmodSync(join(folder, 'prog'), 0o700);
  // Read-only: in a folder to write to, user 1000 would be the caller.
  const run = (...args: string[]) => box.skiff(['run', '--rm', '-v', `${folder}:/closed:ro`, ...args, busybox, '/closed/prog']);
  const refused = await run('-u', '1000');
  expect(refused.code).toBe(126);
  expect(refused.stderr).toContain('exec: "/closed/prog": permission denied');
  expect((await run()).stdout).toBe('ran\n');
});

test('a program below a mount whose destination passes a symlink is found', async () => {
  writeFileSync(join(box.files, 'prog'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
  await box.ok(['run', '--rm', '-v', 'way:/way', busybox, 'sh', '-c', 'mkdir /way/real; ln -s real /way/link']);
  const { stdout, stderr, code } = await box.skiff([
    'run',
    '--rm',
    '-v',
    'way:/way',
    '-v',
    `${box.files}:/way/link/app`,
    busybox,
    '/way/link/app/prog',
  ]);
  expect({ stdout, stderr, code }).toEqual({ stdout: 'ran\n', stderr: '', code: 0 });
});

test('a working directory is not made through a read-only bind', async () => {
  const folder = join(box.files, 'source');
  mkdirSync(folder);
  const { code, stderr } = await box.skiff(['run', '--rm', '-v', `${folder}:/src:ro`, '-w', '/src/new', busybox, 'true']);
  expect(code).toBe(126);
  expect(stderr).toContain('Cannot mkdir: /src/new: read-only file system');
  expect(existsSync(join(folder, 'new'))).toBe(false);
});

test('a service manager that waits for word of skiff does not keep containers from running', async () => {
  const env = { NOTIFY_SOCKET: join(box.files, 'notify'), LISTEN_FDS: '1', LISTEN_FDNAMES: 'x' };
  expect(await box.skiff(['run', '--rm', busybox, 'echo', 'ran'], { env })).toEqual({ stdout: 'ran\n', stderr: '', code: 0 });
});

test("the root of the rootfs has the owner and the mode of the topmost layer's, until the container changes them", async () => {
  const features = image('features');
  await box.ok(['run', '-d', '--quiet', '--name', 'rooted', '--entrypoint', 'sleep', features, '100000']);
  const look = () => box.ok(['exec', '-u', '0', 'rooted', 'stat', '-c', '%u:%g %a', '/']);
  expect(await look()).toBe('1000:1000 751');
  await box.ok(['exec', '-u', '0', 'rooted', 'sh', '-c', 'chmod 711 /; touch /changed']);
  await box.ok(['restart', '-t', '0', 'rooted']);
  expect(await look()).toBe('1000:1000 711');
});
