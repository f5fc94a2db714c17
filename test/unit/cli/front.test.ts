import { join } from 'node:path';

const root = join(__dirname, '../../..');

/** Runs the program from its sources. */
function skiff(words: string[], env: Record<string, string> = {}): { stdout: string; stderr: string; exitCode: number } {
  const result = Bun.spawnSync([process.execPath, 'src/main.ts', ...words], { cwd: root, env: { ...process.env, ...env } });
  return { stdout: result.stdout.toString(), stderr: result.stderr.toString(), exitCode: result.exitCode };
}

describe('what the front refuses', () => {
  it.each([
    ['an unknown command', ['nosuchthing'], 1, "skiff: unknown command: skiff nosuchthing\n\nRun 'skiff --help' for more information\n"],
    [
      'a mistyped command, with the nearest one',
      ['versoin'],
      1,
      "skiff: unknown command: skiff versoin\n\nDid you mean: skiff version\n\nRun 'skiff --help' for more information\n",
    ],
    [
      'an unknown flag of a command',
      ['version', '--bogus'],
      125,
      "skiff: unknown flag: --bogus\n\nUsage:  skiff version [OPTIONS]\n\nRun 'skiff version --help' for more information\n",
    ],
    [
      'an unknown global flag',
      ['--bogus', 'version'],
      125,
      "skiff: unknown flag: --bogus\n\nUsage:  skiff [OPTIONS] COMMAND [ARG...]\n\nRun 'skiff --help' for more information\n",
    ],
    [
      'an argument too many',
      ['version', 'x'],
      1,
      "skiff: 'skiff version' accepts no arguments\n\nUsage:  skiff version [OPTIONS]\n\nRun 'skiff version --help' for more information\n",
    ],
    [
      'a daemon',
      ['-H', 'tcp://10.0.0.1:2375', 'version'],
      125,
      'skiff: Cannot use --host "tcp://10.0.0.1:2375": skiff has no daemon to connect to\n' +
        'Leave out --host; skiff does the work itself on this machine\n',
    ],
    [
      'help on an unknown command',
      ['help', 'nosuchthing'],
      1,
      "skiff: unknown command: skiff nosuchthing\n\nRun 'skiff --help' for more information\n",
    ],
  ])('is %s', (_, words, exitCode, stderr) => {
    expect(skiff(words)).toEqual({ stdout: '', stderr, exitCode });
  });
});

describe('help', () => {
  it.each([[['--help']], [[]], [['help']]])('lists the commands for %j', (words) => {
    const { stdout, stderr, exitCode } = skiff(words);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout).toMatch(/^Usage: {2}skiff \[OPTIONS\] COMMAND\n/);
    expect(stdout).toContain('\n  version     Show the skiff version information\n');
  });

  it('of a command is the same by --help, -h and help', () => {
    const texts = [
      ['version', '--help'],
      ['version', '-h'],
      ['help', 'version'],
    ].map((words) => skiff(words).stdout);
    expect(texts[0]).toMatch(
      /^Usage: {2}skiff version \[OPTIONS\]\n\nShow the skiff version information\n\nOptions:\n {2}-f, --format string {3}/,
    );
    expect(texts.slice(1)).toEqual([texts[0], texts[0]]);
  });
});

it('gives the same version line for --version and -v', () => {
  const { version } = require('../../../package.json');
  for (const flag of ['--version', '-v'])
    expect(skiff([flag])).toEqual({ stdout: `skiff version ${version}, build unknown\n`, stderr: '', exitCode: 0 });
});

it('works where the run folder cannot be made, as long as nothing needs it', () => {
  expect(skiff(['version', '--format', '{{.Client.Os}}'], { SKIFF_RUNROOT: '/proc/nowhere' })).toEqual({
    stdout: 'linux\n',
    stderr: '',
    exitCode: 0,
  });
});
