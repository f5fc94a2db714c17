// `skiff unshare`: a command in the user namespace of containers, and images mounted in it; outside it says how to get it right.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const unusual = image('unusual');
const skiff = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');
/** Runs a script in `skiff unshare`, in which `skiff` is the program under test. */
const inside = (script: string, env: Record<string, string> = {}) =>
  box.skiff(['unshare', 'sh', '-c', `skiff() { "${skiff}" "$@"; }\n${script}`], { env });
const out = async (script: string, env?: Record<string, string>): Promise<string> => {
  const { stdout, stderr, code } = await inside(script, env);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout.replace(/\n$/, '');
};

beforeAll(async () => {
  for (const name of [busybox, unusual]) await box.ok(['pull', '--quiet', name]);
});

describe('unshare', () => {
  test('the user is root there, with ids to give files to, and mounts stay inside', async () => {
    expect(await out('id -u; mkdir m; mount -t tmpfs none m; touch m/f; ls m; chown 7:7 m/f; stat -c %u:%g m/f')).toBe('0\nf\n7:7');
    expect(readdirSync(join(box.files, 'm'))).toEqual([]);
  });

  test('the command’s exit code, its signal, its input and output are its own', async () => {
    expect((await box.skiff(['unshare', 'sh', '-c', 'exit 42'])).code).toBe(42);
    expect((await box.skiff(['unshare', 'sh', '-c', 'kill -9 $$'])).code).toBe(137);
    expect(await box.skiff(['unshare', 'tr', 'a-z', 'A-Z'], { stdin: 'given' })).toEqual({ stdout: 'GIVEN', stderr: '', code: 0 });
    expect(await box.ok(['unshare'], { stdin: 'echo from-shell', env: { SHELL: '/bin/sh' } })).toBe('from-shell');
    expect(await box.ok(['unshare', 'echo', '--flag', '-x'])).toBe('--flag -x');
  });

  test('a command that is not there', async () => {
    const { stdout, stderr, code } = await box.skiff(['unshare', 'no-such-command']);
    expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual({
      stdout: '',
      code: 127,
      first: 'skiff: Cannot run "no-such-command": executable file not found in $PATH',
    });
  });

  test('TERM is passed on; on a terminal keys are the command’s', async () => {
    const child = box.start(['unshare', 'sh', '-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done']);
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill('SIGTERM');
    expect(await child.exited).toBe(7);
    const terminal = box.terminal(['unshare', 'sh', '-c', 'trap "echo got-int; exit 3" INT; echo ready; while :; do sleep 0.1; done']);
    await terminal.waitFor(/ready/);
    terminal.type('\x03');
    await terminal.waitFor(/got-int/);
    expect(await terminal.ended()).toBe(3);
  });

  test('a container that was started inside is like any other, inside and outside', async () => {
    const script = `skiff run -d --name inn --network none ${busybox} sleep 1000 | wc -c; skiff exec inn echo inside; echo data >f; skiff cp f inn:/f; skiff diff inn`;
    expect(await out(script)).toBe('65\ninside\nA /f');
    expect(await box.ok(['exec', 'inn', 'cat', '/f'])).toBe('data');
    expect(await out('skiff commit inn made | cut -c1-7; skiff rm -f inn; skiff rmi made | head -1')).toBe(
      'sha256:\ninn\nUntagged: made:latest',
    );
  });

  test('skiff works inside: containers run, images are listed, and another unshare too', async () => {
    expect(await out(`skiff run --rm --network none ${busybox} echo runs; skiff images -q ${busybox} | wc -l; skiff unshare id -u`)).toBe(
      'runs\n1\n0',
    );
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
  });
});

describe('image mount', () => {
  test.each(['overlay', 'fuse-overlayfs', 'copy'])(
    'by %s: the image’s files, read-only, with their owners; gone with the session',
    async (driver) => {
      const script = `
      at=$(skiff image mount ${unusual})
      ls -d "$at/bin/busybox" >/dev/null && stat -c '%u:%g %a' "$at/owned"
      cat "$at/becomes-file"; ls "$at/opaque"
      touch "$at/new" 2>/dev/null || echo read-only
      [ "$(skiff image mount ${unusual})" = "$at" ] && echo same
      skiff image mount | sed "s,$at,PATH,"
      skiff image unmount ${unusual}
      ls "$at" 2>/dev/null || echo unmounted
      skiff image mount ${unusual} >/dev/null`;
      const id = (await box.ok(['inspect', '-f', '{{.Id}}', unusual])).slice(7);
      expect((await out(script, { SKIFF_STORAGE_DRIVER: driver })).split('\n')).toEqual([
        '1000:50 640',
        'now a file',
        'upper',
        'read-only',
        'same',
        `${unusual}:latest PATH`,
        id,
        'unmounted',
      ]);
      expect(readdirSync(join(box.root, 'tmp'))).toEqual(['claims']);
    },
  );

  test('several, all, and as json', async () => {
    const list = await out(`skiff image mount -a | cut -d' ' -f1 | sort; skiff image unmount -a | wc -l; skiff image mount`);
    expect(list.split('\n')).toEqual([`${busybox}:latest`, `${unusual}:latest`, '2']);
    const parsed = JSON.parse(await out(`skiff image mount ${busybox} >/dev/null; skiff image mount --format json`));
    expect(parsed).toEqual([
      {
        id: (await box.ok(['inspect', '-f', '{{.Id}}', busybox])).slice(7),
        Repositories: [`${busybox}:latest`],
        mountpoint: expect.stringContaining(`${box.root}/tmp/unshare-`),
      },
    ]);
  });

  test('an image that is removed meanwhile stays readable until the session ends, and goes then', async () => {
    await box.ok(['tag', busybox, 'mine']);
    const child = box.start([
      'unshare',
      'sh',
      '-c',
      `at=$("${skiff}" image mount ${unusual}); echo ready; read line; cat "$at/becomes-file"`,
    ]);
    const reader = child.stdout.getReader();
    await reader.read();
    await box.ok(['rmi', unusual]);
    await box.ok(['system', 'prune', '-f']);
    child.stdin.write('go\n');
    await child.stdin.end();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe('now a file\n');
    expect(await child.exited).toBe(0);
    await eventually('its layers are gone', () => readdirSync(join(box.root, 'layers')).length === 1);
    await box.ok(['pull', '--quiet', unusual]);
  });

  test('outside it is refused, with the command that does it', async () => {
    for (const verb of ['mount', 'unmount']) {
      const { stdout, stderr, code } = await box.skiff(['image', verb, busybox]);
      expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
      expect(stderr).toBe(
        `skiff: cannot run "skiff image ${verb}" outside of the user namespace: execute "skiff unshare" first\n` +
          `A mount is seen only there. In one go: skiff unshare sh -c 'ls "$(skiff image mount IMAGE)"'\n`,
      );
    }
    const forged = await box.skiff(['image', 'mount', busybox], { env: { SKIFF_UNSHARE: 'unshare-000000000000' } });
    expect(forged.code).toBe(125);
  });

  test.each([
    ['image mount no-such', 'No such image: no-such:latest'],
    ['image mount -a x', 'when using the --all switch, you may not pass any images names'],
    ['image mount --format yaml', 'must be one of "json"'],
    [`image unmount ${'x'}`, 'No such image: x:latest'],
    ['image unmount', 'image name or ID must be specified'],
  ])('inside, %s is refused', async (words, sentence) => {
    const { stderr, code } = await inside(`skiff ${words}`);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(sentence);
  });

  test('what is not mounted cannot be unmounted', async () => {
    expect((await inside(`skiff image unmount ${busybox}`)).stderr.split('\n')[0]).toBe(`skiff: image ${busybox} is not mounted`);
  });
});

test('a session that was killed leaves nothing that a repair does not take', async () => {
  const child = box.start(['unshare', 'sh', '-c', `"${skiff}" image mount ${busybox} >/dev/null; echo ready; read line`]);
  await child.stdout.getReader().read();
  child.kill('SIGKILL');
  await child.exited;
  await child.stdin.end();
  writeFileSync(join(box.files, 'done'), '');
  await eventually('the repair takes it', async () => {
    await box.skiff(['system', 'check', '--repair']);
    return readdirSync(join(box.root, 'tmp')).join() === 'claims';
  });
  expect(existsSync(join(box.root, 'layers'))).toBe(true);
});
