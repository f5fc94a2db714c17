// Containers that try to have `cp` read or write the machine's files: by symlinks that are there, by symlinks that a process in the container
// puts in the way while we copy, and by archives. None of it is a question of luck: however the race goes, what is outside stays as it is.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const here = (...parts: string[]) => join(box.files, ...parts);
const cp = (...args: string[]) => box.skiff(['cp', ...args]);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  mkdirSync(here('outside'));
  writeFileSync(here('outside/secret'), 'secret of the machine\n');
  mkdirSync(here('tree/d'), { recursive: true });
  for (let file = 0; file < 40; file++) writeFileSync(here('tree/d', `f${file}`), 'ours\n');
  writeFileSync(here('file'), 'ours\n');
});

afterEach(() => {
  expect(readdirSync(here('outside'))).toEqual(['secret']);
  expect(readFileSync(here('outside/secret'), 'utf8')).toBe('secret of the machine\n');
});

describe.each(['running', 'stopped'])('a container that is %s, with symlinks to places on the machine', (how) => {
  beforeAll(async () => {
    const out = here('outside');
    const up = '../'.repeat(20);
    const script = `ln -s ${out} /abs; ln -s ${up}${out} /rel; ln -s ${out}/secret /leak; mkdir -p /tree; ln -s ${out} /tree/d; mkdir -p ${out}; echo of the container >${out}/mine; sleep 1000`;
    await box.ok(['run', '-d', '--name', 'sly', '-v', 'sly:/vol', busybox, 'sh', '-c', script]);
    await box.ok(['exec', 'sly', 'sh', '-c', `while [ ! -e ${out}/mine ]; do sleep 0.1; done; ln -sfn ${out} /vol/abs`]);
    if (how === 'stopped') await box.ok(['stop', '-t', '0', 'sly']);
  });
  afterAll(() => box.ok(['rm', '-f', '-v', 'sly']));

  test.each(['/abs', '/rel', '/vol/abs', '/abs/', '/rel/.'])('a copy to %s lands in the container', async (target) => {
    expect((await cp('file', `sly:${target}`)).code).toBe(0);
    expect(await cp(`sly:${here('outside')}/file`, 'back')).toEqual({ stdout: '', stderr: '', code: 0 });
    expect(readFileSync(here('back'), 'utf8')).toBe('ours\n');
  });

  test("a copy from them reads the container's files, never the machine's", async () => {
    expect((await cp('-L', 'sly:/leak', 'leaked')).stderr).toMatch(/^skiff: Could not find the file \/leak in container sly\n/);
    expect((await cp('sly:/abs/secret', 'leaked')).stderr).toMatch(/^skiff: Could not find the file \/abs\/secret in container sly\n/);
    expect((await cp('sly:/abs/', 'copied')).code).toBe(0);
    expect(readdirSync(here('copied')).sort()).toEqual(['file', 'mine']);
    Bun.spawnSync(['rm', '-rf', here('copied')]);
  });

  test('a folder is not merged through a symlink', async () => {
    expect((await cp('tree', 'sly:/')).stderr).toBe('skiff: cannot overwrite non-directory "/tree/d" with directory "/"\n');
  });

  test.each([
    [
      'climbs',
      (tar: string) => `${tar} --transform='s,^,../../../../../../../../../../../../,' file`,
      /its entry ".*file" leads out of the place it is unpacked to/,
    ],
    ['has an absolute name of the machine', (tar: string) => `${tar} -P ${here('file')}`, undefined],
    [
      'brings its own symlink',
      (tar: string) =>
        `ln -sfn ${here('outside')} evil && ${tar} evil && rm evil && mkdir -p evil && cp file evil/file && ${tar} evil/file`,
      undefined,
    ],
  ])('an archive that %s stays in the container', async (_, command, refusal) => {
    const script = `rm -rf evil; ${command('tar -rPf evil.tar')}; cat evil.tar; rm -rf evil evil.tar`;
    const archive = Bun.spawnSync(['sh', '-c', script], { cwd: box.files }).stdout;
    const { stderr, code } = await box.skiff(['cp', '-', 'sly:/tmp'], { stdin: archive });
    if (refusal) expect([code, stderr]).toEqual([1, expect.stringMatching(refusal)]);
    else expect([code, stderr]).toEqual([0, '']);
  });
});

describe('a process in the container that changes the tree all the while', () => {
  // Each name is now a folder, now a symlink to the machine's place, and a file is now one, now the other.
  const churn = () => {
    const out = here('outside');
    return `mkdir -p /w/tree; while :; do ln -sfn ${out} /w/l; mv -T /w/l /w/tree/d 2>/dev/null; rm -f /w/tree/d; mkdir -p /w/tree/d; rm -rf /w/tree/d; ln -sfn ${out}/secret /w/f; echo mine >/w/g; mv /w/g /w/f; done`;
  };

  beforeAll(async () => {
    await box.ok(['run', '-d', '--name', 'churn', busybox, 'sh', '-c', churn()]);
  });
  afterAll(() => box.ok(['rm', '-f', 'churn']));

  test('cannot have a copy written outside', async () => {
    for (let round = 0; round < 15; round++) {
      for (const [from, to] of [
        ['tree', '/w'],
        ['tree/d', '/w/tree'],
        ['tree/d/.', '/w/tree/d'],
        ['file', '/w/tree/d'],
        ['file', '/w/f'],
      ] as const) {
        const { stderr, code } = await cp(from, `churn:${to}`);
        expect(stderr).not.toMatch(/internal error/);
        expect([0, 1]).toContain(code);
      }
    }
  });

  test("cannot have the machine's files read", async () => {
    for (let round = 0; round < 15; round++) {
      for (const from of ['/w/.', '/w/tree/d/.', '/w/f']) {
        Bun.spawnSync(['rm', '-rf', here('got')]);
        const { stderr } = await cp('-L', `churn:${from}`, 'got');
        expect(stderr).not.toMatch(/internal error/);
        const found = Bun.spawnSync(['find', here('got'), '-type', 'f', '-exec', 'grep', '-l', 'of the machine', '{}', ';'], {
          stderr: 'ignore',
        }).stdout.toString();
        expect(found).toBe('');
      }
    }
  });
});
