// RUN of a build where a Dockerfile and an image do not tell it all (build-cases/run-* do that): secrets that must be nowhere, agents, cache mounts
// that builds share, networks, limits, storage drivers, foreign platforms.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { hasImage, image, openSandbox, type Result, type RunOptions } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
let count = 0;

/** Builds a Dockerfile of `FROM busybox` and these lines. */
function build(lines: string, flags: string[] = [], options: RunOptions & { base?: string } = {}): Promise<Result> {
  const folder = join(box.files, `context-${count++}`);
  mkdirSync(folder);
  const text = `FROM ${options.base ?? busybox}\n${lines}\n`;
  return Bun.write(join(folder, 'Dockerfile'), text).then(() =>
    box.skiff(['build', '--progress', 'plain', '-t', 'built', ...flags, folder], { timeoutMs: 120_000, ...options }),
  );
}

async function built(...args: Parameters<typeof build>): Promise<string> {
  const { code, stderr } = await build(...args);
  if (code !== 0) throw new Error(`The build ended with ${code}:\n${stderr}`);
  return stderr;
}

const inside = (command: string): Promise<string> => box.ok(['run', '--rm', '--network', 'none', 'built', 'sh', '-c', command]);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

describe('a secret', () => {
  const value = `never-to-be-kept-${'0123456789abcdef'.repeat(2)}`;

  test('is in no file of the store, no layer, no history and no output, however the step ends', async () => {
    await Bun.write(join(box.files, 'secret'), value);
    const flags = ['--secret', `id=token,src=${join(box.files, 'secret')}`];
    const use = '--mount=type=secret,id=token --mount=type=secret,id=token,env=TOKEN,target=/t --mount=type=cache,target=/c';
    const done = await build(
      `RUN ${use} test "$TOKEN" = "$(cat /run/secrets/token)" && test "$TOKEN" = "$(cat /t)" && echo same > /done`,
      flags,
    );
    const failed = await build(`RUN ${use} cat /run/secrets/token | wc -c; exit 1`, flags);
    expect([done.code, failed.code]).toEqual([0, 1]);
    expect(failed.stderr).toContain(`${value.length}\n`);
    expect(await inside('cat /done; ls /run /t 2>/dev/null; true')).toBe('same');
    const said = [done, failed].map(({ stdout, stderr }) => stdout + stderr).join('');
    const shown = `${await box.ok(['history', '--no-trunc', 'built'])}${await box.ok(['image', 'inspect', 'built'])}`;
    expect(said.includes(value) || shown.includes(value)).toBe(false);
    expect(Bun.spawnSync(['grep', '-rlF', value, box.root, box.run]).stdout.toString()).toBe('');
  });

  test('is masked in what a step prints, in its log and in the last lines of one that failed', async () => {
    const flags = ['--secret', 'id=token,env=TOKEN'];
    const use = '--mount=type=secret,id=token,env=TOKEN';
    const { code, stdout, stderr } = await build(
      `RUN ${use} echo "curl -H $TOKEN" >&2; cat /run/secrets/*; echo "[$TOKEN]"; exit 1`,
      flags,
      {
        env: { TOKEN: value },
      },
    );
    expect(code).toBe(1);
    expect(stdout + stderr).not.toContain(value);
    expect(stderr).toContain('curl -H ***\n');
    expect(stderr).toContain('[***]\n');
  });

  test('of another value does not make the step run again, and another id does', async () => {
    const lines = 'RUN --mount=type=secret,id=one,env=ONE --mount=type=secret,id=two,env=TWO echo "ran" > /f';
    const given = (one: string): RunOptions => ({ env: { ONE: one } });
    await built(lines, ['--secret', 'id=one,env=ONE'], given('first'));
    expect(await built(lines, ['--secret', 'id=one,env=ONE'], given('second'))).toMatch(/RUN .*\n#\d+ CACHED/);
  });
});

const withDebian = hasImage('debian') ? test : test.skip;

withDebian(
  'an agent that is forwarded answers in a step, also to another user, and its socket does not stay',
  async () => {
    const agent = Bun.spawn(['ssh-agent', '-D', '-a', join(box.files, 'agent')], { stdio: ['ignore', 'ignore', 'ignore'] });
    try {
      const key = join(box.files, 'key');
      Bun.spawnSync(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'the key of the test', '-f', key]);
      await eventually('the agent listens', () => Bun.spawnSync(['test', '-S', join(box.files, 'agent')]).exitCode === 0);
      const SSH_AUTH_SOCK = join(box.files, 'agent');
      Bun.spawnSync(['ssh-add', '-q', key], { env: { ...process.env, SSH_AUTH_SOCK } });
      // SSH2_AGENTC_REQUEST_IDENTITIES, whose answer has the keys' comments in it.
      const ask =
        "perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); connect(S,pack_sockaddr_un($ENV{SSH_AUTH_SOCK})) or die $!; syswrite S, pack(q(NC),1,11); sysread S,$_,4096; print /the key of the test/ ? qq(yes\\n) : qq(no\\n)'";
      await built(
        `RUN --mount=type=ssh ${ask} > /first\nRUN --mount=type=ssh,id=default,target=/tmp/deep/agent,uid=1234,mode=0600 stat -c '%u %a' /tmp/deep/agent > /second\n` +
          `USER 1234\nRUN --mount=type=ssh,uid=1234 ${ask} > /tmp/third && test ! -e /tmp/deep`,
        ['--ssh', 'default'],
        { base: image('debian'), env: { SSH_AUTH_SOCK } },
      );
      expect(await inside('cat /first /second /tmp/third; ls -d /run/buildkit 2>&1 | grep -c No')).toBe('yes\n1234 600\nyes\n1');
    } finally {
      agent.kill();
      await agent.exited;
    }
  },
  240_000,
);

describe('a cache mount', () => {
  test('that is locked is for one step at a time, of whichever build', async () => {
    // Each adds one to a number, with a pause in between that others would fall into.
    const step = 'n=$(cat /c/n 2>/dev/null || echo 0); sleep 0.3; echo $((n + 1)) > /c/n';
    const lines = `RUN --mount=type=cache,target=/c,id=counted,sharing=locked ${step}\nFROM ${busybox}\nCOPY --from=0 /etc/group /g\nRUN --mount=type=cache,target=/c,id=counted,sharing=locked ${step}`;
    await Promise.all([1, 2].map(() => built(lines, ['--no-cache'])));
    await built('RUN --mount=type=cache,target=/c,id=counted cat /c/n > /n');
    expect(await inside('cat /n')).toBe('4');
  });

  test('that is locked twice by one step is one folder, and steps that lock two in turn do not wait for each other', async () => {
    const locked = (id: string, target: string): string => `--mount=type=cache,id=${id},target=${target},sharing=locked`;
    const sleeps = 'sleep 0.2; touch';
    await built(`RUN ${locked('same', '/a')} ${locked('same', '/b')} touch /a/f && test -e /b/f`);
    const stage = (one: string, other: string, name: string): string =>
      `FROM ${busybox} AS ${name}\n${`RUN ${locked(one, '/a')} ${locked(other, '/b')} ${sleeps} /${name}\n`.repeat(3)}`;
    await built(
      `${stage('left', 'right', 'one')}${stage('right', 'left', 'two')}FROM ${busybox}\nCOPY --from=one /one /\nCOPY --from=two /two /`,
    );
    expect(await inside('ls -d /one /two')).toBe('/one\n/two');
  });

  test('that is private is another one while the first is in use, and shared ones are the same', async () => {
    const stages = (sharing: string): string =>
      ['one', 'two']
        .map(
          (name) =>
            `FROM ${busybox} AS ${name}\nRUN --mount=type=cache,target=/c,id=${sharing},sharing=${sharing} touch /c/${name}; for i in $(seq 50); do sleep 0.1; test -e /c/one -a -e /c/two && break; done; ls /c > /${name}`,
        )
        .join('\n');
    const lines = (sharing: string): string => `${stages(sharing)}\nFROM ${busybox}\nCOPY --from=one /one /\nCOPY --from=two /two /`;
    await built(lines('shared'));
    expect(await inside('cat /one /two')).toBe('one\ntwo\none\ntwo');
    await built(lines('private').replaceAll('seq 50', 'seq 8'));
    expect(await inside('cat /one /two')).toBe('one\ntwo');
  });
});

describe('the network of a step', () => {
  test('reaches what the host reaches, by name and by address, and is not there with none', async () => {
    const [host, port] = busybox.split('/')[0]?.split(':') ?? [];
    expect(host).toBe('127.0.0.1');
    // The registry listens on the host's loopback, which is the host's alone.
    const get = `nc -w 5 127.0.0.1 ${port} < /dev/null && echo reached || echo closed`;
    const lines = `RUN --network=host (${get}) > /host 2>&1\nRUN (${get}) > /own 2>&1\nRUN --network=none (${get}) > /none 2>&1\nRUN hostname > /name; ip route | cut -d' ' -f1 > /routes`;
    await built(lines, ['--allow', 'network.host']);
    expect(await inside('tail -qn 1 /host /own /none /name; grep -c default /routes')).toBe('reached\nclosed\nclosed\nbuildkitsandbox\n1');
  });
});

describe('limits', () => {
  test('that cannot hold here are told of once, and those that can hold do', async () => {
    const { stderr, code } = await build('RUN cat /sys/fs/cgroup/memory.max > /max 2>/dev/null || echo unlimited > /max\nRUN true', [
      '--memory',
      '64m',
    ]);
    expect(code).toBe(0);
    const isTold = /memory/i.test(stderr.replace(/^#.*$/gm, ''));
    expect(await inside('cat /max')).toBe(isTold ? 'unlimited' : '67108864');
  });

  test('that cannot be are refused before anything runs', async () => {
    const { stderr, code } = await build('RUN true', ['--memory', '1k']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('Minimum memory limit allowed is 6MB');
    const nowhere = await build('RUN true', ['--cgroup-parent', 'there/is/none']);
    expect(nowhere.code).not.toBe(0);
    expect(nowhere.stderr).toMatch(/cgroup.*"there\/is\/none"/i);
  });
});

describe.each(['overlay', 'fuse-overlayfs', 'copy'])('with the storage driver %s', (driver) => {
  test('steps change, delete and replace files, with mounts of every kind, and leave the same image', async () => {
    const lines = [
      'RUN mkdir -p /a/b && echo one > /a/b/f && echo gone > /gone && chown -R 7:8 /a',
      'RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/t/mp --mount=type=bind,target=/src,rw rm -r /gone /bin/yes && touch /src/x /cache/x /t/mp/x',
      'RUN rm -r /a && mkdir /a && echo new > /a/f && chmod 2750 /a',
      `FROM ${busybox} AS other`,
      'RUN mkdir /o && echo other > /o/f',
      'FROM 0',
      'RUN --mount=type=bind,from=other,source=/o,target=/o,rw cat /o/f > /copied && echo x > /o/f',
    ];
    await built(lines.join('\n').replace('FROM 0', 'FROM first'), ['--no-cache'], {
      env: { SKIFF_STORAGE_DRIVER: driver },
      base: `${busybox} AS first`,
    });
    const seen =
      'find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /etc \\) -prune -o -newer /www/index.html -type f -print | sort; stat -c "%a %u:%g" /a; ls /a; cat /copied; ls /gone /bin/yes /cache /t /src /o 2>&1 | grep -c "No such"';
    expect(await inside(seen)).toBe('/a/f\n/copied\n2750 0:0\nf\nother\n6');
    const layers = JSON.parse(await box.ok(['image', 'inspect', 'built']))[0].RootFS.Layers;
    expect(layers).toHaveLength(5);
    expect(readdirSync(join(box.root, 'containers'))).toEqual([]);
  });
});

test('without a pid namespace, and with a pasta for each step, a build runs as well, and leaves nothing', async () => {
  const lines = 'RUN sleep 100 & echo $! > /pid; ip addr show eth0 | grep -c "inet " > /addresses';
  await built(lines, ['--no-cache'], { env: { SKIFF_PIDNS_STEP: 'shared', SKIFF_NETWORK_STEP: 'own' } });
  expect(await inside('cat /addresses')).toBe('1');
});

test('a program of another architecture is refused with what is missing, not by its format alone', async () => {
  const base = image('multi');
  const { stderr, code } = await build('RUN ["/hello"]', ['--platform', 'linux/arm64'], { base });
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toMatch(/made for arm64/);
  expect(stderr).toMatch(/qemu-user-static/);
});
