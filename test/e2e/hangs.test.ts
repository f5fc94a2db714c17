// A program that hangs while it brings a container up is named after a while, and nothing stays of the container's start.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const impatient = { SKIFF_START_TIMEOUT: '1' };

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

/** Makes a program that hangs when `when` holds, and is the real one else. */
function hanging(name: string, when: string): { path: string; folder: string } {
  const folder = join(box.files, `hanging-${name}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nif ${when}; then exec sleep 100000; fi\nexec ${Bun.which(name)} "$@"\n`);
  chmodSync(path, 0o755);
  return { path, folder };
}

const sentence = (program: string, what: string): string =>
  `skiff: "${program}" has not ${what} within 1 seconds\n` +
  'A disk or network file system may not answer; on a slow machine give it longer with SKIFF_START_TIMEOUT=SECONDS\n';

test('the runtime, at the start', async () => {
  const { path } = hanging('crun', 'true');
  const run = ['run', '--rm', '--network', 'none', '--runtime', path, busybox, 'true'];
  expect(await box.skiff(run, { env: impatient })).toEqual({ stdout: '', stderr: sentence(path, 'started the container'), code: 125 });
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('the runtime, at exec on a terminal', async () => {
  const { path } = hanging('crun', 'case " $* " in *" exec "*) true ;; *) false ;; esac');
  await box.ok(['run', '-d', '--network', 'none', '--name', 'up', '--runtime', path, busybox, 'sleep', '100000']);
  const result = await box.skiff(['exec', '-t', 'up', 'true'], { env: impatient });
  expect(result).toEqual({ stdout: '', stderr: sentence(path, 'given the command its terminal'), code: 125 });
  await box.ok(['rm', '-f', 'up']);
});

test('fuse-overlayfs', async () => {
  const { path, folder } = hanging('fuse-overlayfs', 'true');
  const run = ['run', '--rm', '--network', 'none', '--storage-driver', 'fuse-overlayfs', busybox, 'true'];
  const env = { ...impatient, PATH: `${folder}:${box.env.PATH}` };
  expect(await box.skiff(run, { env })).toEqual({ stdout: '', stderr: sentence(path, 'mounted the root filesystem'), code: 125 });
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

describe('a copy that takes long does not keep its container from being stopped', () => {
  const started = async (name: string, flags: string[]) => {
    const mark = join(box.files, `cp-of-${name}`);
    const { folder } = hanging('cp', `touch ${mark}`);
    const child = box.start(['run', '-d', '--network', 'none', '--name', name, ...flags, busybox, 'true'], {
      env: { PATH: `${folder}:${box.env.PATH}` },
    });
    await eventually('cp is at it', () => existsSync(mark));
    return child;
  };

  test('of its whole root filesystem', async () => {
    const run = await started('copying', ['--storage-driver', 'copy']);
    await box.ok(['rm', '-f', 'copying']);
    expect(await run.exited).toBe(125);
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });
});
