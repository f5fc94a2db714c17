import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initElf, sourceSha256 } from '../../../src/runtime/init-elf.generated.ts';

const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
let folder: string;
let init: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-init-'));
  init = install(architecture);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function install(name: string): string {
  const path = join(folder, `init-${name}`);
  writeFileSync(path, Buffer.from(initElf[name] ?? '', 'base64'));
  chmodSync(path, 0o755);
  return path;
}

function run(argv: string[], env: Record<string, string> = { PATH: '/usr/bin:/bin' }) {
  const done = Bun.spawnSync(argv, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() };
}

/** Runs init as pid 1 of a pid namespace, where orphans come to it. */
const asPid1 = (script: string) =>
  run(['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc', init, '--', 'sh', '-c', script]);

test('the checked-in programs are those of the source as it stands', () => {
  const source = readFileSync(join(__dirname, '../../../scripts/init/init.c'));
  expect(sourceSha256).toBe(createHash('sha256').update(source).digest('hex'));
});

test.each(Object.keys(initElf))('the program for %s is a small static executable', (name) => {
  const elf = Buffer.from(initElf[name] ?? '', 'base64');
  expect(elf.toString('latin1', 0, 4)).toBe('\x7fELF');
  expect(elf.readUInt16LE(16)).toBe(2);
  expect(elf.readUInt16LE(18)).toBe(name === 'amd64' ? 62 : 183);
  expect(elf.length).toBeLessThan(4096);
});

test('it hands over arguments and the exit code', () => {
  expect(run([init, '--', 'sh', '-c', 'echo "$0-$1"; exit 7', 'a b', 'c'])).toEqual({ code: 7, out: 'a b-c\n', err: '' });
});

test('the leading -- may be left out', () => {
  expect(run([init, 'echo', '--', 'x'])).toEqual({ code: 0, out: '-- x\n', err: '' });
});

test('a command killed by signal 9 gives 137', () => {
  expect(run([init, 'sh', '-c', 'kill -9 $$']).code).toBe(137);
});

test('a command that is not there gives 127, one that may not be executed 126', () => {
  expect(run([init, 'no-such-command'])).toEqual({ code: 127, out: '', err: 'init: cannot run no-such-command: not found\n' });
  expect(run([init, '/etc/passwd'])).toEqual({ code: 126, out: '', err: 'init: cannot run /etc/passwd: not executable\n' });
});

test('it searches PATH as given, later folders after earlier ones', () => {
  const program = join(folder, 'only-here');
  writeFileSync(program, '#!/bin/sh\necho found\n', { mode: 0o755 });
  expect(run([init, 'only-here'], { PATH: `/nowhere:/etc/passwd:${folder}` })).toEqual({ code: 0, out: 'found\n', err: '' });
});

test('it searches a default PATH when there is none', () => {
  expect(run([init, 'true'], {}).code).toBe(0);
});

test('without a command it says how it is called', () => {
  expect(run([init, '--'])).toEqual({ code: 127, out: '', err: 'usage: init [--] COMMAND [ARG...]\n' });
});

test('orphans are reaped, so that no zombie stays', () => {
  const script = 'for i in 1 2 3 4 5; do (sleep 0.05 &) ; done; sleep 0.5; cat /proc/[0-9]*/stat | grep -c ") Z "';
  expect(asPid1(script)).toEqual({ code: 1, out: '0\n', err: '' });
});

test('signals reach the command, and its own exit code comes back', async () => {
  const child = Bun.spawn([init, 'sh', '-c', 'trap "echo got term; exit 3" TERM; echo ready; while :; do sleep 0.05; done'], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const reader = child.stdout.getReader();
  const first = await reader.read();
  expect(Buffer.from(first.value ?? []).toString()).toBe('ready\n');
  child.kill('SIGTERM');
  const second = await reader.read();
  expect(Buffer.from(second.value ?? []).toString()).toBe('got term\n');
  expect(await child.exited).toBe(3);
});

test('the command starts with the signal mask that init was given', () => {
  const mask = (argv: string[]) => /^SigBlk:.*$/m.exec(run([...argv, 'grep', 'SigBlk', '/proc/self/status']).out)?.[0];
  expect(mask([init])).toBe(mask(['env']));
});

const qemu = Bun.which('qemu-aarch64-static');
(qemu && architecture === 'amd64' ? test : test.skip)('the arm64 program does the same under emulation', () => {
  const arm = install('arm64');
  const emulated = (...argv: string[]) => run([qemu ?? '', arm, ...argv]);
  expect(emulated('--', 'sh', '-c', 'echo hi; exit 7')).toEqual({ code: 7, out: 'hi\n', err: '' });
  expect(emulated('sh', '-c', 'kill -9 $$').code).toBe(137);
  expect(emulated('no-such-command').code).toBe(127);
});
