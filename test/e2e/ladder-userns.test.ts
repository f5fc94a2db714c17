// The ladder of user namespaces. Each step that this machine can show is forced here: it must run a container and keep what that wrote,
// and `info` names the step with its reason.
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox, type Sandbox } from './support/sandbox.ts';

const busybox = image('busybox');

/** What every step must do, whatever it cannot. */
async function expectToWork(box: Sandbox): Promise<void> {
  await box.ok(['run', '--quiet', '--name', 'works', busybox, 'sh', '-c', 'echo written >/new; rm /etc/group; id -u; cat /new']);
  expect(await box.ok(['logs', 'works'])).toBe('0\nwritten');
  await box.ok(['start', '-a', 'works']);
  expect(await box.ok(['logs', 'works'])).toBe('0\nwritten\n0\nwritten');
  expect(await box.ok(['run', '--rm', busybox, 'ls', '/etc/group'])).toBe('/etc/group');
  await box.ok(['rm', 'works']);
}

describe('user namespace, step 1: a range of subordinate ids', () => {
  const box = openSandbox({ env: { SKIFF_USERNS_STEP: 'subuid' } });

  test('containers work, and other users of the image are other users of the host', async () => {
    await expectToWork(box);
    const [before, inside] = (
      await box.ok(['run', '--rm', '-u', 'app', busybox, 'sh', '-c', 'id -u; cat /proc/self/uid_map | wc -l'])
    ).split('\n');
    expect(before).toBe('1000');
    expect(Number(inside)).toBeGreaterThan(1);
  });
});

describe('user namespace, step 2: root that may write the map itself', () => {
  // A root such as a container has: in a namespace of many ids that lives as long as the tests.
  const within: string[] = [];
  const box = openSandbox({ env: { SKIFF_USERNS_STEP: 'root' }, within });
  let outer: Bun.Subprocess | undefined;
  beforeAll(async () => {
    outer = Bun.spawn(['unshare', '--map-auto', '--map-root-user', 'sh', '-c', 'echo made; exec sleep 100000'], { stdout: 'pipe' });
    if (outer.stdout instanceof ReadableStream) await outer.stdout.getReader().read();
    within.push('nsenter', `--user=/proc/${outer.pid}/ns/user`, '--preserve-credentials', '--');
  });
  afterAll(() => outer?.kill('SIGKILL'));

  test('containers work', async () => {
    await expectToWork(box);
    expect(await box.ok(['run', '--rm', '-u', 'app', busybox, 'id', '-u'])).toBe('1000');
    expect(await box.ok(['info'])).toMatch(/Step: root/);
  });
});

describe('user namespace, step 3: the own id alone', () => {
  const box = openSandbox({ env: { SKIFF_USERNS_STEP: 'single' } });

  test('containers work, and no layer fails to unpack for want of ids', async () => {
    await expectToWork(box);
    await box.ok(['pull', '--quiet', image('unusual')]);
    expect(await box.ok(['run', '--rm', image('unusual'), 'sh', '-c', 'cat /owned /noble; ls /whiteouts /opaque'])).toBe(
      'owned\nlast id\n/opaque:\nupper\n\n/whiteouts:\nkept',
    );
  });

  test('a user that cannot be is refused with what to do about it', async () => {
    const { stdout, stderr, code } = await box.skiff(['run', '--rm', '-u', 'app', busybox, 'id']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 126 });
    expect(stderr).toMatch(/subuid|subordinate/);
  });
});

describe('user namespace, step 3 by itself: where newuidmap is missing', () => {
  const box = openSandbox();

  test('info names the package that would help', async () => {
    const env = { PATH: pathWithout('newuidmap', box.files) };
    const { stdout } = await box.skiff(['info'], { env });
    expect(stdout).toMatch(/Step: single\n\s+Reason: .*newuidmap.*apt-get install uidmap/);
    expect(await box.ok(['run', '--rm', '--quiet', busybox, 'echo', 'ran'], { env })).toBe('ran');
  });
});

describe('user namespace, step 4: none', () => {
  // In a namespace whose root has set the limit of namespaces below it to none.
  const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"';
  const box = openSandbox({ within: ['unshare', '--map-root-user', '--user', 'sh', '-c', forbid, 'sh'] });

  test('run says that there is none, and what to do', async () => {
    const { stdout, stderr, code } = await box.skiff(['run', '--rm', '--quiet', busybox, 'true']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
    expect(stderr).toMatch(/user namespace/);
    expect(stderr).toMatch(/max_user_namespaces/);
  });

  test('what only reads still works', async () => {
    expect(await box.ok(['ps', '-aq'])).toBe('');
    expect(await box.ok(['images', '-q'])).toBe('');
  });
});
