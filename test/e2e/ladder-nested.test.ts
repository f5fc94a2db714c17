// skiff inside a container of skiff: what a container lets it do, step by step, from nothing to everything. The inner one is the same
// file; the programs it calls are this machine's /usr, shown in a Debian image, which has the same folders.
import { dirname } from 'node:path';
import { hasImage, image, openSandbox, type Result } from './support/sandbox.ts';
import { skiffBinary } from './support/surrounded.ts';

const box = openSandbox();
const usable = hasImage('debian') ? describe : describe.skip;

usable('skiff in a container', () => {
  const debian = image('debian');
  beforeAll(async () => {
    await box.ok(['pull', '--quiet', debian], { timeoutMs: 120_000 });
  });

  const within = (script: string, ...flags: string[]): Promise<Result> =>
    box.skiff(
      [
        ...['run', '--rm', '--network', 'none', '-v', '/usr:/usr:ro', '-v', `${dirname(skiffBinary)}:/skiff:ro`, '--tmpfs', '/state:exec'],
        ...['-e', 'PATH=/skiff:/usr/sbin:/usr/bin', '-e', 'SKIFF_ROOT=/state/data', '-e', 'SKIFF_RUNROOT=/state/run'],
        ...[...flags, debian, 'sh', '-c', script],
      ],
      { timeoutMs: 120_000 },
    );
  const steps = 'skiff info --format "{{.Rootless.UserNamespace.Step}} {{.Rootless.Processes.Step}} {{.Driver}}" 2>/dev/null';
  const hello = 'skiff run --rm --network none localhost/hello';

  test('a container as it is lets it make no user namespace: it says how to start the outer one', async () => {
    const { stderr, code } = await within(hello);
    expect(code).toBe(125);
    expect(stderr).toMatch(/^skiff: Cannot make a user namespace: the kernel, or the sandbox around this process, refuses it \(.+\)$/m);
    expect(stderr).toMatch(/^Inside a container, start the outer one with: --security-opt seccomp=unconfined/m);
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });

  test('without the seccomp filter it runs containers that share the pids of the outer one', async () => {
    const life =
      'skiff run -d --network none --name inner localhost/hello >/dev/null; skiff wait inner; skiff logs inner | grep Hello; skiff rm inner';
    const { stdout, stderr, code } = await within(
      `${hello} | grep Hello; ${life}; ${steps}; ps ax | grep -c "[_]_supervise"`,
      ...['--security-opt', 'seccomp=unconfined'],
    );
    expect(stdout).toBe('Hello from a skiff container.\n0\nHello from a skiff container.\ninner\nroot shared overlay\n0\n');
    expect(stderr).toMatch(/^skiff: warning: Containers see the processes of this sandbox, and it theirs: no \/proc can be mounted here/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
  });

  test('a seccomp filter that keeps the hostname only costs the hostname', async () => {
    const filter = JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['sethostname', 'setdomainname'], action: 'SCMP_ACT_ERRNO' }],
    });
    await Bun.write(`${box.files}/filter.json`, filter);
    const { stdout, stderr } = await within(
      `${hello} | grep Hello; skiff run --rm --network none --hostname named localhost/hello | grep Hello`,
      '--security-opt',
      `seccomp=${box.files}/filter.json`,
    );
    expect(stdout).toBe('Hello from a skiff container.\nHello from a skiff container.\n');
    expect(stderr).toContain('skiff: warning: --hostname is not set: the sandbox around skiff forbids it\n');
  });

  test('a privileged container lets it do everything', async () => {
    const { stdout, stderr, code } = await within(`${hello} | grep Hello; ${steps}`, '--privileged');
    expect({ stdout, stderr, code }).toEqual({ stdout: 'Hello from a skiff container.\nroot own overlay\n', stderr: '', code: 0 });
  });

  test('with the tun device inner containers have a network of their own', async () => {
    const command = 'skiff run --rm localhost/hello | grep Hello';
    expect((await within(command, '--privileged', '--device', '/dev/net/tun')).stdout).toBe('Hello from a skiff container.\n');
  });

  test('root without the capabilities for it is told which ones', async () => {
    const { stderr, code } = await within(hello, '--security-opt', 'seccomp=unconfined', '--cap-drop', 'ALL');
    expect({ stderr, code }).toEqual({
      stderr:
        'skiff: Cannot make a user namespace: root here has not the capabilities that an id map takes\n' +
        'Start the outer container with: --cap-add SETUID --cap-add SETGID --cap-add SETFCAP, or be another user than root in it\n',
      code: 125,
    });
  });

  test('a container without ids to give away has one', async () => {
    const script = `unshare --user --map-root-user --mount sh -c '${hello} | grep Hello; ${steps}'`;
    expect((await within(script, '--privileged')).stdout).toBe('Hello from a skiff container.\nsingle own overlay\n');
  });

  describe('builds images', () => {
    const dockerfile = [
      'FROM scratch AS tools',
      'COPY --chown=7:8 busybox /bin/sh',
      'COPY --link busybox /bin/busybox',
      'RUN --mount=type=cache,target=/c mkdir -p /d/e && echo one > /d/e/f && echo two > /gone && chmod 2750 /d && echo x > /c/x',
      'FROM tools',
      'RUN --mount=type=bind,from=tools,source=/d,target=/of,rw read line < /of/e/f && echo $line > /copied && echo > /of/new && ls /proc/self > /dev/null',
      'RUN --mount=type=bind,target=/context rm -r /gone /d/e && mkdir /d/e && cp /context/Dockerfile /d/e/',
    ];
    // The applets are all in the one file, called by its name for the shell.
    const lines = dockerfile.map((line) => line.replace(/\b(mkdir|chmod|ls|rm|cp) /g, 'busybox $1 ')).join('\n');
    const build =
      'mkdir /state/context && cd /state/context && cp /usr/bin/busybox . && printf "%s\\n" "$DOCKERFILE" > Dockerfile && ' +
      'skiff build -q --no-cache --network none -t made . >/dev/null && skiff build -q --network none -t made . > /dev/null && ' +
      'skiff run --rm --network none made sh -c "busybox cat /copied; busybox ls /d/e; busybox stat -c %a /d; busybox ls /gone /c /of /context 2>&1 | busybox grep -c No" | head -4; ls /state/data/containers; skiff system check';
    const made = /^one\nDockerfile\n2750\n4\n\d+ objects checked, 0 problems\n$/;

    test.each([
      ['by overlay, without a pid namespace', 'overlay', ['--security-opt', 'seccomp=unconfined'], ''],
      ['by copies, without a pid namespace', 'copy', ['--security-opt', 'seccomp=unconfined'], ''],
      ['by overlay', 'overlay', ['--privileged'], ''],
      ['with one id alone', 'overlay', ['--privileged'], 'unshare --user --map-root-user --mount '],
    ])('%s', async (_, driver, flags, enter) => {
      const { stdout, stderr } = await within(
        `${enter}sh -c '${build}'`,
        ...flags,
        '-e',
        `DOCKERFILE=${lines}`,
        '-e',
        `SKIFF_STORAGE_DRIVER=${driver}`,
      );
      expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringMatching(made) });
    });
  });
});
