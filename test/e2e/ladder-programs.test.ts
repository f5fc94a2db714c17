// A program that skiff calls and the machine lacks: one sentence with the package to install, 125, and nothing half done.
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const refusal = (program: string, purpose: string, name: string): string =>
  `skiff: Cannot find the program "${program}" in PATH, ${purpose}\n` +
  `Install it: sudo apt-get install ${name} (or the package of your distribution that has ${program})\n`;

test.each([
  ['nsenter', 'which enters the user namespace that containers run in', 'util-linux', []],
  ['fuse-overlayfs', 'which the storage driver of that name needs', 'fuse-overlayfs', ['--storage-driver', 'fuse-overlayfs']],
  ['cp', 'which the storage driver "copy" needs', 'coreutils', ['--storage-driver', 'copy']],
])('%s', async (program, purpose, name, flags) => {
  const env = { PATH: pathWithout(program, box.files) };
  for (const detach of [[], ['-d']]) {
    const result = await box.skiff(['run', '--rm', '--name', 'never', ...detach, ...flags, busybox, 'true'], { env });
    expect(result).toEqual({ stdout: '', stderr: refusal(program, purpose, name), code: 125 });
    expect(await box.ok(['ps', '-aq'])).toBe('');
  }
  // Without --rm the container is there, as created, and starts once the program is.
  if (flags.length === 0) return;
  expect((await box.skiff(['run', '--name', 'later', ...flags, busybox, 'echo', 'ran'], { env })).code).toBe(125);
  expect(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}'])).toBe('later created');
  expect(await box.ok(['start', '-a', 'later'])).toBe('ran');
  await box.ok(['rm', 'later']);
});

describe('where no user namespace was made before', () => {
  const fresh = openSandbox();

  test.each([
    ['unshare', 'which makes the user namespace that containers run in', 'util-linux'],
    ['sh', 'which keeps the user namespace that containers run in', 'dash'],
  ])('%s', async (program, purpose, name) => {
    const env = { PATH: pathWithout(program, fresh.files) };
    const result = await fresh.skiff(['run', '--rm', 'localhost/hello'], { env });
    expect(result).toEqual({ stdout: '', stderr: refusal(program, purpose, name), code: 125 });
  });
});
