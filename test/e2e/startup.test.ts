// The finished file takes nothing from the folder that the user stands in: a stranger's repository must not run code in skiff.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const binary = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-startup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function skiff(words: string[], cwd: string): { stdout: string; stderr: string; exitCode: number } {
  const { stdout, stderr, exitCode } = Bun.spawnSync([binary, ...words], { cwd, env: { PATH: process.env.PATH, HOME: folder } });
  return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
}

/** Fills `cwd` with everything that the runtime might read there. The preload, if it ever ran, would leave a file. */
function setTrap(cwd: string): string {
  const mark = join(folder, 'the-preload-ran');
  writeFileSync(join(cwd, '.env'), 'SKIFF_LOG_LEVEL=debug\nSKIFF_DEBUG=1\nSKIFF_RUNROOT=/nonexistent\n');
  writeFileSync(join(cwd, 'bunfig.toml'), 'preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n');
  writeFileSync(
    join(cwd, 'preload.ts'),
    `require('node:fs').writeFileSync(${JSON.stringify(mark)}, 'ran');\nconsole.log('the preload ran');\n`,
  );
  writeFileSync(join(cwd, 'tsconfig.json'), '{ not json');
  writeFileSync(join(cwd, 'package.json'), '{ not json');
  return mark;
}

it.each([
  ['--version', ['--version']],
  ['a command', ['version', '--format', '{{json .}}']],
  ['a failing command', ['nosuchthing']],
  ['help', ['--help']],
])('a .env and a bunfig.toml in the current folder change nothing for %s', (_, words) => {
  const bare = join(folder, 'bare');
  const trapped = join(folder, 'trapped');
  mkdirSync(bare);
  mkdirSync(trapped);
  const mark = setTrap(trapped);
  const expected = skiff(words, bare);
  expect(skiff(words, trapped)).toEqual(expected);
  expect(existsSync(mark)).toBe(false);
});

it('the trap is a real one: Bun itself falls into it', () => {
  const mark = setTrap(folder);
  rmSync(join(folder, 'tsconfig.json'));
  writeFileSync(join(folder, 'package.json'), '{}');
  writeFileSync(join(folder, 'program.ts'), 'console.log(process.env.SKIFF_RUNROOT);\n');
  const { stdout } = Bun.spawnSync([process.execPath, 'run', 'program.ts'], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } });
  expect(stdout.toString()).toBe('the preload ran\n/nonexistent\n');
  expect(existsSync(mark)).toBe(true);
});

it('a reader that leaves early ends a command quietly', () => {
  const { stdout, stderr } = Bun.spawnSync(['bash', '-c', '"$0" --help | head -1', binary], {
    env: { PATH: process.env.PATH, HOME: folder },
  });
  expect({ stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({ stdout: 'Usage:  skiff [OPTIONS] COMMAND\n', stderr: '' });
});
