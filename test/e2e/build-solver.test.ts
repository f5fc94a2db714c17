// What is built when, what is not built again, and what becomes of the rest when a step fails. That stages run at once is shown by stages that
// wait for each other: one after the other they would never end.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox, type Result } from './support/sandbox.ts';

const box = openSandbox();

beforeAll(async () => {
  await box.ok(['pull', '--quiet', image('busybox')]);
  await box.ok(['tag', image('busybox'), 'busybox']);
});

let contexts = 0;

/** A folder with a Dockerfile and other files. */
function context(dockerfile: string, files: Record<string, string> = {}): string {
  const folder = join(box.files, `context-${contexts++}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries({ Dockerfile: dockerfile, ...files })) writeFileSync(join(folder, name), text);
  return folder;
}

const build = (folder: string, ...args: string[]): Promise<Result> =>
  box.skiff(['build', '--progress', 'plain', ...args, folder], { timeoutMs: 120_000 });

/** Fails the test unless it succeeds; returns the image's id and what progress said. */
async function built(folder: string, ...args: string[]): Promise<{ id: string; said: string }> {
  const { code, stderr } = await build(folder, ...args);
  if (code !== 0) throw new Error(stderr);
  const id = /writing image (sha256:[0-9a-f]{64})/.exec(stderr)?.[1] ?? '';
  expect(id).not.toBe('');
  return { id, said: stderr };
}

/** What progress said of the step whose name ends so: `CACHED`, `DONE`, `ERROR`, `CANCELED`; undefined: it is not there. */
function endOf(said: string, name: string): string | undefined {
  const number = said
    .split('\n')
    .find((line) => line.endsWith(name))
    ?.split(' ', 1)[0];
  return number && new RegExp(`^${number} (CACHED|DONE|ERROR|CANCELED)`, 'm').exec(said)?.[1];
}

const inside = (id: string, ...command: string[]): Promise<string> => box.ok(['run', '--rm', '--network', 'none', id, ...command]);

describe('stages', () => {
  // Each leaves a sign and waits for the other's.
  const meet = (mine: string, other: string): string =>
    `RUN --mount=type=cache,id=meeting,target=/meeting touch /meeting/${mine}; until [ -e /meeting/${other} ]; do sleep 0.05; done; echo ${mine} >/met`;

  test('that do not need each other run at once', async () => {
    const folder = context(
      `FROM busybox AS a\n${meet('a', 'b')}\nFROM busybox AS b\n${meet('b', 'a')}\nFROM scratch\nCOPY --from=a /met /a\nCOPY --from=b /met /b\n`,
    );
    const { said } = await built(folder);
    expect(endOf(said, 'COPY --from=b /met /b')).toBe('DONE');
  });

  test('that nobody needs are not built, nor is their base looked for', async () => {
    const folder = context('FROM 127.0.0.1:1/none AS broken\nRUN exit 9\nFROM busybox AS unused\nRUN exit 8\nFROM busybox\nRUN true\n');
    const { said } = await built(folder);
    expect(said).not.toMatch(/127\.0\.0\.1:1|exit 8|exit 9/);
  });

  test('end when one fails, and say so', async () => {
    const folder = context(
      `FROM busybox AS slow
RUN --mount=type=cache,id=failing,target=/m touch /m/began; sleep 600
FROM busybox AS failing
RUN --mount=type=cache,id=failing,target=/m until [ -e /m/began ]; do sleep 0.05; done; echo too bad; exit 7
FROM scratch
COPY --from=slow /x /
COPY --from=failing /x /
`,
    );
    const { code, stderr } = await build(folder);
    expect(code).toBe(1);
    expect(endOf(stderr, 'sleep 600')).toBe('CANCELED');
    expect(stderr).toContain('too bad');
    expect(stderr).toMatch(/failed to solve: process "\/bin\/sh -c until .* exit 7" did not complete successfully: exit code: 7\n/);
    expect(stderr).toMatch(/\nDockerfile:4:1\n[\s\S]*\n {3}4 \| >>> RUN --mount=type=cache,id=failing/);
  });
});

describe('the cache', () => {
  const text = 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid >/id\nCOPY note /note\nLABEL a=b\n';

  test('of a build with nothing new gives the very same image', async () => {
    const folder = context(text, { note: 'x' });
    const first = await built(folder, '-t', 'local/again');
    const second = await built(folder, '-t', 'local/again');
    expect(second.id).toBe(first.id);
    expect(endOf(second.said, '>/id')).toBe('CACHED');
    expect(endOf(second.said, 'COPY note /note')).toBe('CACHED');
  });

  test('is left aside by --no-cache, and for one stage by --no-cache-filter', async () => {
    const folder = context(`FROM busybox AS one\nRUN echo one\n${text.replace('busybox', 'busybox AS two')}`, { note: 'y' });
    const first = await built(folder);
    expect((await built(folder)).id).toBe(first.id);
    const filtered = await built(folder, '--no-cache-filter', 'two');
    expect(filtered.id).not.toBe(first.id);
    expect((await built(folder, '--no-cache-filter', 'one')).id).toBe(filtered.id);
    expect((await built(folder, '--no-cache')).id).not.toBe(filtered.id);
  });

  test('finds a copy from a stage that was built anew and came out the same', async () => {
    const folder = context(
      'FROM busybox AS one\nARG WHY\nRUN echo "$WHY" >/why; echo same >/out\nFROM busybox\nCOPY --from=one /out /out\nRUN cat /out\n',
    );
    await built(folder, '--build-arg', 'WHY=1');
    const { said } = await built(folder, '--build-arg', 'WHY=2');
    expect(endOf(said, 'echo same >/out')).toBe('DONE');
    expect(endOf(said, 'COPY --from=one /out /out')).toBe('CACHED');
    expect(endOf(said, 'RUN cat /out')).toBe('CACHED');
  });

  test('is not moved by variables that COPY does not see, and is by those that RUN does', async () => {
    const folder = context('FROM busybox\nARG A\nCOPY note /note\nRUN cat /note\n', { note: 'z' });
    await built(folder, '--build-arg', 'A=1');
    const { said } = await built(folder, '--build-arg', 'A=2');
    expect(endOf(said, 'COPY note /note')).toBe('CACHED');
    expect(endOf(said, 'RUN cat /note')).toBe('DONE');
  });

  test('knows nothing of proxies, and neither do the history and the image', async () => {
    const folder = context('FROM busybox\nRUN echo "$http_proxy" >/proxy\n');
    const first = await built(folder, '--build-arg', 'HTTP_PROXY=http://one.example', '-t', 'local/proxy');
    expect(await inside(first.id, 'cat', '/proxy')).toBe('http://one.example');
    expect((await built(folder, '--build-arg', 'HTTP_PROXY=http://two.example')).id).toBe(first.id);
    expect(await box.ok(['history', '--no-trunc', first.id])).not.toContain('one.example');
  });
});

test('two builds of one Dockerfile at once share their steps', async () => {
  const folder = context(
    'FROM busybox\nRUN --mount=type=cache,id=shared,target=/m echo x >>/m/runs; sleep 1; cat /proc/sys/kernel/random/uuid >/id\nRUN cat /id\n',
  );
  const [one, two] = await Promise.all([built(folder), built(folder)]);
  expect(one.id).toBe(two.id);
  const counting = context('FROM busybox\nRUN --mount=type=cache,id=shared,target=/m wc -l </m/runs >/runs\n');
  expect(await inside((await built(counting)).id, 'cat', '/runs')).toBe('1');
});

test('a build that is interrupted while another waits for its step leaves the step to the other', async () => {
  const folder = context(
    'FROM busybox\nRUN --mount=type=cache,id=left,target=/m if [ -e /m/once ]; then exit 0; fi; touch /m/once; sleep 600\n',
  );
  const first = box.start(['build', '--progress', 'plain', folder]);
  const reading = new Response(first.stderr).text();
  const looking = context('FROM busybox\nARG N\nRUN --mount=type=cache,id=left,target=/m ls /m/once\n');
  await eventually('the step has begun', async () => (await build(looking, '--build-arg', `N=${Math.random()}`)).code === 0);
  const second = built(folder);
  first.kill('SIGINT');
  expect(await first.exited).toBe(130);
  await reading;
  expect(endOf((await second).said, 'sleep 600')).toBe('DONE');
});

describe('ONBUILD', () => {
  test('of an image is carried out before the stage, with its context, and is not handed on', async () => {
    const base = context(
      'FROM busybox\nONBUILD ARG WHO=nobody\nONBUILD COPY note /note\nONBUILD RUN echo "for $WHO: $(cat /note)" >/made\n',
    );
    await built(base, '-t', 'local/onbuild');
    const child = context('FROM local/onbuild\nRUN cat /made >/seen\n', { note: 'hello' });
    const { id, said } = await built(child, '--build-arg', 'WHO=me');
    expect(await inside(id, 'cat', '/seen')).toBe('for me: hello');
    expect(said).toContain('[2/4] ONBUILD COPY note /note');
    expect(await box.ok(['image', 'inspect', '--format', '{{json .Config.OnBuild}}', id])).toBe('null');
  });

  test('of a stage is carried out by the stage that is built on it', async () => {
    const folder = context('FROM busybox AS base\nONBUILD RUN echo triggered >/made\nFROM base\nFROM base AS other\nRUN rm /made\n');
    expect(await inside((await built(folder)).id, 'ls', '/')).not.toContain('made');
  });

  test('that copies from a stage finds the one of the Dockerfile that is built', async () => {
    await built(context('FROM busybox\nONBUILD COPY --from=stuff /x /y\n'), '-t', 'local/onbuild-from');
    const { id } = await built(context('FROM busybox AS stuff\nRUN echo stuff >/x\nFROM local/onbuild-from\n'));
    expect(await inside(id, 'cat', '/y')).toBe('stuff');
  });
});

describe('platforms', () => {
  test('are built side by side into one index, and a stage of the build platform only once', async () => {
    const folder = context(
      `FROM --platform=$BUILDPLATFORM busybox AS common
RUN cat /proc/sys/kernel/random/uuid >/id
FROM --platform=$BUILDPLATFORM busybox AS tool
ARG TARGETARCH
RUN echo "$TARGETARCH" >/arch
FROM scratch
ARG TARGETPLATFORM
LABEL platform=$TARGETPLATFORM
COPY --from=common /id /
COPY --from=tool /arch /
`,
    );
    const { code, stderr } = await build(folder, '--platform', 'linux/amd64,linux/arm64', '-t', 'local/two');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(stderr.match(/uuid >\/id$/gm)).toHaveLength(1);
    expect(stderr).toMatch(/\[linux\/amd64->arm64 tool 2\/2\] RUN/);
    for (const arch of ['amd64', 'arm64']) {
      const format = '{{.Architecture}} {{index .Config.Labels "platform"}}';
      expect(await box.ok(['image', 'inspect', '--platform', `linux/${arch}`, '--format', format, 'local/two'])).toBe(
        `${arch} linux/${arch}`,
      );
    }
  });

  test('of a foreign architecture need no emulation where nothing runs', async () => {
    const { id } = await built(context('FROM scratch\nCOPY note /\n', { note: 'n' }), '--platform', 'linux/s390x');
    expect(await box.ok(['image', 'inspect', '--format', '{{.Architecture}}', id])).toBe('s390x');
  });
});

test('a named context takes the place of an image and of a stage, and is a source of COPY', async () => {
  const other = context('', { file: 'from the folder' });
  const folder = context(
    'FROM busybox AS stage\nRUN exit 3\nFROM nowhere.example/base\nCOPY --from=files file /file\nCOPY --from=stage file /staged\n',
  );
  const { id } = await built(
    folder,
    ...['--build-context', 'nowhere.example/base=docker-image://busybox'],
    ...['--build-context', `files=${other}`],
    ...['--build-context', `stage=${other}`],
  );
  expect(await inside(id, 'cat', '/file', '/staged')).toBe('from the folderfrom the folder');
});

test('SOURCE_DATE_EPOCH is the time of the image and of all that is new in its history', async () => {
  const folder = context('FROM scratch\nCOPY note /\nLABEL a=b\n', { note: 'dated' });
  const { code, stderr } = await box.skiff(['build', '-t', 'local/dated', folder], { env: { SOURCE_DATE_EPOCH: '1700000000' } });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  expect(await box.ok(['image', 'inspect', '--format', '{{.Created}}', 'local/dated'])).toBe('2023-11-14T22:13:20Z');
});
