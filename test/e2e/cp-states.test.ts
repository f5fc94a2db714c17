// `cp` with containers in every state, and through their mounts: the same files are seen whether the container runs or not, and the state is
// afterwards what it was. A copy that is broken off leaves nothing half done.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox, type Sandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const here = (...parts: string[]) => join(box.files, ...parts);
const silent = { stdout: '', stderr: '', code: 0 };

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['pull', '--quiet', image('features')]);
  writeFileSync(here('file'), 'content\n');
});

const cp = (...args: string[]) => box.skiff(['cp', ...args]);
const state = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name]);
const remove = (name: string) => box.ok(['rm', '-f', '-v', name]);
/** The worker that copies to or from the container. */
const workerOf = (id: string): number | undefined => {
  const isIt = (pid: string) => {
    const words = /^\d+$/.test(pid) ? readIfThere(`/proc/${pid}/cmdline`).split('\0') : [];
    return words[1] === '__work' && words[3] === id;
  };
  const pid = readdirSync('/proc').find(isIt);
  return pid === undefined ? undefined : Number(pid);
};
/** Whether the process has written a megabyte. */
const hasWritten = (pid: number | undefined) => Number(/^wchar: (\d+)$/m.exec(readIfThere(`/proc/${pid}/io`))?.[1] ?? 0) > 1_000_000;
const readIfThere = (path: string) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(box.root));

test('into a container that was never started; it starts with it, its root as the image has it', async () => {
  await box.ok(['create', '--name', 'fresh', image('features'), '-c', 'true']);
  expect(await cp('file', 'fresh:/home/new')).toEqual(silent);
  expect(await cp('file', 'fresh:/data/in-volume')).toEqual(silent);
  expect(await state('fresh')).toBe('created 0');
  expect(mounts()).toEqual([]);
  expect(await cp('fresh:/data', 'data')).toEqual(silent);
  // What the image has there has filled the new volume.
  expect([readFileSync(here('data/seed'), 'utf8'), readFileSync(here('data/in-volume'), 'utf8')]).toEqual([
    'from the image\n',
    'content\n',
  ]);
  await box.ok(['rm', 'fresh']);
  await box.ok(['create', '--name', 'fresh', '--entrypoint', 'sh', image('features'), '-c', 'stat -c "%u %g %a" /; cat /home/new']);
  expect(await cp('file', 'fresh:/home/new')).toEqual(silent);
  expect(await box.ok(['start', '-a', 'fresh'])).toBe('1000 1000 751\ncontent');
  await remove('fresh');
});

test('into and out of a container that has ended', async () => {
  await box.ok(['run', '--name', 'ended', busybox, 'sh', '-c', 'echo mine >/mine; exit 3']).catch(() => undefined);
  expect(await cp('ended:/mine', 'mine')).toEqual(silent);
  expect(await cp('file', 'ended:/mine')).toEqual(silent);
  expect(readFileSync(here('mine'), 'utf8')).toBe('mine\n');
  expect(await state('ended')).toBe('exited 3');
  expect(await cp('ended:/mine', 'mine')).toEqual(silent);
  expect(readFileSync(here('mine'), 'utf8')).toBe('content\n');
  await remove('ended');
});

test('into and out of a paused one, which stays paused', async () => {
  await box.ok(['run', '-d', '--name', 'paused', busybox, 'sleep', '1000']);
  await box.ok(['pause', 'paused']);
  expect(await cp('file', 'paused:/tmp/file')).toEqual(silent);
  expect(await cp('paused:/tmp/file', 'from-paused')).toEqual(silent);
  expect(readFileSync(here('from-paused'), 'utf8')).toBe('content\n');
  expect(await state('paused')).toBe('paused 0');
  await box.ok(['unpause', 'paused']);
  expect(await box.ok(['exec', 'paused', 'cat', '/tmp/file'])).toBe('content');
  await remove('paused');
});

test('into and out of one that waits to be restarted', async () => {
  await box.ok(['run', '-d', '--name', 'again', '--restart', 'always', '-v', 'again:/v', busybox, 'sh', '-c', 'cat /v/f; exit 1']);
  await eventually(
    'the container waits longer than a copy takes',
    async () => Number(await box.ok(['inspect', '--format', '{{.RestartCount}}', 'again'])) >= 4,
  );
  for (let round = 0; round < 3; round++) {
    expect(await cp('file', 'again:/v/f')).toEqual(silent);
    expect(await cp('again:/v/f', 'from-again')).toEqual(silent);
    expect(readFileSync(here('from-again'), 'utf8')).toBe('content\n');
  }
  await eventually('the container sees it', async () => (await box.ok(['logs', 'again'])).includes('content'));
  await remove('again');
});

test('one whose supervisor was killed is copied from as it is, and reads as exited all the while', async () => {
  await box.ok(['run', '-d', '--name', 'killed', busybox, 'sh', '-c', 'echo left >/left; sleep 1000']);
  await eventually('the file', async () => (await box.skiff(['exec', 'killed', 'cat', '/left'])).code === 0);
  process.kill(Number(await supervisorPid('killed')), 'SIGKILL');
  await eventually('its end', async () => (await state('killed')) === 'exited 137');
  const copy = box.start(['cp', 'killed:/', '-']);
  await eventually('the copy is under way', async () => (await copy.stdout.getReader().read()).value !== undefined);
  expect(await state('killed')).toBe('exited 137');
  copy.kill('SIGKILL');
  await copy.exited;
  expect(await cp('killed:/left', 'left')).toEqual(silent);
  await box.ok(['start', 'killed']);
  await remove('killed');
});

const supervisorPid = async (name: string): Promise<string> => {
  const id = await box.ok(['inspect', '--format', '{{.Id}}', name]);
  return JSON.parse(readFileSync(join(box.root, 'containers', id, 'state.json'), 'utf8')).SupervisorPid;
};

describe.each(['running', 'stopped'] as const)('the mounts of a %s container', (how) => {
  beforeAll(async () => {
    mkdirSync(here('bound'), { recursive: true });
    writeFileSync(here('bound/f'), 'bound\n');
    writeFileSync(here('single'), 'single\n');
    const mounts = [
      '-v',
      'vol:/vol',
      '-v',
      `${here('bound')}:/bound`,
      '-v',
      `${here('bound')}:/locked:ro`,
      '-v',
      `${here('single')}:/etc/single`,
      '--tmpfs',
      '/scratch',
    ];
    await box.ok(['run', '-d', '--name', 'mounted', ...mounts, busybox, 'sh', '-c', 'echo scratch >/scratch/f; sleep 1000']);
    if (how === 'stopped') await box.ok(['stop', '-t', '0', 'mounted']);
  });
  afterAll(() => remove('mounted'));

  test('volumes and binds are read and written', async () => {
    expect(await cp('file', 'mounted:/vol/f')).toEqual(silent);
    expect(await box.ok(['run', '--rm', '-v', 'vol:/v', busybox, 'cat', '/v/f'])).toBe('content');
    expect(await cp('file', 'mounted:/bound/new')).toEqual(silent);
    expect(readFileSync(here('bound/new'), 'utf8')).toBe('content\n');
    expect(await cp('mounted:/locked', 'locked')).toEqual(silent);
    expect(readFileSync(here('locked/f'), 'utf8')).toBe('bound\n');
    expect(await cp('mounted:/', 'all')).toEqual(silent);
    expect([readFileSync(here('all/vol/f'), 'utf8'), readFileSync(here('all/etc/single'), 'utf8')]).toEqual(['content\n', 'single\n']);
    Bun.spawnSync(['rm', '-rf', here('all'), here('locked')]);
  });

  test('a read-only mount is refused, also when it lies below the destination', async () => {
    const { stderr, code } = await cp('file', 'mounted:/locked/new');
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'skiff: mounted volume is marked read-only']);
    mkdirSync(here('deeper/locked'), { recursive: true });
    writeFileSync(here('deeper/locked/new'), 'x');
    expect((await cp('deeper/.', 'mounted:/')).stderr.split('\n')[0]).toBe('skiff: mounted volume is marked read-only');
    expect(readdirSync(here('bound')).sort()).toEqual(['f', 'new']);
  });

  test('a file that is a mount of its own is not replaced', async () => {
    const { stderr, code } = await cp('file', 'mounted:/etc/single');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^skiff: Cannot replace "\/etc\/single": a mount stands on it \(device or resource busy\)\n/);
    expect(readFileSync(here('single'), 'utf8')).toBe('single\n');
  });

  test('a tmpfs is there while the container runs', async () => {
    const { stderr, code } = await cp('mounted:/scratch/f', 'scratch');
    if (how === 'running') expect([stderr, readFileSync(here('scratch'), 'utf8')]).toEqual(['', 'scratch\n']);
    else expect([code, stderr.split('\n')[0]]).toEqual([1, 'skiff: Could not find the file /scratch/f in container mounted']);
  });
});

test.each(['running', 'stopped'])('a read-only container that is %s takes files on its volumes alone', async (how) => {
  await box.ok(['run', '-d', '--name', 'locked', '--read-only', '-v', 'open:/open', busybox, 'sleep', '1000']);
  if (how === 'stopped') await box.ok(['stop', '-t', '0', 'locked']);
  for (const target of ['/new', '/etc', '/etc/passwd']) {
    const { stderr, code } = await cp('file', `locked:${target}`);
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'skiff: container rootfs is marked read-only']);
  }
  expect(await cp('file', 'locked:/open/')).toEqual(silent);
  expect(await cp('locked:/open/file', 'opened')).toEqual(silent);
  expect(readFileSync(here('opened'), 'utf8')).toBe('content\n');
  await remove('locked');
});

describe('a copy that is broken off', () => {
  beforeAll(() => {
    Bun.spawnSync(['sh', '-c', 'head -c 300000000 /dev/urandom >big'], { cwd: box.files });
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('by %s leaves no part of a file, and the container as it was', async (signal) => {
    await box.ok(['create', '--name', 'cut', busybox, 'ls', '-A', '/w', '/']);
    const copy = box.start(['cp', 'big', 'cut:/big']);
    const id = await box.ok(['inspect', '--format', '{{.Id}}', 'cut']);
    const upper = join(box.root, 'containers', id, 'upper');
    await eventually('something is being written', () => hasWritten(workerOf(id)));
    copy.kill(signal);
    const code = await copy.exited;
    if (signal !== 'SIGKILL') expect([code, await copy.stderr.text()]).toEqual([130, 'skiff: Interrupted\n']);
    // The worker of a front that was killed finds out, cleans up and lets the container go.
    await box.ok(['start', 'cut']);
    await box.ok(['wait', 'cut']);
    expect(readdirSync(upper).filter((name) => name.includes('skiff') || name === 'big')).toEqual([]);
    expect(mounts()).toEqual([]);
    await remove('cut');
  });

  test('out of a container by Ctrl-C leaves nothing here', async () => {
    await box.ok(['create', '--name', 'source', busybox]);
    expect(await cp('big', 'source:/big')).toEqual(silent);
    mkdirSync(here('out'), { recursive: true });
    const copy = box.start(['cp', 'source:/big', 'out/big']);
    await eventually('something is being written', () => hasWritten(copy.pid));
    copy.kill('SIGINT');
    expect(await copy.exited).toBe(130);
    expect(readdirSync(here('out'))).toEqual([]);
    expect((await box.skiff(['rm', 'source'])).code).toBe(0);
  });

  test('with everybody who copies killed at once, leaves nothing on either side', async () => {
    const id = await box.ok(['create', '--name', 'slain', busybox]);
    const into = box.start(['cp', 'big', 'slain:/big']);
    const writer = await eventually('something is being written', () => hasWritten(workerOf(id)) && workerOf(id));
    into.kill('SIGSTOP');
    process.kill(writer, 'SIGKILL');
    into.kill('SIGKILL');
    await into.exited;
    expect(readdirSync(join(box.root, 'containers', id, 'upper'))).toEqual([]);

    expect(await cp('big', 'slain:/big')).toEqual(silent);
    mkdirSync(here('none'));
    const out = box.start(['cp', 'slain:/big', 'none/big']);
    await eventually('something is being written', () => hasWritten(out.pid));
    out.kill('SIGKILL');
    await out.exited;
    expect(readdirSync(here('none'))).toEqual([]);
    await remove('slain');
  });

  test('rm -f of a container that is being copied to ends the copy', async () => {
    await box.ok(['create', '--name', 'doomed', busybox]);
    const copy = box.start(['cp', '-', 'doomed:/']);
    copy.stdin.write(Buffer.alloc(512));
    await copy.stdin.flush();
    const id = await box.ok(['inspect', '--format', '{{.Id}}', 'doomed']);
    await eventually(
      'its lock is taken',
      async () => (await box.skiff(['start', 'doomed'], { timeoutMs: 2000 }).catch(() => undefined)) === undefined,
      60_000,
    );
    expect(id).not.toBe('');
    expect(await box.ok(['rm', '-f', 'doomed'])).toBe('doomed');
    expect([await copy.exited, await copy.stderr.text()]).toEqual([
      1,
      'skiff: Container "doomed" was removed while its files were copied\n',
    ]);
  });
});

test('a container that is started while it is copied to starts when the copy is done', async () => {
  await box.ok(['create', '--name', 'both', busybox, 'sh', '-c', 'cat /many/*; sleep 1000']);
  mkdirSync(here('many'));
  for (let file = 0; file < 500; file++) writeFileSync(here('many', String(file)), 'x');
  const [copied, started] = await Promise.all([cp('many', 'both:/many'), box.skiff(['start', 'both'])]);
  expect([copied, started]).toEqual([silent, { ...silent, stdout: 'both\n' }]);
  expect(await box.ok(['exec', 'both', 'sh', '-c', 'cat /many/* | wc -c'])).toBe('500');
  await remove('both');
});

describe.each(['fuse-overlayfs', 'copy'])('with the storage driver %s', (driver) => {
  const other = openSandbox({ env: { SKIFF_STORAGE_DRIVER: driver } });

  test('a container is copied to and from before its start, while it runs and after it', async () => {
    await other.ok(['pull', '--quiet', busybox]);
    writeFileSync(join(other.files, 'file'), 'content\n');
    await other.ok(['create', '--name', 'driven', '-v', 'vol:/vol', busybox, 'sleep', '1000']);
    for (const step of ['created', 'running', 'stopped']) {
      if (step === 'running') await other.ok(['start', 'driven']);
      if (step === 'stopped') await other.ok(['stop', '-t', '0', 'driven']);
      await roundTrip(other, step);
    }
    expect(await other.ok(['start', 'driven'])).toBe('driven');
    expect(await other.ok(['exec', 'driven', 'sh', '-c', 'ls /etc/created /etc/running /etc/stopped /vol'])).toBe(
      '/etc/created\n/etc/running\n/etc/stopped\n\n/vol:\ncreated\nrunning\nstopped',
    );
    await other.ok(['rm', '-f', '-v', 'driven']);
  });
});

async function roundTrip(other: Sandbox, step: string): Promise<void> {
  for (const folder of ['etc', 'vol']) {
    expect(await other.skiff(['cp', 'file', `driven:/${folder}/${step}`])).toEqual(silent);
    expect(await other.skiff(['cp', `driven:/${folder}/${step}`, `${folder}-${step}`])).toEqual(silent);
    expect(readFileSync(join(other.files, `${folder}-${step}`), 'utf8')).toBe('content\n');
  }
}

const small = process.env.SKIFF_TEST_SMALL_DISK;
(small ? test : test.skip)('on a full disk one sentence says so, and no part of the file is left (needs root to make one)', async () => {
  const target = join(small ?? '', `cp-${process.pid}`);
  mkdirSync(target);
  await box.ok(['run', '-d', '--name', 'full', '-v', `${target}:/small`, busybox, 'sleep', '1000']);
  Bun.spawnSync(['sh', '-c', 'head -c 30000000 /dev/urandom >large'], { cwd: box.files });
  const into = await cp('large', 'full:/small/large');
  expect([into.code, into.stderr.split('\n')[0]]).toEqual([1, 'skiff: Cannot write to "full:/small/large": no space left on device']);
  expect(await cp('large', 'full:/large')).toEqual(silent);
  const out = await cp('full:/large', join(target, 'out'));
  expect([out.code, out.stderr.split('\n')[0]]).toEqual([1, `skiff: Cannot write to "${target}/out": no space left on device`]);
  expect(readdirSync(target)).toEqual([]);
  await remove('full');
  Bun.spawnSync(['rm', '-rf', target]);
});
