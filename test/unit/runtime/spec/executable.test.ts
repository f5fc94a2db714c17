import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRun } from '../../../../src/runtime/spec/emulated.ts';
import { checkExecutable, type ExecutableCheck } from '../../../../src/runtime/spec/executable.ts';
import type { EngineError } from '../../../../src/sys/errors.ts';

let rootfs: string;

/** The first bytes of a little-endian ELF program for `machine` (e_machine). */
function elf(machine: number): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x7f454c46, 0);
  head.set([2, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(machine, 18);
  return head;
}

beforeAll(() => {
  rootfs = mkdtempSync(join(tmpdir(), 'skiff-exec-'));
  for (const folder of ['bin', 'srv', 'opt/bin', 'bin/folder']) mkdirSync(join(rootfs, folder), { recursive: true });
  const put = (path: string, content: string | Buffer, mode = 0o755) => writeFileSync(join(rootfs, path), content, { mode });
  put('bin/native', elf(62));
  put('bin/i386', elf(3));
  put('bin/arm', elf(183));
  put('bin/strange', elf(4660));
  put('bin/plain', 'text', 0o644);
  put('opt/bin/plain', elf(62));
  put('srv/script', '#!/bin/native -x\n');
  put('srv/lost', '#!/bin/gone\n');
  put('srv/dos', '#!/bin/native\r\n');
  put('srv/foreign', '#! /bin/arm\n');
  put('srv/text', 'no magic');
});
afterAll(() => rmSync(rootfs, { recursive: true, force: true }));

function failureOf(command: string, change: Partial<ExecutableCheck> = {}) {
  const check = { view: { rootfs }, command, env: [], cwd: '/', architecture: 'amd64', canRun: () => false, ...change };
  try {
    checkExecutable(check);
    return undefined;
  } catch (error) {
    const { message, exitCode } = error as EngineError;
    return `${exitCode} ${message.replace('Failed to create task for container: ', '')}`;
  }
}

test.each(['native', '/bin/native', 'bin/native', 'i386', '/srv/script', '/srv/text'])('%s can run', (command) => {
  expect(failureOf(command)).toBeUndefined();
});

test.each([
  ['gone', '127 exec: "gone": executable file not found in $PATH'],
  ['/bin/gone', '127 exec: "/bin/gone": stat /bin/gone: no such file or directory'],
  ['/bin/native/x', '126 exec: "/bin/native/x": stat /bin/native/x: not a directory'],
  ['/bin', '126 exec: "/bin": is a directory'],
  ['/bin/plain', '126 exec: "/bin/plain": permission denied'],
  ['plain', '126 exec: "plain": permission denied'],
  ['arm', '126 exec: "arm": exec format error: the program is made for arm64, and this machine is amd64'],
  ['strange', '126 exec: "strange": exec format error: the program is made for ELF machine 4660, and this machine is amd64'],
  ['/srv/lost', '127 exec: "/srv/lost": its interpreter "/bin/gone" does not exist in the image: no such file or directory'],
  ['/srv/dos', '127 exec: "/srv/dos": its interpreter "/bin/native\\r" does not exist in the image: no such file or directory'],
  ['/srv/foreign', '126 exec: "/srv/foreign": exec format error: the program is made for arm64, and this machine is amd64'],
])('%s fails', (command, expected) => {
  expect(failureOf(command)).toBe(expected);
});

test('PATH of the container is searched, past files that may not be executed', () => {
  expect(failureOf('plain', { env: ['PATH=/bin:/opt/bin'] })).toBeUndefined();
  expect(failureOf('native', { env: ['PATH=/opt/bin'] })).toBe('127 exec: "native": executable file not found in $PATH');
});

test('a relative command starts at the working directory', () => {
  expect(failureOf('./script', { cwd: '/srv' })).toBeUndefined();
  expect(failureOf('./script')).toBe('127 exec: "./script": stat ./script: no such file or directory');
});

test('on arm64 the same programs are judged the other way round', () => {
  expect(failureOf('arm', { architecture: 'arm64' })).toBeUndefined();
  expect(failureOf('native', { architecture: 'arm64' })).toBe(
    '126 exec: "native": exec format error: the program is made for amd64, and this machine is arm64',
  );
});

test('a foreign program runs where the kernel has an emulator for it', () => {
  expect(failureOf('arm', { canRun: () => true })).toBeUndefined();
});

test('the message for a foreign program says what is missing', () => {
  expect(() =>
    checkExecutable({ view: { rootfs }, command: 'arm', env: [], cwd: '/', architecture: 'amd64', canRun: () => false }),
  ).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('qemu-user-static and binfmt-support: no binfmt_misc entry "qemu-aarch64"') }),
  );
});

test('what lies on a mount that does not exist yet is left to the runtime', () => {
  const mounts = new Map([['/run', undefined]]);
  expect(failureOf('/run/x', { view: { rootfs, mounts } })).toBeUndefined();
  expect(failureOf('gone', { view: { rootfs, mounts }, env: ['PATH=/run:/bin'] })).toBeUndefined();
});

test('the kernel is asked by letting it try', () => {
  expect(canRun(elf(4660))).toBe(false);
});

describe('for a user other than root', () => {
  const stranger = { uid: 54_321, gid: 54_321, additionalGids: [] as number[] };
  const refused = (command: string) => `126 exec: "${command}": permission denied`;

  beforeAll(() => {
    chmodSync(rootfs, 0o755);
    mkdirSync(join(rootfs, 'closed'));
    for (const [path, mode] of [
      ['bin/private', 0o700],
      ['bin/shared', 0o710],
      ['closed/open', 0o755],
    ] as const) {
      writeFileSync(join(rootfs, path), elf(62));
      chmodSync(join(rootfs, path), mode);
    }
    chmodSync(join(rootfs, 'closed'), 0o700);
  });

  test.each(['/bin/private', 'private', '/bin/shared', '/closed/open'])('%s is closed to a stranger', (command) => {
    expect(failureOf(command, { user: stranger })).toBe(refused(command));
    expect(failureOf(command, { user: { ...stranger, uid: 0 } })).toBeUndefined();
  });

  test('the bit of the class counts: the owner, the group', () => {
    const { uid, gid } = statSync(join(rootfs, 'bin/shared'));
    const group = { ...stranger, additionalGids: [gid] };
    expect(failureOf('/bin/shared', { user: group })).toBeUndefined();
    expect(failureOf('/bin/private', { user: group })).toBe(refused('/bin/private'));
    expect(failureOf('/closed/open', { user: { ...stranger, uid } })).toBeUndefined();
  });
});

test('who must know does not leave it to the runtime', () => {
  const mounts = new Map([['/run', undefined]]);
  expect(failureOf('/run/x', { view: { rootfs, mounts }, mustKnow: true })).toBe('126 exec: "/run/x": permission denied');
});
