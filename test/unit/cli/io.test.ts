import { join } from 'node:path';

const root = join(__dirname, '../../..');
const bun = process.execPath;

/** Runs `source` (with `createIo` and `BrokenPipe` in scope) as a program whose output goes through `pipeline`. */
function run(source: string, pipeline: string): { stdout: string; stderr: string; exitCode: number } {
  const imports = `import { BrokenPipe, createIo, isTerminal } from ${JSON.stringify(join(root, 'src/cli/io.ts'))}; const io = createIo(process.env);`;
  const script = `set -o pipefail; "$0" -e "$1" ${pipeline}`;
  const result = Bun.spawnSync(['bash', '-c', script, bun, `${imports}\n${source}`], { env: { ...process.env, COLUMNS: '' } });
  return { stdout: result.stdout.toString().trim(), stderr: result.stderr.toString(), exitCode: result.exitCode };
}

const setNonBlocking = `
  import { dlopen } from 'bun:ffi';
  const { symbols } = dlopen('libc.so.6', { fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' } });
  if (symbols.fcntl(1, 4, 2049) !== 0) throw new Error('fcntl');`;

describe('standard output', () => {
  it('reaches a slow reader whole, 10 MB of it', () => {
    expect(run(`io.out('x'.repeat(10_000_000)); process.exit(0);`, '| { sleep 0.2; wc -c; }')).toEqual({
      stdout: '10000000',
      stderr: '',
      exitCode: 0,
    });
  });

  it('reaches a slow reader whole through a non-blocking pipe', () => {
    expect(run(`${setNonBlocking} io.out('x'.repeat(10_000_000)); process.exit(0);`, '| { sleep 0.2; wc -c; }')).toEqual({
      stdout: '10000000',
      stderr: '',
      exitCode: 0,
    });
  });

  it('says with BrokenPipe that its reader has gone', () => {
    const source = `try { for (;;) io.out('x'.repeat(100_000)); } catch (error) { process.exit(error instanceof BrokenPipe ? 7 : 8); }`;
    expect(run(source, '| head -c 1')).toEqual({ stdout: 'x', stderr: '', exitCode: 7 });
  });
});

it('passes over a standard error that nobody reads', () => {
  const source = `for (let i = 0; i < 100; i++) io.err('x'.repeat(100_000)); process.exit(7);`;
  expect(run(source, '3>&1 2>&1 >&- | head -c 1')).toMatchObject({ stdout: 'x', exitCode: 7 });
});

it('takes neither /dev/null nor a pipe nor a file for a terminal', () => {
  const source = 'io.err([io.stdinIsTerminal, io.stdoutIsTerminal, io.columns].join());';
  expect(run(source, '</dev/null | cat').stderr).toBe('false,false,80');
  expect(run(source, '</etc/passwd >/dev/null').stderr).toBe('false,false,80');
});

it('knows a terminal and its width', async () => {
  const source = `import { createIo } from ${JSON.stringify(join(root, 'src/cli/io.ts'))};
    const io = createIo({}); io.out([io.stdinIsTerminal, io.stdoutIsTerminal, io.stderrIsTerminal, io.columns].join());`;
  let seen = '';
  const child = Bun.spawn([bun, '-e', source], {
    terminal: {
      cols: 132,
      rows: 40,
      data(_, chunk) {
        seen += Buffer.from(chunk).toString();
      },
    },
  });
  await child.exited;
  expect(seen).toBe('true,true,true,132');
});
