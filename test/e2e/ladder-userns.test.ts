// The user namespace as it is found, not as it is asked for: what is missing on a machine is taken away, and the next step must be taken,
// with one line that says what would mend it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { pathWithout } from './support/path-without.ts';
import { hasImage, image, openSandbox } from './support/sandbox.ts';
import { rootOfOne, rootOfRange, surrounded } from './support/surrounded.ts';

const busybox = image('busybox');
const uid = process.getuid?.() ?? 0;
const user = (): string => Bun.spawnSync(['id', '-un']).stdout.toString().trim();
const stepOf = '"$SKIFF" info --format "{{.Rootless.UserNamespace.Step}}: {{.Rootless.UserNamespace.Reason}}" 2>/dev/null';
/** Back to the user's own id, in a namespace in which newuidmap can do nothing. */
const asUser = (script: string): string => `unshare --user --map-user=${uid} --map-group=${process.getgid?.()} sh -c '${script}'`;

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('without a range of sub-ids', () => {
  const box = openSandbox();
  const noRange = 'mount --bind /dev/null /etc/subuid';
  const lacks = new RegExp(
    `no range for "${user()}" in /etc/subuid \\(sudo usermod --add-subuids (\\d+)-\\d+ --add-subgids \\1-\\d+ ${user()}\\)`,
  );

  test('containers have one id, which one line says once, with the command that mends it', async () => {
    const pull = `"$SKIFF" pull --quiet ${image('unusual')} >/dev/null 2>&1`;
    const run = (command: string) => `"$SKIFF" run --rm --network none ${image('unusual')} ${command}`;
    const script = asUser(`${stepOf}; ${pull}; ${run('id -u')}; ${run('stat -c %u:%g /owned /noble')}`);
    const { stdout, stderr, code } = await surrounded(box, `${noRange} && ${script}`, { by: rootOfOne });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [step = '', ...rest] = stdout.trim().split('\n');
    expect(step).toMatch(/^single: only your own id is mapped: /);
    expect(step).toMatch(lacks);
    expect(rest).toEqual(['0', '0:0', '0:0']);
  });

  test('the first command of a boot says it, the second does not', async () => {
    const hello = '"$SKIFF" run --rm --network none localhost/hello >/dev/null';
    const env = { SKIFF_RUNROOT: join(box.run, 'fresh') };
    const { stderr } = await surrounded(box, `${noRange} && ${asUser(`${hello}; ${hello}`)}`, { by: rootOfOne, env });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^skiff: warning: Containers have one user id, yours: /);
    expect(stderr).toMatch(lacks);
  });

  test('true owners are kept beside the layer', () => {
    const layers = join(box.root, 'layers');
    const lines = readdirSync(layers).flatMap((layer) => {
      try {
        return readFileSync(join(layers, layer, 'owners.ndjson'), 'utf8')
          .trim()
          .split('\n');
      } catch {
        return [];
      }
    });
    expect(lines).toContain(JSON.stringify([Buffer.from('owned').toString('base64'), 1000, 50, 0o640]));
  });

  test('once the range is there the next command uses it, without a reboot', async () => {
    const env = { SKIFF_RUNROOT: join(box.run, 'mended') };
    const hello = '"$SKIFF" run --rm --network none localhost/hello >/dev/null';
    // The first holder outlives the script, as it would outlive a session.
    const first = ['unshare', '--user', '--map-root-user', '--mount', '--'];
    await surrounded(box, `${noRange} && ${asUser(hello)}`, { by: first, env });
    const before = JSON.parse(readFileSync(join(env.SKIFF_RUNROOT, 'holder.json'), 'utf8'));
    expect(before.step).toBe('single');
    expect((await surrounded(box, stepOf, { env })).stdout).toMatch(/^subuid: \d+ subordinate ids and newuidmap\n$/);
    expect(await box.ok(['run', '--rm', '--network', 'none', busybox, 'id', '-u'], { env: { ...env, SKIFF_QUIET: '1' } })).toBe('0');
    const after = JSON.parse(readFileSync(join(env.SKIFF_RUNROOT, 'holder.json'), 'utf8'));
    expect(after.pid).not.toBe(before.pid);
    process.kill(after.pid, 'SIGKILL');
    await eventually('the old holder has ended', () => !isAlive(before.pid));
  });
});

describe('with one id', () => {
  const box = openSandbox({ env: { SKIFF_USERNS_STEP: 'single' } });

  (hasImage('debian') ? test : test.skip)('an image with files of many owners unpacks whole and runs as root', async () => {
    const debian = image('debian');
    await box.ok(['pull', '--quiet', debian], { timeoutMs: 120_000 });
    const script = 'id -u; stat -c %u:%g /etc/shadow /var/mail; find /etc /usr /var /home -not -uid 0; touch /new && echo wrote';
    expect(await box.ok(['run', '--rm', '--network', 'none', debian, 'sh', '-c', script])).toBe('0\n0:0\n0:0\nwrote');
    expect((await box.skiff(['system', 'check'], { timeoutMs: 120_000 })).stdout).toMatch(/ 0 problems$/m);
  });

  test('a user that it does not have is refused, by name and by number, and runs as none', async () => {
    await box.ok(['pull', '--quiet', busybox]);
    for (const user of ['app', '1000', '1000:1000']) {
      expect(await box.skiff(['run', '--rm', '--network', 'none', '-u', user, busybox, 'id'])).toEqual({
        stdout: '',
        stderr:
          'skiff: Cannot run as uid 1000: this user namespace has one id only\n' +
          'Give yourself a larger range in /etc/subuid and /etc/subgid (see "skiff info"), or run as another user with -u\n',
        code: 126,
      });
    }
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });
});

describe('with tools that cannot do it', () => {
  const box = openSandbox();

  test('a newuidmap that fails is told with its own words', async () => {
    const { stdout } = await surrounded(box, asUser(stepOf), { by: rootOfOne });
    expect(stdout).toMatch(/^single: only your own id is mapped: newuidmap failed: newuidmap: .+\n$/);
  });

  test.each(['newuidmap', 'newgidmap'])('without %s there is one id, and the package is named', async (tool) => {
    const env = { PATH: pathWithout(tool, box.files), SKIFF_RUNROOT: join(box.run, tool) };
    const { stdout, stderr } = await surrounded(box, `"$SKIFF" run --rm --network none localhost/hello | grep Hello; ${stepOf}`, { env });
    process.kill(JSON.parse(readFileSync(join(env.SKIFF_RUNROOT, 'holder.json'), 'utf8')).pid, 'SIGKILL');
    const why = `${tool} is not installed (sudo apt-get install uidmap (or the package of your distribution that has ${tool}))`;
    expect(stdout).toBe(`Hello from a skiff container.\nsingle: only your own id is mapped: ${why}\n`);
    expect(stderr).toBe(`skiff: warning: Containers have one user id, yours: ${why}\n`);
  });

  test('a step that is asked for and impossible is refused, and so is one that does not exist', async () => {
    const env = { PATH: pathWithout('newuidmap', box.files), SKIFF_USERNS_STEP: 'subuid', SKIFF_RUNROOT: join(box.run, 'forced') };
    const impossible = await box.skiff(['run', '--rm', 'localhost/hello'], { env });
    expect(impossible.code).toBe(125);
    expect(impossible.stderr).toMatch(/^skiff: Cannot make a user namespace: .*newuidmap is not installed/);
    const unknown = await box.skiff(['run', '--rm', 'localhost/hello'], { env: { ...env, SKIFF_USERNS_STEP: 'magic' } });
    expect({ stderr: unknown.stderr, code: unknown.code }).toEqual({
      stderr: 'skiff: Cannot take the user namespace step "magic" that SKIFF_USERNS_STEP asks for\nUse one of: subuid, single\n',
      code: 125,
    });
  });
});

describe('root in a container', () => {
  const box = openSandbox();

  test('maps each of its ids to itself, and runs containers as any user', async () => {
    const script = [
      stepOf,
      `"$SKIFF" pull --quiet ${busybox} >/dev/null`,
      `"$SKIFF" run --rm -u app ${busybox} sh -c "id -un; cat /proc/self/uid_map"`,
    ].join('; ');
    const { stdout, stderr } = await surrounded(box, script, { by: rootOfRange });
    expect(stderr).toBe('');
    const [step, name, ...map] = stdout.trim().split('\n');
    expect([step, name]).toEqual(['root: root with CAP_SETUID maps each of its ids to itself', 'app']);
    expect(map.map((line) => line.trim().split(/\s+/))).toEqual([
      ['0', '0', '1'],
      ['1', '1', expect.stringMatching(/^\d{5,}$/)],
    ]);
  });

  test('of one id it is a user of one id', async () => {
    const { stdout } = await surrounded(box, stepOf, { by: rootOfOne });
    expect(stdout).toMatch(/^single: only your own id is mapped: no range for "root" in \/etc\/subuid/);
  });
});

describe('no user namespace at all', () => {
  const box = openSandbox();
  const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces';
  const refusal = 'skiff: Cannot make a user namespace: user.max_user_namespaces is 0\nsudo sysctl -w user.max_user_namespaces=15000\n';

  test('is told in one sentence with the command that mends it, and leaves nothing', async () => {
    const run = await surrounded(box, `${forbid}; exec "$SKIFF" run --rm localhost/hello`, { by: rootOfOne });
    expect(run).toEqual({ stdout: '', stderr: refusal, code: 125 });
    const create = await surrounded(box, `${forbid}; exec "$SKIFF" create --name never localhost/hello`, { by: rootOfOne });
    expect(create).toEqual({ stdout: '', stderr: refusal, code: 125 });
    const pull = await surrounded(box, `${forbid}; exec "$SKIFF" pull --quiet ${busybox}`, { by: rootOfOne });
    expect({ stdout: pull.stdout, stderr: pull.stderr }).toEqual({ stdout: '', stderr: refusal });
    expect(pull.code).not.toBe(0);
    expect(await box.ok(['ps', '-aq'])).toBe('');
    expect(await box.ok(['images', '-q'])).toBe('');
  });

  test('info still answers, with the reason', async () => {
    const { stdout, code } = await surrounded(box, `${forbid}; ${stepOf}`, { by: rootOfOne });
    expect({ stdout, code }).toEqual({ stdout: 'none: Cannot make a user namespace: user.max_user_namespaces is 0\n', code: 0 });
  });

  test('a /proc of another pid namespace is seen as such', async () => {
    const { stderr, code } = await surrounded(box, '"$SKIFF" run --rm localhost/hello', {
      by: ['unshare', '--user', '--map-auto', '--map-root-user', '--pid', '--fork', '--kill-child', '--'],
    });
    expect(code).toBe(125);
    expect(stderr).toMatch(
      /^skiff: Cannot make a user namespace: \/proc shows the processes of another pid namespace\nMount the right one/,
    );
  });
});
